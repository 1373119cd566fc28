import { ROW_CHUNK } from './kernel-ids';
import { squaredDeviations } from './layer-norm';
import { floatArg, floats, intArg, pointerArg } from './pool';
import { Vector } from './vector';

/**
 * RMSNorm (Zhang & Sennrich 2019) of each row.
 * Arguments: x [numRows, dim], gain, out, numRows, dim, epsilon.
 */
export function rmsNorm(job: usize, chunk: i32): void {
  const dim = intArg(job, 4);
  const end = min(intArg(job, 3), (chunk + 1) * ROW_CHUNK);
  for (let row = chunk * ROW_CHUNK; row < end; row++) {
    const at = floats(row * dim);
    rmsNormalise(pointerArg(job, 0) + at, pointerArg(job, 1), pointerArg(job, 2) + at, dim, floatArg(job, 5));
  }
}

/** x [dim] / sqrt(mean(x^2) + epsilon) * gain. */
export function rmsNormalise(x: usize, gain: usize, out: usize, dim: i32, epsilon: f32): void {
  const meanSquare = squaredDeviations(x, dim, 0) / (dim as f32);
  const inverses = f32x4.splat(f32(1) / sqrt<f32>(meanSquare + epsilon));
  for (let d = 0; d < dim; d += 4) {
    const at = floats(d);
    const y = f32x4.mul(f32x4.mul(v128.load(x + at), inverses), v128.load(gain + at));
    Vector.store(out + at, y, dim - d);
  }
}
