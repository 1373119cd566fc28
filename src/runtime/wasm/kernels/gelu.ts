import type { TensorInfo } from '@tensorflow/tfjs-core';
import { GELU, POINTWISE_CHUNK } from '../assembly/kernel-ids.ts';
import type { Job } from '../job.ts';
import { defineKernel, runJobs } from './define-kernel.ts';

/** @param numElements of x and of out */
export function geluJobs({ x, out }: { x: number; out: number }, numElements: number): Job[] {
  return [[GELU, Math.ceil(numElements / POINTWISE_CHUNK), [x, out, numElements]]];
}

/** GELU in its tanh form: [rows, dim] -> [rows, dim]. */
export const gelu = defineKernel<{ x: TensorInfo }, { numRows: number }>(
  'Gelu',
  (context, { x }, { numRows }) => {
    const { heap } = context;
    const out = heap.makeTensor(x.shape); // [rows, dim]
    const operands = { x: heap.tensorAddress(x), out: heap.tensorAddress(out) };
    runJobs(context, geluJobs(operands, numRows * (x.shape[1] ?? 0)));
    return out;
  },
);
