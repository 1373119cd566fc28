import type { TensorInfo } from '@tensorflow/tfjs-core';
import { GATE } from '../assembly/kernel-ids.ts';
import { defineKernel } from './define-kernel.ts';
import type { Job } from './job.ts';

export function gateJobs(
  { x, out }: { x: number; out: number },
  { numRows, mlpDim, isGelu }: { numRows: number; mlpDim: number; isGelu: boolean },
): Job[] {
  return [{ kernelId: GATE, numChunks: numRows, args: [x, out, mlpDim, Number(isGelu)] }];
}

/** silu(gate) * value, or with `isGelu` 1 gelu(gate) * value: [rows, 2 * mlpDim] -> [rows, mlpDim]. */
export const gate = defineKernel<{ x: TensorInfo }, { numRows: number; isGelu: number }>(
  'Gate',
  ({ heap, run }, { x }, { numRows, isGelu }) => {
    const mlpDim = (x.shape[1] ?? 0) / 2;
    const out = heap.makeTensor([x.shape[0] ?? 0, mlpDim]); // [rows, mlpDim]
    const operands = { x: heap.tensorAddress(x), out: heap.tensorAddress(out) };
    run(gateJobs(operands, { numRows, mlpDim, isGelu: isGelu === 1 }));
    return out;
  },
);
