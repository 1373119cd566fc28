import type { TensorInfo } from '@tensorflow/tfjs-core';
import { GELU, POINTWISE_CHUNK } from '../assembly/kernel-ids.ts';
import { defineKernel } from './define-kernel.ts';

/** GELU in its tanh form: [rows, dim] -> [rows, dim]. */
export const gelu = defineKernel<{ x: TensorInfo }, { numRows: number }>(
  'Gelu',
  ({ heap, run }, { x }, { numRows }) => {
    const out = heap.makeTensor(x.shape); // [rows, dim]
    const length = numRows * (x.shape[1] ?? 0);
    run(GELU, Math.ceil(length / POINTWISE_CHUNK), [heap.tensorAddress(x), heap.tensorAddress(out), length]);
    return out;
  },
);
