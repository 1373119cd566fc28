import type { TensorInfo } from '@tensorflow/tfjs-core';
import { GELU, POINTWISE_CHUNK } from '../assembly/kernel-ids.ts';
import { defineKernel } from './define-kernel.ts';
import type { Job } from './job.ts';

/** @param numElements of x and of out */
export function geluJobs({ x, out }: { x: number; out: number }, numElements: number): Job[] {
  return [
    { kernelId: GELU, numChunks: Math.ceil(numElements / POINTWISE_CHUNK), args: [x, out, numElements] },
  ];
}

/** GELU in its tanh form: [rows, dim] -> [rows, dim]. */
export const gelu = defineKernel<{ x: TensorInfo }, { numRows: number }>(
  'Gelu',
  ({ heap, run }, { x }, { numRows }) => {
    const out = heap.makeTensor(x.shape); // [rows, dim]
    const operands = { x: heap.tensorAddress(x), out: heap.tensorAddress(out) };
    run(geluJobs(operands, numRows * (x.shape[1] ?? 0)));
    return out;
  },
);
