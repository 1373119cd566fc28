import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { HeadStripes } from '../../ops.ts';
import { NORM_HEADS, ROW_CHUNK } from '../assembly/kernel-ids.ts';
import type { Job } from '../job.ts';
import { floatArg } from '../kernel-pool.ts';
import { defineKernel, runJobs } from './define-kernel.ts';

interface NormHeadsOperands {
  readonly qkv: number;
  readonly queryGain: number;
  readonly keyGain: number;
  readonly out: number;
}

export function normHeadsJobs(
  { qkv, queryGain, keyGain, out }: NormHeadsOperands,
  { numHeads, numKvHeads, headDim }: HeadStripes,
  { numRows, epsilon }: { numRows: number; epsilon: number },
): Job[] {
  const operands = [qkv, queryGain, keyGain, out];
  const args = [...operands, numRows, numHeads, numKvHeads, headDim, floatArg(epsilon)];
  return [[NORM_HEADS, Math.ceil(numRows / ROW_CHUNK), args]];
}

/**
 * RMSNorm of each head of queries and keys, values as they are: qkv [rows, (numHeads + 2 numKvHeads) * headDim], gains
 * [headDim up to a multiple of 8] -> as qkv.
 */
export const normHeads = defineKernel<
  { qkv: TensorInfo; queryGain: TensorInfo; keyGain: TensorInfo },
  { numRows: number; numHeads: number; numKvHeads: number; headDim: number; epsilon: number }
>('NormHeads', (context, { qkv, queryGain, keyGain }, attrs) => {
  const { heap } = context;
  const out = heap.makeTensor(qkv.shape); // [rows, qkv]
  const operands = {
    qkv: heap.tensorAddress(qkv),
    queryGain: heap.tensorAddress(queryGain),
    keyGain: heap.tensorAddress(keyGain),
    out: heap.tensorAddress(out),
  };
  runJobs(context, normHeadsJobs(operands, attrs, attrs));
  return out;
});
