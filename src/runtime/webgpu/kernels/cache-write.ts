import { PAGE_TOKENS } from '../../../pages.ts';
import type { KvCacheShape, PageTable } from '../../runtime.ts';
import { defineKernel, numRowsOf, strideOf, type Kernel } from './kernel.ts';

const WORKGROUP_SIZE = 64;

/** What a kernel needs to know of the cache of a layer. */
export interface LayerCache extends Pick<KvCacheShape, 'numKvHeads' | 'headDim'> {
  readonly table: PageTable;
}

/** The field of `step_row` with the page of a row's position. */
export const pageField = ({ table }: LayerCache): string => (table === 'pages' ? 'z' : 'w');

/** The WGSL function that finds a number of a key or value: column `col` of [heads * headDim] of a step's row. */
export function cacheSlotFunction(cache: LayerCache): string {
  const { numKvHeads, headDim } = cache;
  return `
fn cache_slot(row: u32, col: u32) -> u32 {
  let info = step_row(row);
  let head = col / ${headDim}u;
  let token = (info.${pageField(cache)} * ${numKvHeads}u + head) * ${PAGE_TOKENS}u + info.y % ${PAGE_TOKENS}u;
  return token * ${headDim}u + col - head * ${headDim}u;
}`;
}

/**
 * Stores keys and values that no product could store itself, the last of a row: [rows, qkv] -> the cache of a layer.
 * @param numCols columns of queries, keys and values
 */
export function cacheWriteKernel(cache: LayerCache, numCols: number, paddedRows: number): Kernel {
  const kvDim = cache.numKvHeads * cache.headDim;
  return defineKernel({
    name: 'cache-write',
    bindings: [
      { name: 'qkv', type: 'f32', access: 'read' },
      { name: 'keys', type: 'f32', access: 'write' },
      { name: 'values', type: 'f32', access: 'write' },
    ],
    declarations: cacheSlotFunction(cache),
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
