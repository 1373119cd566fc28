import type { TensorInfo } from '@tensorflow/tfjs-core';
import { ADD, POINTWISE_CHUNK } from '../assembly/kernel-ids.ts';
import type { Job } from '../job.ts';
import { defineKernel, runJobs } from './define-kernel.ts';

/** @param numElements of each operand */
export function shortcutJobs(
  { x, y, out }: { x: number; y: number; out: number },
  numElements: number,
): Job[] {
  return [[ADD, Math.ceil(numElements / POINTWISE_CHUNK), [x, y, out, numElements]]];
}

/** The shortcut connection, x + y: two times [rows, dim] -> [rows, dim]. */
export const shortcut = defineKernel<{ x: TensorInfo; y: TensorInfo }, { numRows: number }>(
  'Shortcut',
  (context, { x, y }, { numRows }) => {
    const { heap } = context;
    const out = heap.makeTensor(x.shape); // [rows, dim]
    const operands = { x: heap.tensorAddress(x), y: heap.tensorAddress(y), out: heap.tensorAddress(out) };
    runJobs(context, shortcutJobs(operands, numRows * (x.shape[1] ?? 0)));
    return out;
  },
);
