import { PAGE_TOKENS } from '../../../pages.ts';
import type { KvCacheShape } from '../../runtime.ts';
import { defineKernel, numRowsOf, strideOf, type Kernel } from './kernel.ts';

const WORKGROUP_SIZE = 64;

/** The WGSL function that finds a number of a key or value: column `col` of [heads * headDim] of a step's row. */
export function cacheSlotFunction({ numKvHeads, headDim }: KvCacheShape): string {
  return `
fn cache_slot(row: u32, col: u32) -> u32 {
  let info = step_row(row);
  let head = col / ${headDim}u;
  let token = (info.z * ${numKvHeads}u + head) * ${PAGE_TOKENS}u + info.y % ${PAGE_TOKENS}u;
  return token * ${headDim}u + col - head * ${headDim}u;
}`;
}

/**
 * Stores keys and values that no product could store itself, the last of a row: [rows, qkv] -> the cache of a layer.
 * @param numCols columns of queries, keys and values
 */
export function cacheWriteKernel(shape: KvCacheShape, numCols: number, paddedRows: number): Kernel {
  const kvDim = shape.numKvHeads * shape.headDim;
  return defineKernel({
    name: 'cache-write',
    bindings: [
      { name: 'qkv', type: 'f32', access: 'read' },
      { name: 'keys', type: 'f32', access: 'write' },
      { name: 'values', type: 'f32', access: 'write' },
    ],
    declarations: cacheSlotFunction(shape),
    workgroupSize: WORKGROUP_SIZE,
    body: `
  let row = group.y;
  let col = group.x * ${WORKGROUP_SIZE} + thread;
  if (row >= ${numRowsOf('step')} || col >= ${kvDim}) { return; }
  let start = row * ${strideOf(numCols)} + ${numCols - 2 * kvDim};
  let slot = cache_slot(row, col);
  keys[slot] = qkv[start + col];
  values[slot] = qkv[start + ${kvDim} + col];`,
    workgroups: [Math.ceil(kvDim / WORKGROUP_SIZE), paddedRows, 1],
  });
}
