import { LAYER_NORM, ROW_CHUNK } from '../assembly/kernel-ids.ts';
import type { Job } from '../job.ts';
import { floatArg } from '../kernel-pool.ts';

/**
 * (x - mean) / sqrt(var + epsilon) * gain + shift of each row: [rows, dim] -> [rows, dim].
 * @param operands addresses; without a shift it is 0
 */
export function layerNormJobs(
  { x, gain, shift, out }: { x: number; gain: number; shift: number; out: number },
  { numRows, dim, epsilon }: { numRows: number; dim: number; epsilon: number },
): Job[] {
  const args = [x, gain, shift, out, numRows, dim, floatArg(epsilon)];
  return [[LAYER_NORM, Math.ceil(numRows / ROW_CHUNK), args]];
}
