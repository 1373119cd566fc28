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
    normalise(pointerArg(job, 0) + at, pointerArg(job, 1), pointerArg(job, 2) + at, dim, floatArg(job, 5));
  }
}

/**
 * RMSNorm of each head of queries and keys by itself; values are copied.
 * Arguments: qkv [numRows, (numHeads + 2 numKvHeads) * headDim], gain of queries, gain of keys, out, numRows, numHeads,
 * numKvHeads, headDim, epsilon.
 */
export function normHeads(job: usize, chunk: i32): void {
  const numHeads = intArg(job, 5);
  const numKvHeads = intArg(job, 6);
  const headDim = intArg(job, 7);
  const headBytes = floats(headDim);
  const rowBytes = ((numHeads + 2 * numKvHeads) as usize) * headBytes;
  const end = min(intArg(job, 4), (chunk + 1) * ROW_CHUNK);
  for (let row = chunk * ROW_CHUNK; row < end; row++) {
    let x = pointerArg(job, 0) + (row as usize) * rowBytes;
    let out = pointerArg(job, 3) + (row as usize) * rowBytes;
    for (let head = 0; head < numHeads + numKvHeads; head++, x += headBytes, out += headBytes) {
      const gain = head < numHeads ? pointerArg(job, 1) : pointerArg(job, 2);
      normalise(x, gain, out, headDim, floatArg(job, 8));
    }
    memory.copy(out, x, (numKvHeads as usize) * headBytes);
  }
}

function normalise(x: usize, gain: usize, out: usize, dim: i32, epsilon: f32): void {
  const meanSquare = squaredDeviations(x, dim, 0) / (dim as f32);
  const inverses = f32x4.splat(f32(1) / sqrt<f32>(meanSquare + epsilon));
  for (let d = 0; d < dim; d += 4) {
    const at = floats(d);
    const y = f32x4.mul(f32x4.mul(v128.load(x + at), inverses), v128.load(gain + at));
    Vector.store(out + at, y, dim - d);
  }
}
