import { RMS_NORM, ROW_CHUNK } from '../assembly/kernel-ids.ts';
import type { Job } from '../job.ts';
import { floatArg } from '../kernel-pool.ts';

/** x / sqrt(mean(x^2) + epsilon) * gain of each row: [rows, dim] -> [rows, dim]. */
export function rmsNormJobs(
  { x, gain, out }: { x: number; gain: number; out: number },
  { numRows, dim, epsilon }: { numRows: number; dim: number; epsilon: number },
): Job[] {
  const args = [x, gain, out, numRows, dim, floatArg(epsilon)];
  return [[RMS_NORM, Math.ceil(numRows / ROW_CHUNK), args]];
}
