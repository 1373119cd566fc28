/**
 * Causal attention of one layer over the KV cache. For each lane and head the cache holds
 *
 *     keys    in panels of 8 tokens  [laneLength / 8][headDim][8]
 *     values  row by row             [laneLength][headDim up to a multiple of 8, the rest zero]
 *
 * so that eight scores at a time are the sum over headDim in order, whether one query asks (decode) or four
 * (prefill), and the weighted values are the sum over tokens in order. With the softmax of a row depending on that
 * row alone, a token's result has the same bits in whatever step and company it is computed.
 *
 * A tile is up to four consecutive rows of one sequence: { row, numRows, lane, position of the first } as i32.
 */
import { TILE_BYTES, TILE_ROWS } from './kernel-ids';
import { row1x8, tile4x8 } from './linear';
import { floatArg, intArg, pointerArg, floats } from './pool';
import { exponentiate } from './softmax';
import { Vector } from './vector';

function padded(size: i32): i32 {
  return (size + 7) & ~7;
}

/**
 * Writes the keys and values of all rows into the cache. Tile t is done by chunk t modulo the number of chunks.
 * Arguments: qkv [rows, 3 * dim], keys and values of the layer, tiles, numTiles, numHeads, headDim, laneLength.
 */
export function storeKeysValues(job: usize, chunk: i32): void {
  const dim = intArg(job, 5) * intArg(job, 6);
  const numTiles = intArg(job, 4);
  const numChunks = load<i32>(job, 4);
  for (let i = chunk; i < numTiles; i += numChunks) {
    const tile = pointerArg(job, 3) + (i as usize) * TILE_BYTES;
    const numRows = load<i32>(tile, 4);
    for (let r = 0; r < numRows; r++) {
      const row = load<i32>(tile) + r;
      const k = pointerArg(job, 0) + floats((row * 3 + 1) * dim);
      storeRow(job, k, k + floats(dim), load<i32>(tile, 8), load<i32>(tile, 12) + r);
    }
  }
}

function storeRow(job: usize, k: usize, v: usize, lane: i32, position: i32): void {
  const numHeads = intArg(job, 5);
  const headDim = intArg(job, 6);
  const laneLength = padded(intArg(job, 7));
  const valueDim = padded(headDim);
  for (let head = 0; head < numHeads; head++) {
    const firstToken = ((lane * numHeads + head) * laneLength) as usize;
    const panel = (firstToken + (position & ~7)) * (headDim as usize) + ((position & 7) as usize);
    let key = pointerArg(job, 1) + (panel << 2);
    const value = pointerArg(job, 2) + (firstToken + position) * floats(valueDim);
    for (let d = 0; d < headDim; d++, k += 4, v += 4, key += 32) {
      f32.store(key, f32.load(k));
      f32.store(value + floats(d), f32.load(v));
    }
    for (let d = headDim; d < valueDim; d++) f32.store(value + floats(d), 0);
  }
}

/**
 * Lets every row attend to its own sequence. Pair p of (head, tile), head by head, is done by chunk p modulo the
 * number of chunks, so that one chunk's scratch serves all of its pairs.
 * Arguments: as storeKeysValues, then out [rows, dim], scratch, bytes of scratch a chunk, 1 / sqrt(headDim).
 */
export function causalAttention(job: usize, chunk: i32): void {
  const numTiles = intArg(job, 4);
  const numPairs = numTiles * intArg(job, 5);
  const numChunks = load<i32>(job, 4);
  const scratch = pointerArg(job, 9) + (chunk as usize) * pointerArg(job, 10);
  for (let pair = chunk; pair < numPairs; pair += numChunks) {
    const tile = pointerArg(job, 3) + ((pair % numTiles) as usize) * TILE_BYTES;
    attendTile(job, tile, pair / numTiles, scratch);
  }
}

/** Scratch: queries [headDim][4], sums [4][valueDim], scores [4][laneLength]. */
function attendTile(job: usize, tile: usize, head: i32, scratch: usize): void {
  const numHeads = intArg(job, 5);
  const headDim = intArg(job, 6);
  const valueDim = padded(headDim);
  const laneLength = padded(intArg(job, 7));
  const dim = numHeads * headDim;
  const row = load<i32>(tile);
  const numRows = load<i32>(tile, 4);
  const position = load<i32>(tile, 12);
  const block = ((load<i32>(tile, 8) * numHeads + head) * laneLength) as usize;
  const keys = pointerArg(job, 1) + block * floats(headDim);
  const values = pointerArg(job, 2) + block * floats(valueDim);
  const sums = scratch + floats(headDim * TILE_ROWS);
  const scores = sums + floats(valueDim * TILE_ROWS);
  const query = pointerArg(job, 0) + floats(row * 3 * dim + head * headDim);

  const width = numRows == 1 ? 1 : TILE_ROWS;
  packQueries(query, numRows, width, headDim, 3 * dim, floatArg(job, 11), scratch);
  if (width == 1) scoreRow(scratch, keys, headDim, position + 1, scores);
  else scoreTile(scratch, keys, headDim, position + numRows, scores, laneLength);

  memory.fill(sums, 0, floats(valueDim * TILE_ROWS));
  const shared = numRows == TILE_ROWS ? position + 1 : 0;
  const stride = floats(laneLength);
  const valueBytes = floats(valueDim);
  let out = pointerArg(job, 8) + floats(row * dim + head * headDim);
  const totals = scratch; // the queries are spent
  for (let r = 0; r < numRows; r++) {
    f32.store(totals + floats(r), exponentiate(scores + (r as usize) * stride, position + r + 1));
  }
  if (shared > 0) addValuesToTile(scores, stride, values, valueBytes, shared, sums);
  for (let r = 0; r < numRows; r++) {
    const sum = sums + (r as usize) * valueBytes;
    addValues(scores + (r as usize) * stride, values, valueBytes, shared, position + r + 1, sum);
    divideRow(sum, f32.load(totals + floats(r)), headDim, out);
    out += floats(dim);
  }
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

/** Scores of four queries against the keys of `length` tokens, whole panels of them: [4][laneLength]. */
function scoreTile(q: usize, keys: usize, headDim: i32, length: i32, scores: usize, laneLength: i32): void {
  const panelBytes = (headDim as usize) << 5;
  for (let token = 0; token < length; token += 8, keys += panelBytes) {
    tile4x8(q, keys, headDim, 0, scores + floats(token), laneLength, 4, 8);
  }
}

/** Scores of one query against the keys of `length` tokens, whole panels of them: [laneLength]. */
function scoreRow(q: usize, keys: usize, headDim: i32, length: i32, scores: usize): void {
  const panelBytes = (headDim as usize) << 5;
  let token = 0;
  for (; token + 8 < length; token += 16, keys += 2 * panelBytes) {
    scoreRow16(q, keys, panelBytes, headDim, scores + floats(token));
  }
  if (token < length) row1x8(q, keys, headDim, 0, scores + floats(token), 8);
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

/** addValues for four rows and the first `end` tokens, which all four see. */
function addValuesToTile(weights: usize, stride: usize, values: usize, valueBytes: usize, end: i32, sums: usize): void {
  for (let at: usize = 0; at < valueBytes; at += 32) {
    addValues4x8(weights, stride, values + at, valueBytes, end, sums + at);
  }
}

function addValues4x8(weights: usize, stride: usize, value: usize, valueBytes: usize, end: i32, sum: usize): void {
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
  for (const last = p + floats(end); p < last; p += 4, q += 4, r += 4, s += 4, value += valueBytes) {
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
