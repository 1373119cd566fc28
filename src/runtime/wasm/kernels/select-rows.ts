import type { TensorInfo } from '@tensorflow/tfjs-core';
import { ROW_CHUNK, SELECT_ROWS } from '../assembly/kernel-ids.ts';
import { defineKernel } from './define-kernel.ts';
import type { Job } from './job.ts';

/** @param operands addresses; rows are the indices of those selected */
export function selectRowsJobs(
  { x, rows, out }: { x: number; rows: number; out: number },
  { numRows, dim }: { numRows: number; dim: number },
): Job[] {
  const numChunks = Math.ceil(numRows / ROW_CHUNK);
  return [{ kernelId: SELECT_ROWS, numChunks, args: [x, rows, out, numRows, dim] }];
}

/** Some rows of x in the order of `rows`: [rows, dim], [selected] -> [selected, dim]. */
export const selectRows = defineKernel<{ x: TensorInfo; rows: TensorInfo }, { numRows: number }>(
  'SelectRows',
  ({ heap, run }, { x, rows }, { numRows }) => {
    const dim = x.shape[1] ?? 0;
    const out = heap.makeTensor([rows.shape[0] ?? 0, dim]); // [selected, dim]
    const operands = {
      x: heap.tensorAddress(x),
      rows: heap.tensorAddress(rows),
      out: heap.tensorAddress(out),
    };
    run(selectRowsJobs(operands, { numRows, dim }));
    return out;
  },
);
