import type { KvCacheShape } from '../../runtime.ts';
import { defineKernel, strideOf, unroll, type Kernel } from './kernel.ts';

interface AttentionDimensions {
  cache: KvCacheShape;
  /** Columns of a row of queries in memory: those of q alone, or of q, k and v. */
  queryCols: number;
  paddedRows: number;
}

/** Rows of a tile in a bucket that may hold a prefill: each key is then read once for all of them. */
const PREFILL_TILE_ROWS = 8;
/** Buckets up to this are decodes for the most part, and a tile would leave most of the device idle. */
const MAX_DECODE_ROWS = 16;
/** Below any score. Finite, since WGSL promises nothing about infinity. */
const NO_SCORE = '-3.0e38';

/** Consecutive rows of a sequence that a workgroup takes at once in that bucket. */
export const attentionTileRows = (paddedRows: number): number =>
  paddedRows <= MAX_DECODE_ROWS ? 1 : PREFILL_TILE_ROWS;

/**
 * Causal attention of the rows of a tile over the cache, one head a workgroup: writes [rows, heads * headDim].
 *
 * The keys come in blocks of as many as the workgroup has threads. A thread first scores one key of the block for each
 * row; then threads take columns, and mix the values by the weights of the block. What was mixed before is scaled
 * down when a larger score turns up (Milakov and Gimelshein 2018), so that no score outlives its block.
 */
export function attentionKernel({ cache, queryCols, paddedRows }: AttentionDimensions): Kernel {
  const { numHeads, headDim, laneLength } = cache;
  const tileRows = attentionTileRows(paddedRows);
  const width = headDim % 4 === 0 ? 4 : headDim % 2 === 0 ? 2 : 1;
  const type = width === 1 ? 'f32' : `vec${width}<f32>`;
  const numVectors = headDim / width;
  const size = workgroupSize(numVectors, laneLength);
  const eachRow = (statement: (row: number) => string): string => unroll(tileRows, statement);
  return defineKernel({
    name: 'attention',
    bindings: [
      { name: 'queries', type, access: 'read' },
      { name: 'keys', type, access: 'read' },
      { name: 'values', type, access: 'read' },
      { name: 'result', type, access: 'write' },
    ],
    declarations: `
const SIZE = ${size}u;
const NUM_VECTORS = ${numVectors}u;
const NUM_GROUPS = ${Math.floor(size / numVectors)}u;
var<workgroup> tile_queries: array<${type}, ${tileRows * numVectors}>;
var<workgroup> weights: array<f32, ${tileRows * size}>;
var<workgroup> mixed: array<${type}, SIZE>;
${reduceFunction('largest', 'max', tileRows, size)}
${reduceFunction('total', 'sum', tileRows, size)}`,
    workgroupSize: size,
    body: `
  if (group.x >= num_tiles()) { return; }
  let tile = tile_at(group.x);
  let first_row = tile.x;
  let position = tile.w;
  let kv_len = position + tile.y;
  let lane_start = (tile.z * ${numHeads} + group.y) * ${laneLength} * NUM_VECTORS;
  for (var i = thread; i < ${tileRows}u * NUM_VECTORS; i += SIZE) {
    let row = min(i / NUM_VECTORS, tile.y - 1);
    let at = (first_row + row) * ${strideOf(queryCols) / width} + group.y * NUM_VECTORS + i % NUM_VECTORS;
    tile_queries[i] = queries[at] * ${1 / Math.sqrt(headDim)};
  }
  let vector = thread % NUM_VECTORS;
  let key_group = thread / NUM_VECTORS;
  ${eachRow((row) => `var mix_${row} = ${type}(); var sum_${row} = 0.0; var max_${row} = ${NO_SCORE};`)}
  workgroupBarrier();
  for (var start = 0u; start < kv_len; start += SIZE) {
    let key = start + thread;
    ${eachRow((row) => `var score_${row} = 0.0;`)}
    if (key < kv_len) {
      for (var i = 0u; i < NUM_VECTORS; i++) {
        let k = keys[lane_start + key * NUM_VECTORS + i];
        ${eachRow((row) => `score_${row} += ${dot(width, `tile_queries[${row}u * NUM_VECTORS + i]`, 'k')};`)}
      }
    }
    ${eachRow((row) => `score_${row} = select(${NO_SCORE}, score_${row}, key <= position + ${row} && key < kv_len);`)}
    ${eachRow((row) => `weights[${row}u * SIZE + thread] = score_${row};`)}
    largest(thread);
    ${eachRow((row) => `let max_now_${row} = max(max_${row}, weights[${row}u * SIZE]);`)}
    workgroupBarrier();
    ${eachRow(
      (row) => `{
      let scale = exp(max_${row} - max_now_${row});
      let weight = exp(score_${row} - max_now_${row});
      sum_${row} = sum_${row} * scale + weight;
      mix_${row} *= scale;
      max_${row} = max_now_${row};
      weights[${row}u * SIZE + thread] = weight;
    }`,
    )}
    workgroupBarrier();
    if (key_group < NUM_GROUPS) {
      for (var i = key_group; i < min(SIZE, kv_len - start); i += NUM_GROUPS) {
        let v = values[lane_start + (start + i) * NUM_VECTORS + vector];
        ${eachRow((row) => `mix_${row} += weights[${row}u * SIZE + i] * v;`)}
      }
    }
    workgroupBarrier();
  }
  ${eachRow((row) => `weights[${row}u * SIZE + thread] = sum_${row};`)}
  total(thread);
  ${eachRow(
    (row) => `
  mixed[thread] = mix_${row};
  workgroupBarrier();
  if (thread < NUM_VECTORS && ${row} < tile.y) {
    var mix = ${type}();
    for (var i = 0u; i < NUM_GROUPS; i++) { mix += mixed[i * NUM_VECTORS + thread]; }
    let at = (first_row + ${row}) * ${strideOf(numHeads * headDim) / width} + group.y * NUM_VECTORS + thread;
    result[at] = mix / weights[${row}u * SIZE];
  }
  workgroupBarrier();`,
  )}`,
    workgroups: [paddedRows, numHeads, 1],
  });
}

/** Enough threads for the columns of a head, and more where a lane has keys for them. */
function workgroupSize(numVectors: number, laneLength: number): number {
  if (laneLength > 512) return 256;
  return numVectors > 64 || laneLength > 256 ? 128 : 64;
}

const dot = (width: number, a: string, b: string): string =>
  width === 1 ? `${a} * ${b}` : `dot(${a}, ${b})`;

/** A tree over `weights` that leaves the result of each row in its first number, visible to all. */
function reduceFunction(name: string, operation: 'max' | 'sum', tileRows: number, size: number): string {
  return `
fn ${name}(thread: u32) {
  for (var width = ${size / 2}u; width > 0; width >>= 1) {
    workgroupBarrier();
    if (thread < width) {
      ${unroll(tileRows, (row) => {
        const [a, b] = [`weights[${row * size}u + thread]`, `weights[${row * size}u + thread + width]`];
        return operation === 'max' ? `${a} = max(${a}, ${b});` : `${a} += ${b};`;
      })}
    }
  }
  workgroupBarrier();
}`;
}
