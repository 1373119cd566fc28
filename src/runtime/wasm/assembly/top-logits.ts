/**
 * The most probable tokens of rows of logits, in two jobs. A row is cut into parts and each part into stretches. Of
 * every part the first job leaves the largest number of each stretch and the sum of exponentials over the part's
 * largest. If `numTop` stretches hold a number as large as some bound, no smaller number is among the top; so the
 * second job looks into few stretches.
 *
 * Cuts and sums depend on the row's length alone, hence a row's result has the same bits on any number of threads.
 * Between the jobs lies [numRows] of: the largest of each stretch [numParts * TOP_STRETCHES], the largest of
 * each part and its sum [numParts][2].
 */
import { TOP_PART, TOP_STRETCH, TOP_STRETCHES } from './kernel-ids';
import { floats, intArg, pointerArg } from './pool';
import { Vector } from './vector';

/**
 * What the parts hold; a chunk is a part. Arguments: logits [any, numCols], indices of the rows, between (above),
 * numCols, numParts of a row.
 */
export function topLogitsParts(job: usize, chunk: i32): void {
  const numParts = intArg(job, 4);
  const index = chunk / numParts;
  const part = chunk % numParts;
  const first = part * TOP_PART;
  const length = min(TOP_PART, intArg(job, 3) - first);
  const x = rowAddress(job, intArg(job, 3), index) + floats(first);
  const maxima = maximaAddress(pointerArg(job, 2), numParts, index);
  const largest = storeMaxima(x, length, maxima + floats(part * TOP_STRETCHES));
  const at = maxima + floats(numParts * TOP_STRETCHES + 2 * part);
  f32.store(at, largest);
  // Of a part without a number above -infinity every exponential is zero, or NaN.
  f32.store(at, sumOfExponentials(x, length, largest == -Infinity ? 0 : largest), 4);
}

/**
 * The top of a row; a chunk is a row. Arguments: logits [any, numCols], indices of the rows, between, numCols,
 * numParts, numTop, out [numRows] of: logits [numTop], tokens [numTop] as i32, the sum of exponentials over the
 * largest logit. A row without `numTop` numbers has NaN among it, and so has its sum.
 */
export function topLogitsMerge(job: usize, chunk: i32): void {
  const numCols = intArg(job, 3);
  const numParts = intArg(job, 4);
  const numTop = intArg(job, 5);
  const out = pointerArg(job, 6) + (chunk as usize) * floats(2 * numTop + 1);
  const tokens = out + floats(numTop);
  const maxima = maximaAddress(pointerArg(job, 2), numParts, chunk);
  const bound = boundOf(maxima, (numCols + TOP_STRETCH - 1) / TOP_STRETCH, out, tokens, numTop);
  const count = storeTop(rowAddress(job, numCols, chunk), numCols, maxima, bound, out, tokens, numTop);
  for (let rank = count; rank < numTop; rank++) {
    f32.store(out + floats(rank), NaN);
    i32.store(tokens + floats(rank), 0);
  }
  f32.store(out + floats(2 * numTop), sumOfParts(maxima + floats(numParts * TOP_STRETCHES), numParts));
}

function rowAddress(job: usize, numCols: i32, index: i32): usize {
  const row = load<i32>(pointerArg(job, 1) + floats(index));
  return pointerArg(job, 0) + (row as usize) * floats(numCols);
}

function maximaAddress(between: usize, numParts: i32, index: i32): usize {
  return between + (index as usize) * floats(numParts * (TOP_STRETCHES + 2));
}

/** Stores the largest of each stretch, -infinity where there is none, and returns the largest of all. NaN is passed over. */
function storeMaxima(x: usize, length: i32, maxima: usize): f32 {
  let largest: f32 = -Infinity;
  for (let stretch = 0; stretch < TOP_STRETCHES; stretch++) {
    const first = stretch * TOP_STRETCH;
    const stretchLargest = largestOf(x + floats(first), min(TOP_STRETCH, length - first));
    f32.store(maxima + floats(stretch), stretchLargest);
    if (stretchLargest > largest) largest = stretchLargest;
  }
  return largest;
}

function largestOf(x: usize, length: i32): f32 {
  // pmax(a, b) is b where a < b and a elsewhere: a NaN in b is passed over.
  let m0 = f32x4.splat(-Infinity);
  let m1 = m0;
  let m2 = m0;
  let m3 = m0;
  let i = 0;
  for (; i + 16 <= length; i += 16) {
    const at = x + floats(i);
    m0 = f32x4.pmax(m0, v128.load(at));
    m1 = f32x4.pmax(m1, v128.load(at, 16));
    m2 = f32x4.pmax(m2, v128.load(at, 32));
    m3 = f32x4.pmax(m3, v128.load(at, 48));
  }
  for (; i < length; i += 4) m0 = f32x4.pmax(m0, firstOf(v128.load(x + floats(i)), length - i));
  let m = f32x4.pmax(f32x4.pmax(m0, m1), f32x4.pmax(m2, m3));
  m = f32x4.pmax(m, v128.shuffle<i32>(m, m, 2, 3, 0, 1));
  m = f32x4.pmax(m, v128.shuffle<i32>(m, m, 1, 0, 3, 2));
  return f32x4.extract_lane(m, 0);
}

/**
 * The sum of e^(x - largest), for x up to `largest`: of each stretch in float32, of these in float64. Two vectors a
 * turn, because V8 of Node 20 takes a third longer over one.
 */
function sumOfExponentials(x: usize, length: i32, largest: f32): f32 {
  // V8 of Node 24 makes a vector that it knows for constant anew at each use, which takes two thirds as long as the
  // arithmetic. That this is zero it does not know.
  const zero = (length >> 31) as f32;
  const log2e = f32x4.splat(f32(1.44269504) + zero);
  const lowest = f32x4.splat(f32(-127) + zero);
  const shift = f32x4.splat(f32(12583039) + zero);
  const c1 = f32x4.splat(f32(0.693147) + zero);
  const c2 = f32x4.splat(f32(0.24022242) + zero);
  const c3 = f32x4.splat(f32(0.055507336) + zero);
  const c4 = f32x4.splat(f32(0.009671513) + zero);
  const c5 = f32x4.splat(f32(0.0013264727) + zero);
  const largests = f32x4.splat(largest);
  let total = f64x2.splat(0);
  for (let first = 0; first < length; first += TOP_STRETCH) {
    const end = min(length, first + TOP_STRETCH);
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let at = x + floats(first);
    for (const wholes = x + floats(end & ~7); at < wholes; at += 32) {
      const x0 = f32x4.sub(v128.load(at), largests);
      const x1 = f32x4.sub(v128.load(at, 16), largests);
      s0 = f32x4.add(s0, Exponential.of(x0, log2e, lowest, shift, c1, c2, c3, c4, c5));
      s1 = f32x4.add(s1, Exponential.of(x1, log2e, lowest, shift, c1, c2, c3, c4, c5));
    }
    for (; at < x + floats(end); at += 4) s0 = f32x4.add(s0, exponentialOf(f32.load(at) - largest));
    const sums = f32x4.add(s0, s1);
    const high = f64x2.promote_low_f32x4(v128.shuffle<i32>(sums, sums, 2, 3, 0, 1));
    total = f64x2.add(total, f64x2.add(f64x2.promote_low_f32x4(sums), high));
  }
  return (f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1)) as f32;
}

abstract class Exponential {
  /**
   * e^x of four numbers of at most 0, exactly 0 below -88, NaN of NaN, which `Vector.exp` makes 0. Relative errors of
   * 2e-7 and, from the product with log2(e), 1e-7 times x. c1 to c5: the minimax of 2^f on [-0.5, 0.5] with 1 at 0.
   */
  @inline
  static of(x: v128, log2e: v128, lowest: v128, shift: v128, c1: v128, c2: v128, c3: v128, c4: v128, c5: v128): v128 {
    // pmax(a, b) is a unless a < b, so that NaN stays.
    const t = f32x4.pmax(f32x4.mul(x, log2e), lowest);
    // Adding 1.5 * 2^23 + 127 rounds to an integer and leaves it, as an exponent of float32, in the low bits.
    const shifted = f32x4.add(t, shift);
    const f = f32x4.sub(t, f32x4.sub(shifted, shift));
    let p = f32x4.add(f32x4.mul(c5, f), c4);
    p = f32x4.add(f32x4.mul(p, f), c3);
    p = f32x4.add(f32x4.mul(p, f), c2);
    p = f32x4.add(f32x4.mul(p, f), c1);
    // 2^n (1 + p f), without a vector of ones: 2^n is another sum.
    const scale = i32x4.shl(shifted, 23);
    return f32x4.add(scale, f32x4.mul(scale, f32x4.mul(p, f)));
  }
}

/** e^x in the first of four numbers, zero in the others; NaN of NaN. */
function exponentialOf(x: f32): v128 {
  const exponential = x == x ? f32x4.extract_lane(Vector.exp(f32x4.splat(x)), 0) : x;
  return f32x4.replace_lane(f32x4.splat(0), 0, exponential);
}

/** The sum over all parts, over the largest of all of them. */
function sumOfParts(parts: usize, numParts: i32): f32 {
  let largest: f32 = -Infinity;
  for (let part = 0; part < numParts; part++) largest = max(largest, f32.load(parts + floats(2 * part)));
  let sum: f64 = 0;
  for (let part = 0; part < numParts; part++) {
    const at = parts + floats(2 * part);
    const share = Vector.exp(f32x4.splat(f32.load(at) - largest));
    sum += (f32.load(at, 4) as f64) * (f32x4.extract_lane(share, 0) as f64);
  }
  return sum as f32;
}

/** The `numTop`th largest of the maxima, -infinity if they are fewer; `values` and `tokens` are used for it. */
function boundOf(maxima: usize, numMaxima: i32, values: usize, tokens: usize, numTop: i32): f32 {
  if (numMaxima < numTop) return -Infinity;
  for (let i = 0; i < numTop; i++) insert(values, tokens, i, f32.load(maxima + floats(i)), 0);
  const last = values + floats(numTop - 1);
  for (let i = numTop; i < numMaxima; i++) {
    const value = f32.load(maxima + floats(i));
    if (value > f32.load(last)) insert(values, tokens, numTop - 1, value, 0);
  }
  return f32.load(last);
}

/** Stores the top in order, the lower token first on ties, and returns how many there are; none is below `bound`. */
function storeTop(x: usize, numCols: i32, maxima: usize, bound: f32, values: usize, tokens: usize, numTop: i32): i32 {
  const last = values + floats(numTop - 1);
  let count = 0;
  let least = bound;
  for (let first = 0; first < numCols; first += TOP_STRETCH, maxima += 4) {
    const largest = f32.load(maxima);
    if (count < numTop ? largest < least : largest <= least) continue;
    const end = min(numCols, first + TOP_STRETCH);
    for (let i = first; i < end; i += 4) {
      let hits = i32x4.bitmask(f32x4.ge(v128.load(x + floats(i)), f32x4.splat(least)));
      for (; hits != 0; hits &= hits - 1) {
        const token = i + ctz(hits);
        const value = f32.load(x + floats(token));
        if (token >= end || (count == numTop && value <= least)) continue;
        insert(values, tokens, min(count, numTop - 1), value, token);
        if (count < numTop) count++;
        if (count == numTop) least = f32.load(last);
      }
    }
  }
  return count;
}

/** Puts a number into a falling list of `length` numbers and a place behind them: after its equals. */
function insert(values: usize, tokens: usize, length: i32, value: f32, token: i32): void {
  let at = floats(length);
  for (; at > 0 && f32.load(values + at - 4) < value; at -= 4) {
    f32.store(values + at, f32.load(values + at - 4));
    i32.store(tokens + at, i32.load(tokens + at - 4));
  }
  f32.store(values + at, value);
  i32.store(tokens + at, token);
}

/** The first `count` of four numbers, -infinity in the place of the rest. */
function firstOf(x: v128, count: i32): v128 {
  return v128.bitselect(x, f32x4.splat(-Infinity), i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count)));
}
