/**
 * Rows times a panel of float32. Every output is the sum over k in order of x[k] * w[k], each product rounded before it
 * is added, the bias added last: the same bits in every tile, so that a row's result does not depend on how many rows
 * share the step.
 *
 *     one row      1 x 8   two sums; for a single row, as fast as memory delivers the weights
 *     four rows    4 x 8   eight sums
 *
 * V8 moves all loads of a loop before its arithmetic. Eight sums, two vectors of weights, four of x and a product are
 * the fifteen registers that it has: a larger tile, or this one unrolled, would go through the stack.
 */
import { floats } from './pool';
import { Vector } from './vector';

/** Bytes that one step along the depth takes in a panel. */
export const PANEL_STEP: usize = 32;

/** Ends sums: adds the bias (none at address 0) and stores at most `cols` numbers. */
export class Output {
  @inline
  static store(to: usize, sum: v128, bias: usize, cols: i32): void {
    Vector.store(to, bias ? f32x4.add(sum, v128.load(bias)) : sum, cols);
  }

  /** Four rows `stride` numbers apart, or as many of them as there are. */
  @inline
  static storeTile(
    to: usize,
    s00: v128,
    s01: v128,
    s10: v128,
    s11: v128,
    s20: v128,
    s21: v128,
    s30: v128,
    s31: v128,
    bias: usize,
    stride: i32,
    rows: i32,
    cols: i32,
  ): void {
    const bias1 = bias ? bias + 16 : 0;
    const rowBytes = floats(stride);
    Output.store(to, s00, bias, cols);
    Output.store(to + 16, s01, bias1, cols - 4);
    if (rows < 2) return;
    to += rowBytes;
    Output.store(to, s10, bias, cols);
    Output.store(to + 16, s11, bias1, cols - 4);
    if (rows < 3) return;
    to += rowBytes;
    Output.store(to, s20, bias, cols);
    Output.store(to + 16, s21, bias1, cols - 4);
    if (rows < 4) return;
    to += rowBytes;
    Output.store(to, s30, bias, cols);
    Output.store(to + 16, s31, bias1, cols - 4);
  }
}

/** One row [depth] times a panel [depth][8]: at most `cols` numbers at `to`. */
export function row1x8(x: usize, w: usize, depth: i32, bias: usize, to: usize, cols: i32): void {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  const end = x + floats(depth);
  for (const unrolled = x + floats(depth & ~3); x < unrolled; x += 16, w += 4 * PANEL_STEP) {
    let a = v128.load32_splat(x);
    s0 = f32x4.add(s0, f32x4.mul(a, v128.load(w)));
    s1 = f32x4.add(s1, f32x4.mul(a, v128.load(w, 16)));
    a = v128.load32_splat(x, 4);
    s0 = f32x4.add(s0, f32x4.mul(a, v128.load(w, 32)));
    s1 = f32x4.add(s1, f32x4.mul(a, v128.load(w, 48)));
    a = v128.load32_splat(x, 8);
    s0 = f32x4.add(s0, f32x4.mul(a, v128.load(w, 64)));
    s1 = f32x4.add(s1, f32x4.mul(a, v128.load(w, 80)));
    a = v128.load32_splat(x, 12);
    s0 = f32x4.add(s0, f32x4.mul(a, v128.load(w, 96)));
    s1 = f32x4.add(s1, f32x4.mul(a, v128.load(w, 112)));
  }
  for (; x < end; x += 4, w += PANEL_STEP) {
    const a = v128.load32_splat(x);
    s0 = f32x4.add(s0, f32x4.mul(a, v128.load(w)));
    s1 = f32x4.add(s1, f32x4.mul(a, v128.load(w, 16)));
  }
  Output.store(to, s0, bias, cols);
  Output.store(to + 16, s1, bias ? bias + 16 : 0, cols - 4);
}

/** Four rows [depth][4] times a panel [depth][8]: at most rows x cols numbers at `to`, `stride` numbers apart. */
export function tile4x8(
  x: usize,
  w: usize,
  depth: i32,
  bias: usize,
  to: usize,
  stride: i32,
  rows: i32,
  cols: i32,
): void {
  let s00 = f32x4.splat(0);
  let s01 = f32x4.splat(0);
  let s10 = f32x4.splat(0);
  let s11 = f32x4.splat(0);
  let s20 = f32x4.splat(0);
  let s21 = f32x4.splat(0);
  let s30 = f32x4.splat(0);
  let s31 = f32x4.splat(0);
  for (const end = x + ((depth as usize) << 4); x < end; x += 16, w += PANEL_STEP) {
    const w0 = v128.load(w);
    const w1 = v128.load(w, 16);
    let a = v128.load32_splat(x);
    s00 = f32x4.add(s00, f32x4.mul(a, w0));
    s01 = f32x4.add(s01, f32x4.mul(a, w1));
    a = v128.load32_splat(x, 4);
    s10 = f32x4.add(s10, f32x4.mul(a, w0));
    s11 = f32x4.add(s11, f32x4.mul(a, w1));
    a = v128.load32_splat(x, 8);
    s20 = f32x4.add(s20, f32x4.mul(a, w0));
    s21 = f32x4.add(s21, f32x4.mul(a, w1));
    a = v128.load32_splat(x, 12);
    s30 = f32x4.add(s30, f32x4.mul(a, w0));
    s31 = f32x4.add(s31, f32x4.mul(a, w1));
  }
  Output.storeTile(to, s00, s01, s10, s11, s20, s21, s30, s31, bias, stride, rows, cols);
}
