/**
 * Rows times a panel of bfloat16: the tiles of linear-tiles.ts with weights that are widened as they are read, which is
 * exact, and the same sums in the same order, hence the same bits.
 */
import { Bfloat16, BFLOAT16_PANEL_STEP } from './bfloat16';
import { Output } from './linear-tiles';
import { floats } from './pool';

/** One row [depth] times a panel [depth][8]: at most `cols` numbers at `to`. */
export function row1x8Bfloat16(x: usize, w: usize, depth: i32, bias: usize, to: usize, cols: i32): void {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  const end = x + floats(depth);
  for (const unrolled = x + floats(depth & ~3); x < unrolled; x += 16, w += 4 * BFLOAT16_PANEL_STEP) {
    let a = v128.load32_splat(x);
    let words = v128.load(w);
    s0 = f32x4.add(s0, f32x4.mul(a, Bfloat16.low(words)));
    s1 = f32x4.add(s1, f32x4.mul(a, Bfloat16.high(words)));
    a = v128.load32_splat(x, 4);
    words = v128.load(w, 16);
    s0 = f32x4.add(s0, f32x4.mul(a, Bfloat16.low(words)));
    s1 = f32x4.add(s1, f32x4.mul(a, Bfloat16.high(words)));
    a = v128.load32_splat(x, 8);
    words = v128.load(w, 32);
    s0 = f32x4.add(s0, f32x4.mul(a, Bfloat16.low(words)));
    s1 = f32x4.add(s1, f32x4.mul(a, Bfloat16.high(words)));
    a = v128.load32_splat(x, 12);
    words = v128.load(w, 48);
    s0 = f32x4.add(s0, f32x4.mul(a, Bfloat16.low(words)));
    s1 = f32x4.add(s1, f32x4.mul(a, Bfloat16.high(words)));
  }
  for (; x < end; x += 4, w += BFLOAT16_PANEL_STEP) {
    const a = v128.load32_splat(x);
    const words = v128.load(w);
    s0 = f32x4.add(s0, f32x4.mul(a, Bfloat16.low(words)));
    s1 = f32x4.add(s1, f32x4.mul(a, Bfloat16.high(words)));
  }
  Output.store(to, s0, bias, cols);
  Output.store(to + 16, s1, bias ? bias + 16 : 0, cols - 4);
}

/** Four rows [depth][4] times a panel [depth][8]: at most rows x cols numbers at `to`, `stride` numbers apart. */
export function tile4x8Bfloat16(
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
  for (const end = x + ((depth as usize) << 4); x < end; x += 16, w += BFLOAT16_PANEL_STEP) {
    const words = v128.load(w);
    const w0 = Bfloat16.low(words);
    const w1 = Bfloat16.high(words);
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
