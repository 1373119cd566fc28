import type { TensorInfo } from '@tensorflow/tfjs-core';
import { ROTATE, ROW_CHUNK } from '../assembly/kernel-ids.ts';
import { defineKernel } from './define-kernel.ts';

/**
 * Turns the heads of queries and keys by their row's position, values as they are:
 * qkv [rows, (numHeads + 2 numKvHeads) * headDim], table [positions * headDim], positionIds [rows] -> as qkv.
 */
export const rotate = defineKernel<
  { qkv: TensorInfo; table: TensorInfo; positionIds: TensorInfo },
  {
    numRows: number;
    numHeads: number;
    numKvHeads: number;
    headDim: number;
    /** 1: the two of a pair side by side; 0: headDim / 2 apart. */
    areNeighbours: number;
  }
>('Rotate', ({ heap, run }, { qkv, table, positionIds }, attrs) => {
  const out = heap.makeTensor(qkv.shape); // [rows, qkv]
  run(ROTATE, Math.ceil(attrs.numRows / ROW_CHUNK), [
    heap.tensorAddress(qkv),
    heap.tensorAddress(table),
    heap.tensorAddress(positionIds),
    heap.tensorAddress(out),
    attrs.numRows,
    attrs.numHeads,
    attrs.numKvHeads,
    attrs.headDim,
    attrs.areNeighbours,
  ]);
  return out;
});
