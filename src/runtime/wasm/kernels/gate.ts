import type { TensorInfo } from '@tensorflow/tfjs-core';
import { GATE } from '../assembly/kernel-ids.ts';
import { defineKernel } from './define-kernel.ts';

/** silu(gate) * value, or with `isGelu` 1 gelu(gate) * value: [rows, 2 * mlpDim] -> [rows, mlpDim]. */
export const gate = defineKernel<{ x: TensorInfo }, { numRows: number; isGelu: number }>(
  'Gate',
  ({ heap, run }, { x }, { numRows, isGelu }) => {
    const mlpDim = (x.shape[1] ?? 0) / 2;
    const out = heap.makeTensor([x.shape[0] ?? 0, mlpDim]); // [rows, mlpDim]
    run(GATE, numRows, [heap.tensorAddress(x), heap.tensorAddress(out), mlpDim, isGelu]);
    return out;
  },
);
