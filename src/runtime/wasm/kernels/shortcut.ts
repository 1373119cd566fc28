import type { TensorInfo } from '@tensorflow/tfjs-core';
import { ADD, POINTWISE_CHUNK } from '../assembly/kernel-ids.ts';
import { defineKernel } from './define-kernel.ts';
import type { Job } from './job.ts';

/** @param numElements of each operand */
export function shortcutJobs(
  { x, y, out }: { x: number; y: number; out: number },
  numElements: number,
): Job[] {
  return [
    { kernelId: ADD, numChunks: Math.ceil(numElements / POINTWISE_CHUNK), args: [x, y, out, numElements] },
  ];
}

/** The shortcut connection, x + y: two times [rows, dim] -> [rows, dim]. */
export const shortcut = defineKernel<{ x: TensorInfo; y: TensorInfo }, { numRows: number }>(
  'Shortcut',
  ({ heap, run }, { x, y }, { numRows }) => {
    const out = heap.makeTensor(x.shape); // [rows, dim]
    const operands = { x: heap.tensorAddress(x), y: heap.tensorAddress(y), out: heap.tensorAddress(out) };
    run(shortcutJobs(operands, numRows * (x.shape[1] ?? 0)));
    return out;
  },
);
