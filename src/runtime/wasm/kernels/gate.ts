import { GATE } from '../assembly/kernel-ids.ts';
import type { Job } from '../job.ts';

/** silu(gate) * value, or with `isGelu` gelu(gate) * value: [rows, 2 * mlpDim] -> [rows, mlpDim]. */
export function gateJobs(
  { x, out }: { x: number; out: number },
  { numRows, mlpDim, isGelu }: { numRows: number; mlpDim: number; isGelu: boolean },
): Job[] {
  return [[GATE, numRows, [x, out, mlpDim, Number(isGelu)]]];
}
