import { TOP_LOGITS } from '../../step-batch.ts';
import { defineKernel, strideOf, type Kernel } from './kernel.ts';

/** Numbers sorted at once in workgroup memory: 8 KiB of keys and tokens. */
const SORT_SIZE = 1024;
const WORKGROUP_SIZE = 256;
/** What a round of the merge sorts beside the best so far. */
const MERGE_STEP = SORT_SIZE - TOP_LOGITS;

/** Words that a chunk leaves: keys, tokens, and its sum of exponentials over its largest. */
const CHUNK_WORDS = 2 * TOP_LOGITS + 1;

/** Words of a row's answer: the bits of the logits, tokens, and the sum of exponentials over the largest logit. */
export const TOP_ROW_WORDS = 2 * TOP_LOGITS + 1;

/** Smaller rows are read back whole: two dispatches cost more than the copy. */
export const MIN_TOP_COLS = 4 * SORT_SIZE;

interface TopLogitsDimensions {
  numCols: number;
  paddedRows: number;
}

export const numTopChunks = (numCols: number): number => Math.ceil(numCols / SORT_SIZE);

/** Bytes that the chunks of that many rows leave for the merge. */
export const topChunkBytes = ({ numCols, paddedRows }: TopLogitsDimensions): number =>
  4 * CHUNK_WORDS * numTopChunks(numCols) * paddedRows;

/** The first of two passes: the best of each chunk of 1024 logits, in order. [rows, vocab] -> [rows, chunks, ...]. */
export function topLogitsChunksKernel({ numCols, paddedRows }: TopLogitsDimensions): Kernel {
  const numChunks = numTopChunks(numCols);
  return defineKernel({
    name: 'top-logits-chunks',
    bindings: [
      { name: 'logits', type: 'u32', access: 'read' },
      { name: 'chunks', type: 'u32', access: 'write' },
    ],
    declarations: `${SORT_FUNCTIONS}\nvar<workgroup> sums: array<f32, ${WORKGROUP_SIZE}>;`,
    workgroupSize: WORKGROUP_SIZE,
    body: `
  if (group.y >= num_top_rows()) { return; }
  let row_start = top_row(group.y) * ${strideOf(numCols)};
  for (var i = thread; i < ${SORT_SIZE}; i += ${WORKGROUP_SIZE}) {
    let token = group.x * ${SORT_SIZE} + i;
    sort_keys[i] = 0;
    if (token < ${numCols}) { sort_keys[i] = key_of(logits[row_start + token]); }
    sort_tokens[i] = token;
  }
  sort(thread);
  let largest = value_of(sort_keys[0]);
  var sum = 0.0;
  for (var i = thread; i < ${SORT_SIZE}; i += ${WORKGROUP_SIZE}) {
    if (sort_keys[i] > LOWEST_KEY) { sum += exp(value_of(sort_keys[i]) - largest); }
  }
  sums[thread] = sum;
  for (var width = ${WORKGROUP_SIZE / 2}u; width > 0; width >>= 1) {
    workgroupBarrier();
    if (thread < width) { sums[thread] += sums[thread + width]; }
  }
  let start = (group.y * ${numChunks} + group.x) * ${CHUNK_WORDS};
  if (thread < ${TOP_LOGITS}) {
    chunks[start + thread] = sort_keys[thread];
    chunks[start + ${TOP_LOGITS} + thread] = sort_tokens[thread];
  }
  if (thread == 0) { chunks[start + ${2 * TOP_LOGITS}] = bitcast<u32>(sums[0]); }`,
    workgroups: [numChunks, paddedRows, 1],
  });
}

/** The second pass: the best of all chunks of a row. [rows, chunks, ...] -> [rows, TOP_ROW_WORDS]. */
export function topLogitsMergeKernel({ numCols, paddedRows }: TopLogitsDimensions): Kernel {
  const numChunks = numTopChunks(numCols);
  const numCandidates = numChunks * TOP_LOGITS;
  return defineKernel({
    name: 'top-logits-merge',
    bindings: [
      { name: 'chunks', type: 'u32', access: 'read' },
      { name: 'result', type: 'u32', access: 'write' },
    ],
    declarations: SORT_FUNCTIONS,
    workgroupSize: WORKGROUP_SIZE,
    body: `
  if (group.x >= num_top_rows()) { return; }
  let row_start = group.x * ${numChunks * CHUNK_WORDS};
  if (thread < ${TOP_LOGITS}) { sort_keys[thread] = 0; sort_tokens[thread] = 0xffffffff; }
  for (var start = 0u; start < ${numCandidates}; start += ${MERGE_STEP}) {
    for (var i = thread; i < ${MERGE_STEP}; i += ${WORKGROUP_SIZE}) {
      let candidate = start + i;
      let at = row_start + candidate / ${TOP_LOGITS} * ${CHUNK_WORDS} + candidate % ${TOP_LOGITS};
      sort_keys[${TOP_LOGITS} + i] = 0;
      sort_tokens[${TOP_LOGITS} + i] = 0xffffffff;
      if (candidate < ${numCandidates}) {
        sort_keys[${TOP_LOGITS} + i] = chunks[at];
        sort_tokens[${TOP_LOGITS} + i] = chunks[at + ${TOP_LOGITS}];
      }
    }
    sort(thread);
  }
  let answer = group.x * ${TOP_ROW_WORDS};
  if (thread < ${TOP_LOGITS}) {
    result[answer + thread] = bits_of(sort_keys[thread]);
    result[answer + ${TOP_LOGITS} + thread] = sort_tokens[thread];
  }
  if (thread == 0) {
    let largest = value_of(sort_keys[0]);
    var sum = 0.0;
    for (var chunk = 0u; chunk < ${numChunks}; chunk++) {
      let at = row_start + chunk * ${CHUNK_WORDS};
      if (chunks[at] > LOWEST_KEY) {
        sum += bitcast<f32>(chunks[at + ${2 * TOP_LOGITS}]) * exp(value_of(chunks[at]) - largest);
      }
    }
    result[answer + ${2 * TOP_LOGITS}] = bitcast<u32>(sum);
  }`,
    workgroups: [paddedRows, 1, 1],
  });
}

/**
 * Logits are sorted as integers that keep their order, since WGSL may take it that there is no NaN: here NaN is the
 * largest of all, so that it comes first and the sampler sees it. The lower token comes first on ties, -0 and 0
 * among them.
 */
const SORT_FUNCTIONS = `
/** That of -infinity, which weighs nothing; a place without a token has 0. */
const LOWEST_KEY = 0x007fffffu;
var<workgroup> sort_keys: array<u32, ${SORT_SIZE}>;
var<workgroup> sort_tokens: array<u32, ${SORT_SIZE}>;
fn key_of(bits: u32) -> u32 {
  let magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) { return 0xffffffff; }
  if (magnitude == 0) { return 0x80000000; }
  return select(bits | 0x80000000, ~bits, bits >= 0x80000000);
}
fn bits_of(key: u32) -> u32 { return select(~key, key & 0x7fffffff, key >= 0x80000000); }
fn value_of(key: u32) -> f32 { return bitcast<f32>(bits_of(key)); }
/** Bitonic (Batcher 1968): the largest key first. */
fn sort(thread: u32) {
  for (var length = 2u; length <= ${SORT_SIZE}; length <<= 1) {
    for (var distance = length >> 1; distance > 0; distance >>= 1) {
      workgroupBarrier();
      for (var pair = thread; pair < ${SORT_SIZE / 2}; pair += ${WORKGROUP_SIZE}) {
        let a = 2 * pair - (pair & (distance - 1));
        let b = a + distance;
        let b_first = sort_keys[b] > sort_keys[a] || (sort_keys[b] == sort_keys[a] && sort_tokens[b] < sort_tokens[a]);
        let falls = (a & length) == 0;
        if (b_first == falls) {
          let key = sort_keys[a];
          sort_keys[a] = sort_keys[b];
          sort_keys[b] = key;
          let token = sort_tokens[a];
          sort_tokens[a] = sort_tokens[b];
          sort_tokens[b] = token;
        }
      }
    }
  }
  workgroupBarrier();
}
`;
