import type { TensorInfo } from '@tensorflow/tfjs-core';
import { LAYER_NORM, ROW_CHUNK } from '../assembly/kernel-ids.ts';
import type { Job } from '../job.ts';
import { floatArg } from '../kernel-pool.ts';
import { defineKernel, runJobs } from './define-kernel.ts';

/** @param operands addresses; without a shift it is 0 */
export function layerNormJobs(
  { x, gain, shift, out }: { x: number; gain: number; shift: number; out: number },
  { numRows, dim, epsilon }: { numRows: number; dim: number; epsilon: number },
): Job[] {
  const args = [x, gain, shift, out, numRows, dim, floatArg(epsilon)];
  return [[LAYER_NORM, Math.ceil(numRows / ROW_CHUNK), args]];
}

/** (x - mean) / sqrt(var + epsilon) * gain + shift of each row: [rows, dim] -> [rows, dim]. */
export const layerNorm = defineKernel<
  { x: TensorInfo; gain: TensorInfo; shift?: TensorInfo },
  { numRows: number; epsilon: number }
>('LayerNorm', (context, { x, gain, shift }, { numRows, epsilon }) => {
  const { heap } = context;
  const out = heap.makeTensor(x.shape); // [rows, dim]
  const operands = {
    x: heap.tensorAddress(x),
    gain: heap.tensorAddress(gain),
    shift: shift === undefined ? 0 : heap.tensorAddress(shift),
    out: heap.tensorAddress(out),
  };
  runJobs(context, layerNormJobs(operands, { numRows, dim: x.shape[1] ?? 0, epsilon }));
  return out;
});
