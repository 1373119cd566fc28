import { ROW_CHUNK } from './kernel-ids';
import { floatArg, intArg, pointerArg, floats } from './pool';
import { Vector } from './vector';

/**
 * LayerNorm (Ba et al. 2016) of each row with biased variance. Sums run over the row in eights, the same for every row.
 * Arguments: x [numRows, dim], gain, shift (0: none), out, numRows, dim, epsilon.
 */
export function layerNorm(job: usize, chunk: i32): void {
  const dim = intArg(job, 5);
  const rowBytes = floats(dim);
  const end = min(intArg(job, 4), (chunk + 1) * ROW_CHUNK);
  for (let row = chunk * ROW_CHUNK; row < end; row++) {
    const at = (row as usize) * rowBytes;
    normalise(pointerArg(job, 0) + at, pointerArg(job, 1), pointerArg(job, 2), pointerArg(job, 3) + at, dim, floatArg(job, 6));
  }
}

function normalise(x: usize, gain: usize, shift: usize, out: usize, dim: i32, epsilon: f32): void {
  const mean = sumOf(x, dim) / (dim as f32);
  const variance = squaredDeviations(x, dim, mean) / (dim as f32);
  const inverse = f32(1) / sqrt<f32>(variance + epsilon);
  const means = f32x4.splat(mean);
  const inverses = f32x4.splat(inverse);
  for (let d = 0; d < dim; d += 4) {
    const at = floats(d);
    let y = f32x4.mul(f32x4.mul(f32x4.sub(v128.load(x + at), means), inverses), v128.load(gain + at));
    if (shift) y = f32x4.add(y, v128.load(shift + at));
    Vector.store(out + at, y, dim - d);
  }
}

function sumOf(x: usize, dim: i32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  const end = x + floats(dim);
  for (const wholes = x + floats(dim & ~7); x < wholes; x += 32) {
    s0 = f32x4.add(s0, v128.load(x));
    s1 = f32x4.add(s1, v128.load(x, 16));
  }
  let sum = Vector.sum(f32x4.add(s0, s1));
  for (; x < end; x += 4) sum += f32.load(x);
  return sum;
}

/** The sum of (x - mean)^2 over a row, in eights, the same for every row. */
export function squaredDeviations(x: usize, dim: i32, mean: f32): f32 {
  const means = f32x4.splat(mean);
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  const end = x + floats(dim);
  for (const wholes = x + floats(dim & ~7); x < wholes; x += 32) {
    const d0 = f32x4.sub(v128.load(x), means);
    const d1 = f32x4.sub(v128.load(x, 16), means);
    s0 = f32x4.add(s0, f32x4.mul(d0, d0));
    s1 = f32x4.add(s1, f32x4.mul(d1, d1));
  }
  let sum = Vector.sum(f32x4.add(s0, s1));
  for (; x < end; x += 4) {
    const d = f32.load(x) - mean;
    sum += d * d;
  }
  return sum;
}
