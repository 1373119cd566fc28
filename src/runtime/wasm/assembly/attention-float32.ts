/**
 * Attention over keys and values in float32:
 *
 *     keys    in panels of 8 tokens  [laneLength / 8][headDim][8]
 *     values  row by row             [laneLength][headDim up to a multiple of 8, the rest zero]
 */
import { fetchAhead } from './fetch-ahead';
import { TILE_ROWS } from './kernel-ids';
import { KeysValues, wholePanels } from './keys-values';
import { floats } from './pool';
import { row1x8Float32, tile4x8Float32 } from './tiles.generated';
import { Vector } from './vector';

export class Float32KeysValues extends KeysValues {
  keyBytes(headDim: i32, laneLength: i32): usize {
    return floats(headDim * laneLength);
  }

  valueBytes(headDim: i32, laneLength: i32): usize {
    return floats(wholePanels(headDim) * laneLength);
  }

  store(k: usize, v: usize, keys: usize, values: usize, position: i32, headDim: i32, laneLength: i32): void {
    let key = keys + floats((position & ~7) * headDim + (position & 7));
    const valueDim = wholePanels(headDim);
    const value = values + floats(position * valueDim);
    memory.copy(value, v, floats(headDim));
    for (let d = headDim; d < valueDim; d++) f32.store(value + floats(d), 0);
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

  /** Scratch: queries [headDim][4]. */
  score(
    query: usize,
    queryBytes: usize,
    numRows: i32,
    scale: f32,
    keys: usize,
    headDim: i32,
    start: i32,
    end: i32,
    scores: usize,
    laneLength: i32,
    scratch: usize,
  ): void {
    const width = numRows == 1 ? 1 : TILE_ROWS;
    packQueries(query, numRows, width, headDim, queryBytes, scale, scratch);
    const panels = keys + floats(start * headDim);
    if (width > 1) return scoreTile(scratch, panels, headDim, start, end, scores, laneLength);
    fetchAhead(panels, floats((end - start) * headDim));
    scoreRow(scratch, panels, headDim, start, end, scores);
  }

  addValues(
    weights: usize,
    values: usize,
    first: i32,
    position: i32,
    numRows: i32,
    headDim: i32,
    laneLength: i32,
    sums: usize,
    scratch: usize,
  ): void {
    const stride = floats(laneLength);
    const valueBytes = floats(wholePanels(headDim));
    if (numRows == 1) fetchAhead(values + (first as usize) * valueBytes, ((position + 1 - first) as usize) * valueBytes);
    const shared = numRows == TILE_ROWS ? position + 1 : first;
    if (shared > first) addValuesToTile(weights, stride, values, valueBytes, first, shared, sums);
    for (let r = 0; r < numRows; r++, weights += stride, sums += valueBytes) {
      addValuesToRow(weights, values, valueBytes, shared, position + r + 1, sums);
    }
  }
}

/** Scaled queries as [headDim][width]; rows that do not exist are zeros. */
function packQueries(q: usize, numRows: i32, width: i32, headDim: i32, stride: usize, scale: f32, to: usize): void {
  for (let r = 0; r < width; r++) {
    const from = q + (r as usize) * stride;
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
    a0 = Vector.multiplyAdd(x, v128.load(a), a0);
    a1 = Vector.multiplyAdd(x, v128.load(a, 16), a1);
    b0 = Vector.multiplyAdd(x, v128.load(b), b0);
    b1 = Vector.multiplyAdd(x, v128.load(b, 16), b1);
  }
  v128.store(to, a0);
  v128.store(to, a1, 16);
  v128.store(to, b0, 32);
  v128.store(to, b1, 48);
}

/** Adds weight * value of the tokens `from` to `end` to sum [valueDim], token by token. */
function addValuesToRow(weights: usize, values: usize, valueBytes: usize, from: i32, end: i32, sum: usize): void {
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
    s0 = Vector.multiplyAdd(p, v128.load(value), s0);
    s1 = Vector.multiplyAdd(p, v128.load(value, 16), s1);
    s2 = Vector.multiplyAdd(p, v128.load(value, 32), s2);
    s3 = Vector.multiplyAdd(p, v128.load(value, 48), s3);
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
    s0 = Vector.multiplyAdd(p, v128.load(value), s0);
    s1 = Vector.multiplyAdd(p, v128.load(value, 16), s1);
  }
  v128.store(sum, s0);
  v128.store(sum, s1, 16);
}

/** The same for four rows and the tokens `from` to `end`; all four see them, or give them no weight. */
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
    p0 = Vector.multiplyAdd(x, v0, p0);
    p1 = Vector.multiplyAdd(x, v1, p1);
    x = v128.load32_splat(q);
    q0 = Vector.multiplyAdd(x, v0, q0);
    q1 = Vector.multiplyAdd(x, v1, q1);
    x = v128.load32_splat(r);
    r0 = Vector.multiplyAdd(x, v0, r0);
    r1 = Vector.multiplyAdd(x, v1, r1);
    x = v128.load32_splat(s);
    s0 = Vector.multiplyAdd(x, v0, s0);
    s1 = Vector.multiplyAdd(x, v1, s1);
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
