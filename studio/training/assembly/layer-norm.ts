import { floatArg, intArg, pointerArg } from './pool';
import { Vector } from './vector';

/** Rows of one chunk. */
const CHUNK_ROWS: i32 = 64;
/** Columns of one chunk where a kernel sums over rows. */
const CHUNK_COLS: i32 = 32;

/**
 * out = (x - mean) / sqrt(var + epsilon) * gain + shift, each row alone; stats [rows][2] keeps mean and 1 / deviation.
 * Arguments: x, gain, shift (0 = none), out, stats, rows, cols, epsilon.
 */
export function layerNorm(job: usize, chunk: i32): void {
  const gain = pointerArg(job, 1);
  const shift = pointerArg(job, 2);
  const stats = pointerArg(job, 4);
  const numCols = intArg(job, 6);
  const rowBytes = <usize>numCols * 4;
  const epsilon = floatArg(job, 7);
  const endRow = min(intArg(job, 5), (chunk + 1) * CHUNK_ROWS);
  for (let row = chunk * CHUNK_ROWS; row < endRow; row++) {
    const x = pointerArg(job, 0) + <usize>row * rowBytes;
    const out = pointerArg(job, 3) + <usize>row * rowBytes;
    let sum = f32x4.splat(0);
    for (let at: usize = 0; at < rowBytes; at += 16) sum = f32x4.add(sum, v128.load(x + at));
    const mean = Vector.sum(sum) / <f32>numCols;
    const means = f32x4.splat(mean);
    let squares = f32x4.splat(0);
    for (let at: usize = 0; at < rowBytes; at += 16) {
      const centred = f32x4.sub(v128.load(x + at), means);
      squares = f32x4.add(squares, f32x4.mul(centred, centred));
    }
    const inverse = <f32>1 / sqrt<f32>(Vector.sum(squares) / <f32>numCols + epsilon);
    const inverses = f32x4.splat(inverse);
    f32.store(stats + <usize>row * 8, mean);
    f32.store(stats + <usize>row * 8, inverse, 4);
    for (let at: usize = 0; at < rowBytes; at += 16) {
      const normed = f32x4.mul(f32x4.sub(v128.load(x + at), means), inverses);
      const scaled = f32x4.mul(normed, v128.load(gain + at));
      v128.store(out + at, shift == 0 ? scaled : f32x4.add(scaled, v128.load(shift + at)));
    }
  }
}

/**
 * dX = 1 / deviation * (g - mean(g) - n mean(g n)) with g = dY * gain and n the normalised row.
 * Arguments: x, gain, stats, dY, dX, rows, cols.
 */
export function layerNormBackward(job: usize, chunk: i32): void {
  const gain = pointerArg(job, 1);
  const stats = pointerArg(job, 2);
  const numCols = intArg(job, 6);
  const rowBytes = <usize>numCols * 4;
  const endRow = min(intArg(job, 5), (chunk + 1) * CHUNK_ROWS);
  for (let row = chunk * CHUNK_ROWS; row < endRow; row++) {
    const x = pointerArg(job, 0) + <usize>row * rowBytes;
    const dY = pointerArg(job, 3) + <usize>row * rowBytes;
    const dX = pointerArg(job, 4) + <usize>row * rowBytes;
    const means = v128.load32_splat(stats + <usize>row * 8);
    const inverses = v128.load32_splat(stats + <usize>row * 8, 4);
    let sum = f32x4.splat(0);
    let dot = f32x4.splat(0);
    for (let at: usize = 0; at < rowBytes; at += 16) {
      const g = f32x4.mul(v128.load(dY + at), v128.load(gain + at));
      const normed = f32x4.mul(f32x4.sub(v128.load(x + at), means), inverses);
      sum = f32x4.add(sum, g);
      dot = f32x4.add(dot, f32x4.mul(g, normed));
    }
    const meanG = f32x4.splat(Vector.sum(sum) / <f32>numCols);
    const meanDot = f32x4.splat(Vector.sum(dot) / <f32>numCols);
    for (let at: usize = 0; at < rowBytes; at += 16) {
      const g = f32x4.mul(v128.load(dY + at), v128.load(gain + at));
      const normed = f32x4.mul(f32x4.sub(v128.load(x + at), means), inverses);
      const centred = f32x4.sub(f32x4.sub(g, meanG), f32x4.mul(normed, meanDot));
      v128.store(dX + at, f32x4.mul(centred, inverses));
    }
  }
}

/**
 * dGain = sum over rows of dY * n; the chunk is a range of columns, so that the order of the sum is fixed.
 * Arguments: x, stats, dY, dGain, rows, cols.
 */
export function layerNormGainBackward(job: usize, chunk: i32): void {
  const stats = pointerArg(job, 1);
  const dGain = pointerArg(job, 3);
  const numRows = intArg(job, 4);
  const numCols = intArg(job, 5);
  const rowBytes = <usize>numCols * 4;
  const start = <usize>(chunk * CHUNK_COLS) * 4;
  const end = <usize>min(numCols, (chunk + 1) * CHUNK_COLS) * 4;
  memory.fill(dGain + start, 0, end - start);
  for (let row = 0; row < numRows; row++) {
    const x = pointerArg(job, 0) + <usize>row * rowBytes;
    const dY = pointerArg(job, 2) + <usize>row * rowBytes;
    const means = v128.load32_splat(stats + <usize>row * 8);
    const inverses = v128.load32_splat(stats + <usize>row * 8, 4);
    for (let at = start; at < end; at += 16) {
      const normed = f32x4.mul(f32x4.sub(v128.load(x + at), means), inverses);
      const sum = f32x4.add(v128.load(dGain + at), f32x4.mul(v128.load(dY + at), normed));
      v128.store(dGain + at, sum);
    }
  }
}

/** The sum of eight rows at one place, from the first row on. */
@inline
function sumOfEight(x: usize, rowBytes: usize): v128 {
  const a = f32x4.add(v128.load(x), v128.load(x + rowBytes));
  const b = f32x4.add(v128.load(x + 2 * rowBytes), v128.load(x + 3 * rowBytes));
  const c = f32x4.add(v128.load(x + 4 * rowBytes), v128.load(x + 5 * rowBytes));
  const d = f32x4.add(v128.load(x + 6 * rowBytes), v128.load(x + 7 * rowBytes));
  return f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
}

/**
 * out [cols] = sum over rows of x [rows, cols], in a fixed order: eight rows at a time, since one alone would wait for
 * memory. Arguments: x, out, rows, cols.
 */
export function columnSum(job: usize, chunk: i32): void {
  const x = pointerArg(job, 0);
  const out = pointerArg(job, 1);
  const numRows = intArg(job, 2);
  const numCols = intArg(job, 3);
  const rowBytes = <usize>numCols * 4;
  const start = <usize>(chunk * CHUNK_COLS) * 4;
  const end = <usize>min(numCols, (chunk + 1) * CHUNK_COLS) * 4;
  const numInEights = numRows - (numRows % 8);
  memory.fill(out + start, 0, end - start);
  for (let row = 0; row < numInEights; row += 8) {
    const rows = x + <usize>row * rowBytes;
    for (let at = start; at < end; at += 16)
      v128.store(out + at, f32x4.add(v128.load(out + at), sumOfEight(rows + at, rowBytes)));
  }
  for (let row = numInEights; row < numRows; row++) {
    const last = x + <usize>row * rowBytes;
    for (let at = start; at < end; at += 16)
      v128.store(out + at, f32x4.add(v128.load(out + at), v128.load(last + at)));
  }
}
