import type { HeadStripes } from '../../ops.ts';
import { NORM_HEADS, ROW_CHUNK } from '../assembly/kernel-ids.ts';
import type { Job } from '../job.ts';
import { floatArg } from '../kernel-pool.ts';

interface NormHeadsOperands {
  readonly qkv: number;
  readonly queryGain: number;
  readonly keyGain: number;
  readonly out: number;
}

/**
 * RMSNorm of each head of queries and keys, values as they are: qkv [rows, (numHeads + 2 numKvHeads) * headDim], gains
 * [headDim up to a multiple of 8] -> as qkv.
 */
export function normHeadsJobs(
  { qkv, queryGain, keyGain, out }: NormHeadsOperands,
  { numHeads, numKvHeads, headDim }: HeadStripes,
  { numRows, epsilon }: { numRows: number; epsilon: number },
): Job[] {
  const operands = [qkv, queryGain, keyGain, out];
  const args = [...operands, numRows, numHeads, numKvHeads, headDim, floatArg(epsilon)];
  return [[NORM_HEADS, Math.ceil(numRows / ROW_CHUNK), args]];
}
