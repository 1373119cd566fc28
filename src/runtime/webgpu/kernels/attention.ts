import type { AttentionHeads } from '../../ops.ts';
import { PAGE_TOKENS } from '../../../pages.ts';
import type { PageTable } from '../../runtime.ts';
import { defineKernel, strideOf, unroll, type Kernel } from './kernel.ts';

interface AttentionDimensions {
  heads: AttentionHeads;
  /** Columns of a row of queries in memory: those of q alone, or of q, k and v. */
  queryCols: number;
  paddedRows: number;
  /** As `attentionTileRows` has it. */
  tileRows: number;
  table: PageTable;
}

/**
 * Rows of a tile in a step that is a prefill for the most part: each key is then read once for all of them. More would
 * save little beside the products, and take a software device long to compile.
 */
const PREFILL_TILE_ROWS = 4;
/** Rows that such tiles must have on average. A tile takes its time whether it is full or not. */
const MIN_TILE_FILL = 2;
/** Steps up to this leave a device idle as it is. */
const MAX_UNTILED_ROWS = 16;
/** Below any score. Finite, since WGSL promises nothing about infinity. */
const NO_SCORE = '-3.0e38';
/** Numbers that one thread reduces, in the first of two rounds; a tree would take a barrier for each level. */
const RUN_LENGTH = 16;

/** How many consecutive rows of a sequence a workgroup should take at once; `lengths`: rows of each sequence. */
export function attentionTileRows(lengths: readonly number[]): number {
  const numRows = lengths.reduce((sum, length) => sum + length, 0);
  const numTiles = lengths.reduce((sum, length) => sum + Math.ceil(length / PREFILL_TILE_ROWS), 0);
  return numRows > MAX_UNTILED_ROWS && numTiles * MIN_TILE_FILL <= numRows ? PREFILL_TILE_ROWS : 1;
}

/**
 * Causal attention of the rows of a tile over the cache, one head of queries a workgroup: writes
 * [rows, heads * headDim].
 *
 * The keys come in blocks of as many as the workgroup has threads. A thread first scores one key of the block for each
 * row; then threads take columns, and mix the values by the weights of the block. What was mixed before is scaled
 * down when a larger score turns up (Milakov and Gimelshein 2018), so that no score outlives its block.
 */
export function attentionKernel(dimensions: AttentionDimensions): Kernel {
  const { heads, table } = dimensions;
  const { numHeads, numKvHeads, window } = heads;
  const shape = shapeOf(dimensions);
  const { tileRows, type, numVectors, size } = shape;
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
const TILE_ROWS = ${tileRows}u;
const NUM_VECTORS = ${numVectors}u;
const NUM_GROUPS = ${Math.floor(size / numVectors)}u;
const NUM_RUNS = ${size / RUN_LENGTH}u;
var<workgroup> tile_queries: array<${type}, TILE_ROWS * NUM_VECTORS>;
var<workgroup> weights: array<f32, TILE_ROWS * SIZE>;
var<workgroup> runs: array<f32, TILE_ROWS * NUM_RUNS>;
var<workgroup> mixed: array<${type}, TILE_ROWS * SIZE>;
/** Where the vectors of a key, or of its value, begin. */
fn key_start(pages_start: u32, kv_head: u32, key: u32) -> u32 {
  let page = page_at(pages_start + key / ${PAGE_TOKENS}u);
  return ((page * ${numKvHeads}u + kv_head) * ${PAGE_TOKENS}u + key % ${PAGE_TOKENS}u) * NUM_VECTORS;
}`,
    workgroupSize: size,
    body: `
  if (group.x >= num_tiles()) { return; }
  let tile = tile_at(group.x);
  let first_row = tile.x;
  let num_rows = tile.y;
  let position = tile.w;
  let kv_len = position + num_rows;
  let kv_head = group.y / ${numHeads / numKvHeads}u;
  let pages_start = tile.z${table === 'pages' ? '' : ' + num_pages()'};
  let vector = thread % NUM_VECTORS;
  let key_group = thread / NUM_VECTORS;
  ${loadQueries(shape)}
  for (var start = ${firstKey(window)}; start < kv_len; start += SIZE) {
    ${scoreBlock(shape)}
    ${weighBlock(shape)}
    ${mixBlock(shape)}
    workgroupBarrier();
  }
  ${storeMixed(shape)}`,
    workgroups: [maxTiles(dimensions), numHeads, 1],
  });
}

/** The first key that the first row of a tile sees. Later rows begin less than a block behind it, so each sees one there. */
const firstKey = (window: number | undefined): string =>
  window === undefined ? '0u' : `max(position + 1, ${window}u) - ${window}u`;

const maxTiles = ({ paddedRows, tileRows }: AttentionDimensions): number =>
  tileRows === 1 ? paddedRows : Math.ceil(paddedRows / MIN_TILE_FILL);

interface AttentionShape {
  tileRows: number;
  type: string;
  numVectors: number;
  /** Threads of a workgroup, and keys of a block. */
  size: number;
  /** Vectors of a row of queries, and of the result. */
  queryStride: number;
  resultStride: number;
  scale: number;
  window: number | undefined;
  eachRow: (statement: (row: number) => string) => string;
}

/** A head is read in the widest vectors that divide it. */
const vectorWidth = (headDim: number): number => (headDim % 4 === 0 ? 4 : headDim % 2 === 0 ? 2 : 1);

/** Whether a head has a thread for each of its vectors, and fits a workgroup's memory: up to 128 it always does. */
export const isHeadDimSupported = (headDim: number): boolean =>
  headDim <= 256 && headDim / vectorWidth(headDim) <= 128;

function shapeOf({ heads, queryCols, tileRows }: AttentionDimensions): AttentionShape {
  const { numHeads, headDim, scale, window } = heads;
  const width = vectorWidth(headDim);
  const numVectors = headDim / width;
  // Enough for the columns of a head; a decode takes more, since it may have many keys.
  const needed = numVectors > 64 ? 128 : 64;
  const size = tileRows > 1 ? needed : 256;
  return {
    tileRows,
    type: width === 1 ? 'f32' : `vec${width}<f32>`,
    numVectors,
    size,
    queryStride: strideOf(queryCols) / width,
    resultStride: strideOf(numHeads * headDim) / width,
    scale,
    window,
    eachRow: (statement) => unroll(tileRows, statement),
  };
}

const loadQueries = ({ type, queryStride, scale, eachRow }: AttentionShape): string => `
  for (var i = thread; i < TILE_ROWS * NUM_VECTORS; i += SIZE) {
    let row = first_row + min(i / NUM_VECTORS, num_rows - 1);
    tile_queries[i] = queries[row * ${queryStride} + group.y * NUM_VECTORS + i % NUM_VECTORS] * ${scale};
  }
  ${eachRow((row) => `var mix_${row} = ${type}(); var sum_${row} = 0.0; var max_${row} = ${NO_SCORE};`)}
  workgroupBarrier();`;

/** One key a thread: score_<row>, also in `weights`. */
const scoreBlock = ({ type, window, eachRow }: AttentionShape): string => `
    let key = start + thread;
    ${eachRow((row) => `var score_${row} = 0.0;`)}
    if (key < kv_len) {
      let key_at = key_start(pages_start, kv_head, key);
      for (var i = 0u; i < NUM_VECTORS; i++) {
        let k = keys[key_at + i];
        ${eachRow((row) => {
          const q = `tile_queries[${row} * NUM_VECTORS + i]`;
          return `score_${row} += ${type === 'f32' ? `${q} * k` : `dot(${q}, k)`};`;
        })}
      }
    }
    ${eachRow(
      (row) => `
    if (key >= kv_len || key > position + ${row}${window === undefined ? '' : ` || key + ${window} <= position + ${row}`}) { score_${row} = ${NO_SCORE}; }
    weights[${row} * SIZE + thread] = score_${row};`,
    )}
    workgroupBarrier();`;

/** Scores become weights over the largest score so far; what came before is scaled to it. */
const weighBlock = ({ eachRow }: AttentionShape): string => `
    if (thread < TILE_ROWS * NUM_RUNS) {
      var largest = ${NO_SCORE};
      for (var i = 0u; i < ${RUN_LENGTH}; i++) { largest = max(largest, weights[thread * ${RUN_LENGTH} + i]); }
      runs[thread] = largest;
    }
    workgroupBarrier();
    ${eachRow(
      (row) => `{
      var largest = max_${row};
      for (var i = 0u; i < NUM_RUNS; i++) { largest = max(largest, runs[${row} * NUM_RUNS + i]); }
      let scale = exp(max_${row} - largest);
      let weight = exp(score_${row} - largest);
      weights[${row} * SIZE + thread] = weight;
      sum_${row} = sum_${row} * scale + weight;
      mix_${row} *= scale;
      max_${row} = largest;
    }`,
    )}
    workgroupBarrier();`;

/** One vector of columns a thread, and every NUM_GROUPS-th key. */
const mixBlock = ({ eachRow }: AttentionShape): string => `
    if (key_group < NUM_GROUPS) {
      for (var i = key_group; i < min(SIZE, kv_len - start); i += NUM_GROUPS) {
        let v = values[key_start(pages_start, kv_head, start + i) + vector];
        ${eachRow((row) => `mix_${row} += weights[${row} * SIZE + i] * v;`)}
      }
    }`;

/** Adds up what the threads have, and divides by the sum of the weights. */
const storeMixed = ({ type, resultStride, eachRow }: AttentionShape): string => `
  ${eachRow((row) => `weights[${row} * SIZE + thread] = sum_${row}; mixed[${row} * SIZE + thread] = mix_${row};`)}
  workgroupBarrier();
  if (thread < TILE_ROWS * NUM_RUNS) {
    var sum = 0.0;
    for (var i = 0u; i < ${RUN_LENGTH}; i++) { sum += weights[thread * ${RUN_LENGTH} + i]; }
    runs[thread] = sum;
  }
  workgroupBarrier();
  for (var i = thread; i < num_rows * NUM_VECTORS; i += SIZE) {
    let row = i / NUM_VECTORS;
    var sum = 0.0;
    for (var run = 0u; run < NUM_RUNS; run++) { sum += runs[row * NUM_RUNS + run]; }
    var mix = ${type}();
    for (var g = 0u; g < NUM_GROUPS; g++) { mix += mixed[row * SIZE + g * NUM_VECTORS + i % NUM_VECTORS]; }
    result[(first_row + row) * ${resultStride} + group.y * NUM_VECTORS + i % NUM_VECTORS] = mix / sum;
  }`;
