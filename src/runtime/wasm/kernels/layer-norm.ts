import type { TensorInfo } from '@tensorflow/tfjs-core';
import { LAYER_NORM, ROW_CHUNK } from '../assembly/kernel-ids.ts';
import { floatArg } from '../kernel-pool.ts';
import { defineKernel } from './define-kernel.ts';

/** (x - mean) / sqrt(var + epsilon) * gain + shift of each row: [rows, dim] -> [rows, dim]. */
export const layerNorm = defineKernel<
  { x: TensorInfo; gain: TensorInfo; shift?: TensorInfo },
  { numRows: number; epsilon: number }
>('LayerNorm', ({ heap, run }, { x, gain, shift }, { numRows, epsilon }) => {
  const out = heap.makeTensor(x.shape); // [rows, dim]
  run(LAYER_NORM, Math.ceil(numRows / ROW_CHUNK), [
    heap.tensorAddress(x),
    heap.tensorAddress(gain),
    shift === undefined ? 0 : heap.tensorAddress(shift),
    heap.tensorAddress(out),
    numRows,
    x.shape[1] ?? 0,
    floatArg(epsilon),
  ]);
  return out;
});
