import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { HeadStripes, Rotation } from '../../ops.ts';
import { ROTATE, ROW_CHUNK } from '../assembly/kernel-ids.ts';
import type { Job } from '../job.ts';
import { defineKernel, runJobs } from './define-kernel.ts';

interface RotateOperands {
  readonly qkv: number;
  readonly table: number;
  readonly positionIds: number;
  readonly out: number;
}

export function rotateJobs(
  { qkv, table, positionIds, out }: RotateOperands,
  { numHeads, numKvHeads, headDim }: HeadStripes,
  { numRows, pairing }: { numRows: number; pairing: Rotation['pairing'] },
): Job[] {
  const areNeighbours = Number(pairing === 'neighbours');
  const args = [qkv, table, positionIds, out, numRows, numHeads, numKvHeads, headDim, areNeighbours];
  return [[ROTATE, Math.ceil(numRows / ROW_CHUNK), args]];
}

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
>('Rotate', (context, { qkv, table, positionIds }, attrs) => {
  const { heap } = context;
  const out = heap.makeTensor(qkv.shape); // [rows, qkv]
  const operands = {
    qkv: heap.tensorAddress(qkv),
    table: heap.tensorAddress(table),
    positionIds: heap.tensorAddress(positionIds),
    out: heap.tensorAddress(out),
  };
  const pairing = attrs.areNeighbours === 1 ? 'neighbours' : 'halves';
  runJobs(context, rotateJobs(operands, attrs, { numRows: attrs.numRows, pairing }));
  return out;
});
