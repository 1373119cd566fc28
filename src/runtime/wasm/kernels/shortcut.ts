import type { TensorInfo } from '@tensorflow/tfjs-core';
import { ADD, POINTWISE_CHUNK } from '../assembly/kernel-ids.ts';
import { defineKernel } from './define-kernel.ts';

/** The shortcut connection, x + y: two times [rows, dim] -> [rows, dim]. */
export const shortcut = defineKernel<{ x: TensorInfo; y: TensorInfo }, { numRows: number }>(
  'Shortcut',
  ({ heap, run }, { x, y }, { numRows }) => {
    const out = heap.makeTensor(x.shape); // [rows, dim]
    const length = numRows * (x.shape[1] ?? 0);
    const addresses = [heap.tensorAddress(x), heap.tensorAddress(y), heap.tensorAddress(out)];
    run(ADD, Math.ceil(length / POINTWISE_CHUNK), [...addresses, length]);
    return out;
  },
);
