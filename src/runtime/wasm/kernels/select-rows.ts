import type { TensorInfo } from '@tensorflow/tfjs-core';
import { ROW_CHUNK, SELECT_ROWS } from '../assembly/kernel-ids.ts';
import type { Job } from '../job.ts';
import { defineKernel, runJobs } from './define-kernel.ts';

/** @param operands addresses; rows are the indices of those selected */
export function selectRowsJobs(
  { x, rows, out }: { x: number; rows: number; out: number },
  { numRows, dim }: { numRows: number; dim: number },
): Job[] {
  const numChunks = Math.ceil(numRows / ROW_CHUNK);
  return [[SELECT_ROWS, numChunks, [x, rows, out, numRows, dim]]];
}

/** Some rows of x in the order of `rows`: [rows, dim], [selected] -> [selected, dim]. */
export const selectRows = defineKernel<{ x: TensorInfo; rows: TensorInfo }, { numRows: number }>(
  'SelectRows',
  (context, { x, rows }, { numRows }) => {
    const { heap } = context;
    const dim = x.shape[1] ?? 0;
    const out = heap.makeTensor([rows.shape[0] ?? 0, dim]); // [selected, dim]
    const operands = {
      x: heap.tensorAddress(x),
      rows: heap.tensorAddress(rows),
      out: heap.tensorAddress(out),
    };
    runJobs(context, selectRowsJobs(operands, { numRows, dim }));
    return out;
  },
);
