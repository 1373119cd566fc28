import type { TensorInfo } from '@tensorflow/tfjs-core';
import { ROW_CHUNK, SELECT_ROWS } from '../assembly/kernel-ids.ts';
import { defineKernel } from './define-kernel.ts';

/** Some rows of x in the order of `rows`: [rows, dim], [selected] -> [selected, dim]. */
export const selectRows = defineKernel<{ x: TensorInfo; rows: TensorInfo }, { numRows: number }>(
  'SelectRows',
  ({ heap, run }, { x, rows }, { numRows }) => {
    const dim = x.shape[1] ?? 0;
    const out = heap.makeTensor([rows.shape[0] ?? 0, dim]); // [selected, dim]
    const addresses = [heap.tensorAddress(x), heap.tensorAddress(rows), heap.tensorAddress(out)];
    run(SELECT_ROWS, Math.ceil(numRows / ROW_CHUNK), [...addresses, numRows, dim]);
    return out;
  },
);
