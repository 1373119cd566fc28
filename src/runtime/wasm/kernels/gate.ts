import type { TensorInfo } from '@tensorflow/tfjs-core';
import { GATE } from '../assembly/kernel-ids.ts';
import type { Job } from '../job.ts';
import { defineKernel, runJobs } from './define-kernel.ts';

export function gateJobs(
  { x, out }: { x: number; out: number },
  { numRows, mlpDim, isGelu }: { numRows: number; mlpDim: number; isGelu: boolean },
): Job[] {
  return [[GATE, numRows, [x, out, mlpDim, Number(isGelu)]]];
}

/** silu(gate) * value, or with `isGelu` 1 gelu(gate) * value: [rows, 2 * mlpDim] -> [rows, mlpDim]. */
export const gate = defineKernel<{ x: TensorInfo }, { numRows: number; isGelu: number }>(
  'Gate',
  (context, { x }, { numRows, isGelu }) => {
    const { heap } = context;
    const mlpDim = (x.shape[1] ?? 0) / 2;
    const out = heap.makeTensor([x.shape[0] ?? 0, mlpDim]); // [rows, mlpDim]
    const operands = { x: heap.tensorAddress(x), out: heap.tensorAddress(out) };
    runJobs(context, gateJobs(operands, { numRows, mlpDim, isGelu: isGelu === 1 }));
    return out;
  },
);
