import type { TensorInfo } from '@tensorflow/tfjs-core';
import { RMS_NORM, ROW_CHUNK } from '../assembly/kernel-ids.ts';
import type { Job } from '../job.ts';
import { floatArg } from '../kernel-pool.ts';
import { defineKernel, runJobs } from './define-kernel.ts';

export function rmsNormJobs(
  { x, gain, out }: { x: number; gain: number; out: number },
  { numRows, dim, epsilon }: { numRows: number; dim: number; epsilon: number },
): Job[] {
  const args = [x, gain, out, numRows, dim, floatArg(epsilon)];
  return [[RMS_NORM, Math.ceil(numRows / ROW_CHUNK), args]];
}

/** x / sqrt(mean(x^2) + epsilon) * gain of each row: [rows, dim] -> [rows, dim]. */
export const rmsNorm = defineKernel<
  { x: TensorInfo; gain: TensorInfo },
  { numRows: number; epsilon: number }
>('RmsNorm', (context, { x, gain }, { numRows, epsilon }) => {
  const { heap } = context;
  const out = heap.makeTensor(x.shape); // [rows, dim]
  const operands = {
    x: heap.tensorAddress(x),
    gain: heap.tensorAddress(gain),
    out: heap.tensorAddress(out),
  };
  runJobs(context, rmsNormJobs(operands, { numRows, dim: x.shape[1] ?? 0, epsilon }));
  return out;
});
