import type { TensorInfo } from '@tensorflow/tfjs-core';
import { RMS_NORM, ROW_CHUNK } from '../assembly/kernel-ids.ts';
import { floatArg } from '../kernel-pool.ts';
import { defineKernel } from './define-kernel.ts';

/** x / sqrt(mean(x^2) + epsilon) * gain of each row: [rows, dim] -> [rows, dim]. */
export const rmsNorm = defineKernel<
  { x: TensorInfo; gain: TensorInfo },
  { numRows: number; epsilon: number }
>('RmsNorm', ({ heap, run }, { x, gain }, { numRows, epsilon }) => {
  const out = heap.makeTensor(x.shape); // [rows, dim]
  run(RMS_NORM, Math.ceil(numRows / ROW_CHUNK), [
    heap.tensorAddress(x),
    heap.tensorAddress(gain),
    heap.tensorAddress(out),
    numRows,
    x.shape[1] ?? 0,
    floatArg(epsilon),
  ]);
  return out;
});
