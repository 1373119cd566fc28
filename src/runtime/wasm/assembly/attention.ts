/**
 * Causal attention of one layer over the KV cache. For each lane and head of keys the cache holds
 *
 *     keys    in panels of 8 tokens  [laneLength / 8][headDim][8]
 *     values  row by row             [laneLength][headDim up to a multiple of 8, the rest zero]
 *
 * so that eight scores at a time are the sum over headDim in order, whether one query asks (decode) or four
 * (prefill), and the weighted values are the sum over tokens in order. With the softmax of a row depending on that
 * row alone, a token's result has the same bits in whatever step and company it is computed. Tokens in sight of a
 * tile but not of one of its rows have a weight of zero there, and adding zero times a value leaves the bits alone.
 *
 * A tile is up to four consecutive rows of one sequence: { row, numRows, lane, position of the first } as i32. Tiles lie
 * behind a line that says how many they are, so that a job which was written once serves steps of any tiles.
 */
import { fetchAhead } from './fetch-ahead';
import { TILE_BYTES, TILE_ROWS, TILES_HEADER_BYTES } from './kernel-ids';
import { floatArg, intArg, pointerArg, floats } from './pool';
import { exponentiate } from './softmax';
import { row1x8Float32, tile4x8Float32 } from './tiles.generated';
import { Vector } from './vector';

function padded(size: i32): i32 {
  return (size + 7) & ~7;
}

function numTilesOf(job: usize): i32 {
  return load<i32>(pointerArg(job, 3));
}

function tileOf(job: usize, index: i32): usize {
  return pointerArg(job, 3) + TILES_HEADER_BYTES + (index as usize) * TILE_BYTES;
}

/** Columns of a row of queries, keys and values. */
function qkvDim(job: usize): i32 {
  return (intArg(job, 4) + 2 * intArg(job, 5)) * intArg(job, 6);
}

/**
 * Writes the keys and values of all rows into the cache. Tile t is done by chunk t modulo the number of chunks.
 * Arguments: qkv [rows, (numHeads + 2 numKvHeads) * headDim], keys and values of the layer, tiles, numHeads, numKvHeads,
 * headDim, laneLength.
 */
export function storeKeysValues(job: usize, chunk: i32): void {
  const headDim = intArg(job, 6);
  const kvBytes = floats(intArg(job, 5) * headDim);
  const numTiles = numTilesOf(job);
  const numChunks = load<i32>(job, 4);
  for (let i = chunk; i < numTiles; i += numChunks) {
    const tile = tileOf(job, i);
    const numRows = load<i32>(tile, 4);
    for (let r = 0; r < numRows; r++) {
      const row = load<i32>(tile) + r;
      const k = pointerArg(job, 0) + floats(row * qkvDim(job) + intArg(job, 4) * headDim);
      storeRow(job, k, k + kvBytes, load<i32>(tile, 8), load<i32>(tile, 12) + r);
    }
  }
}

function storeRow(job: usize, k: usize, v: usize, lane: i32, position: i32): void {
  const numKvHeads = intArg(job, 5);
  const headDim = intArg(job, 6);
  const laneLength = padded(intArg(job, 7));
  const valueDim = padded(headDim);
  for (let head = 0; head < numKvHeads; head++) {
    const firstToken = ((lane * numKvHeads + head) * laneLength) as usize;
    const panel = (firstToken + (position & ~7)) * (headDim as usize) + ((position & 7) as usize);
    let key = pointerArg(job, 1) + (panel << 2);
    const value = pointerArg(job, 2) + (firstToken + position) * floats(valueDim);
    memory.copy(value, v, floats(headDim));
    for (let d = headDim; d < valueDim; d++) f32.store(value + floats(d), 0);
    v += floats(headDim);
    let d = 0;
    for (; d + 4 <= headDim; d += 4, k += 16, key += 128) {
      const numbers = v128.load(k);
      v128.store32_lane(key, numbers, 0);
      v128.store32_lane(key, numbers, 1, 32);
      v128.store32_lane(key, numbers, 2, 64);
      v128.store32_lane(key, numbers, 3, 96);
    }
    for (; d < headDim; d++, k += 4, key += 32) f32.store(key, f32.load(k));
  }
}

/**
 * Lets every row attend to its own sequence. Pair p of (head, tile), head by head, is done by chunk p modulo the
 * number of chunks, so that one chunk's scratch serves all of its pairs.
 * Arguments: as storeKeysValues, then out [rows, numHeads * headDim], scratch, bytes of scratch a chunk, scale of the
 * scores, window: the tokens that a row sees, itself included.
 */
export function causalAttention(job: usize, chunk: i32): void {
  const numTiles = numTilesOf(job);
  const numPairs = numTiles * intArg(job, 4);
  const numChunks = load<i32>(job, 4);
  const scratch = pointerArg(job, 9) + (chunk as usize) * pointerArg(job, 10);
  for (let pair = chunk; pair < numPairs; pair += numChunks) {
    attendTile(job, tileOf(job, pair % numTiles), pair / numTiles, scratch);
  }
}

/** Scratch: queries [headDim][4], sums [4][valueDim], scores [4][laneLength]. */
function attendTile(job: usize, tile: usize, head: i32, scratch: usize): void {
  const numHeads = intArg(job, 4);
  const numKvHeads = intArg(job, 5);
  const headDim = intArg(job, 6);
  const valueDim = padded(headDim);
  const laneLength = padded(intArg(job, 7));
  const dim = numHeads * headDim;
  const row = load<i32>(tile);
  const numRows = load<i32>(tile, 4);
  const position = load<i32>(tile, 12);
  // Short sequences would feel the divisions.
  const kvHead = numHeads == numKvHeads ? head : head / (numHeads / numKvHeads);
  const block = ((load<i32>(tile, 8) * numKvHeads + kvHead) * laneLength) as usize;
  const values = pointerArg(job, 2) + block * floats(valueDim);
  const sums = scratch + floats(headDim * TILE_ROWS);
  const scores = sums + floats(valueDim * TILE_ROWS);
  const first = firstInSight(job, position);

  const width = numRows == 1 ? 1 : TILE_ROWS;
  const query = pointerArg(job, 0) + floats(row * qkvDim(job) + head * headDim);
  packQueries(query, numRows, width, headDim, qkvDim(job), floatArg(job, 11), scratch);
  const start = first & ~7; // keys come in whole panels
  const keys = pointerArg(job, 1) + (block + start) * floats(headDim);
  if (width == 1) {
    fetchAhead(keys, floats((position + 1 - start) * headDim));
    fetchAhead(values + (start as usize) * floats(valueDim), floats((position + 1 - start) * valueDim));
    scoreRow(scratch, keys, headDim, start, position + 1, scores);
  }
  else scoreTile(scratch, keys, headDim, start, position + numRows, scores, laneLength);

  memory.fill(sums, 0, floats(valueDim * TILE_ROWS));
  const shared = numRows == TILE_ROWS ? position + 1 : first;
  const stride = floats(laneLength);
  const valueBytes = floats(valueDim);
  let out = pointerArg(job, 8) + floats(row * dim + head * headDim);
  const totals = scratch; // the queries are spent
  for (let r = 0; r < numRows; r++) {
    const from = firstInSight(job, position + r);
    f32.store(totals + floats(r), weigh(scores + (r as usize) * stride, start, from, position + r + 1));
  }
  if (shared > first) addValuesToTile(scores, stride, values, valueBytes, first, shared, sums);
  for (let r = 0; r < numRows; r++) {
    const sum = sums + (r as usize) * valueBytes;
    addValues(scores + (r as usize) * stride, values, valueBytes, shared, position + r + 1, sum);
    divideRow(sum, f32.load(totals + floats(r)), headDim, out);
    out += floats(dim);
  }
}

/** The first token that a row at `position` sees. */
function firstInSight(job: usize, position: i32): i32 {
  return max(0, position + 1 - intArg(job, 12));
}

/**
 * Turns the scores of the tokens from `first` to `end` into weights and returns their sum; tokens from `start`, a
 * panel's first, up to `first` weigh nothing. Panels without weight in front of a sum leave its bits alone.
 */
function weigh(scores: usize, start: i32, first: i32, end: i32): f32 {
  for (let token = start; token < first; token++) f32.store(scores + floats(token), -Infinity);
  return exponentiate(scores + floats(start), end - start);
}

/** Scaled queries as [headDim][width]; rows that do not exist are zeros. */
function packQueries(q: usize, numRows: i32, width: i32, headDim: i32, stride: i32, scale: f32, to: usize): void {
  for (let r = 0; r < width; r++) {
    const from = q + floats(r * stride);
    for (let d = 0; d < headDim; d++) {
      const value: f32 = r < numRows ? f32.load(from + floats(d)) * scale : 0;
      f32.store(to + floats(d * width + r), value);
    }
  }
}

/** Scores of four queries against the keys of the tokens `start` to `end`, whole panels of them: [4][laneLength]. */
function scoreTile(q: usize, keys: usize, headDim: i32, start: i32, end: i32, scores: usize, laneLength: i32): void {
  const panelBytes = (headDim as usize) << 5;
  for (let token = start; token < end; token += 8, keys += panelBytes) {
    tile4x8Float32(q, keys, headDim, 0, scores + floats(token), laneLength, 4, 8);
  }
}

/** Scores of one query against the keys of the tokens `start` to `end`, whole panels of them: [laneLength]. */
function scoreRow(q: usize, keys: usize, headDim: i32, start: i32, end: i32, scores: usize): void {
  const panelBytes = (headDim as usize) << 5;
  let token = start;
  for (; token + 8 < end; token += 16, keys += 2 * panelBytes) {
    scoreRow16(q, keys, panelBytes, headDim, scores + floats(token));
  }
  if (token < end) row1x8Float32(q, keys, headDim, 0, scores + floats(token), 8);
}

/** Two panels side by side: with one alone the adders wait for its two sums. */
function scoreRow16(q: usize, a: usize, panelBytes: usize, headDim: i32, to: usize): void {
  let b = a + panelBytes;
  let a0 = f32x4.splat(0);
  let a1 = f32x4.splat(0);
  let b0 = f32x4.splat(0);
  let b1 = f32x4.splat(0);
  for (const end = q + floats(headDim); q < end; q += 4, a += 32, b += 32) {
    const x = v128.load32_splat(q);
    a0 = f32x4.add(a0, f32x4.mul(x, v128.load(a)));
    a1 = f32x4.add(a1, f32x4.mul(x, v128.load(a, 16)));
    b0 = f32x4.add(b0, f32x4.mul(x, v128.load(b)));
    b1 = f32x4.add(b1, f32x4.mul(x, v128.load(b, 16)));
  }
  v128.store(to, a0);
  v128.store(to, a1, 16);
  v128.store(to, b0, 32);
  v128.store(to, b1, 48);
}

/** Adds weight * value of the tokens `from` to `end` to sum [valueDim], token by token. */
function addValues(weights: usize, values: usize, valueBytes: usize, from: i32, end: i32, sum: usize): void {
  const weight = weights + floats(from);
  const lastWeight = weights + floats(end);
  const value = values + (from as usize) * valueBytes;
  let at: usize = 0;
  for (; at + 64 <= valueBytes; at += 64) addValues16(weight, lastWeight, value + at, valueBytes, sum + at);
  if (at < valueBytes) addValues8(weight, lastWeight, value + at, valueBytes, sum + at);
}

/** Sixteen columns: one cache line of each value. */
function addValues16(weight: usize, lastWeight: usize, value: usize, valueBytes: usize, sum: usize): void {
  let s0 = v128.load(sum);
  let s1 = v128.load(sum, 16);
  let s2 = v128.load(sum, 32);
  let s3 = v128.load(sum, 48);
  for (; weight < lastWeight; weight += 4, value += valueBytes) {
    const p = v128.load32_splat(weight);
    s0 = f32x4.add(s0, f32x4.mul(p, v128.load(value)));
    s1 = f32x4.add(s1, f32x4.mul(p, v128.load(value, 16)));
    s2 = f32x4.add(s2, f32x4.mul(p, v128.load(value, 32)));
    s3 = f32x4.add(s3, f32x4.mul(p, v128.load(value, 48)));
  }
  v128.store(sum, s0);
  v128.store(sum, s1, 16);
  v128.store(sum, s2, 32);
  v128.store(sum, s3, 48);
}

function addValues8(weight: usize, lastWeight: usize, value: usize, valueBytes: usize, sum: usize): void {
  let s0 = v128.load(sum);
  let s1 = v128.load(sum, 16);
  for (; weight < lastWeight; weight += 4, value += valueBytes) {
    const p = v128.load32_splat(weight);
    s0 = f32x4.add(s0, f32x4.mul(p, v128.load(value)));
    s1 = f32x4.add(s1, f32x4.mul(p, v128.load(value, 16)));
  }
  v128.store(sum, s0);
  v128.store(sum, s1, 16);
}

/** addValues for four rows and the tokens `from` to `end`; all four see them, or give them no weight. */
function addValuesToTile(weights: usize, stride: usize, values: usize, valueBytes: usize, from: i32, end: i32, sums: usize): void {
  const weight = weights + floats(from);
  const value = values + (from as usize) * valueBytes;
  for (let at: usize = 0; at < valueBytes; at += 32) {
    addValues4x8(weight, stride, value + at, valueBytes, end - from, sums + at);
  }
}

function addValues4x8(weights: usize, stride: usize, value: usize, valueBytes: usize, length: i32, sum: usize): void {
  let p = weights;
  let q = p + stride;
  let r = q + stride;
  let s = r + stride;
  let p0 = f32x4.splat(0);
  let p1 = f32x4.splat(0);
  let q0 = f32x4.splat(0);
  let q1 = f32x4.splat(0);
  let r0 = f32x4.splat(0);
  let r1 = f32x4.splat(0);
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  for (const last = p + floats(length); p < last; p += 4, q += 4, r += 4, s += 4, value += valueBytes) {
    const v0 = v128.load(value);
    const v1 = v128.load(value, 16);
    let x = v128.load32_splat(p);
    p0 = f32x4.add(p0, f32x4.mul(x, v0));
    p1 = f32x4.add(p1, f32x4.mul(x, v1));
    x = v128.load32_splat(q);
    q0 = f32x4.add(q0, f32x4.mul(x, v0));
    q1 = f32x4.add(q1, f32x4.mul(x, v1));
    x = v128.load32_splat(r);
    r0 = f32x4.add(r0, f32x4.mul(x, v0));
    r1 = f32x4.add(r1, f32x4.mul(x, v1));
    x = v128.load32_splat(s);
    s0 = f32x4.add(s0, f32x4.mul(x, v0));
    s1 = f32x4.add(s1, f32x4.mul(x, v1));
  }
  v128.store(sum, p0);
  v128.store(sum, p1, 16);
  sum += valueBytes;
  v128.store(sum, q0);
  v128.store(sum, q1, 16);
  sum += valueBytes;
  v128.store(sum, r0);
  v128.store(sum, r1, 16);
  sum += valueBytes;
  v128.store(sum, s0);
  v128.store(sum, s1, 16);
}

/** out[d] = sum[d] / total for one head of one row. */
function divideRow(sum: usize, total: f32, headDim: i32, out: usize): void {
  const inverse = f32x4.splat(1 / total);
  for (let d = 0; d < headDim; d += 4, sum += 16, out += 16) {
    Vector.store(out, f32x4.mul(v128.load(sum), inverse), headDim - d);
  }
}
