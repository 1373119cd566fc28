import type { TensorInfo } from '@tensorflow/tfjs-core';
import { NORM_HEADS, ROW_CHUNK } from '../assembly/kernel-ids.ts';
import { floatArg } from '../kernel-pool.ts';
import { defineKernel } from './define-kernel.ts';

/**
 * RMSNorm of each head of queries and keys, values as they are: qkv [rows, (numHeads + 2 numKvHeads) * headDim], gains
 * [headDim up to a multiple of 8] -> as qkv.
 */
export const normHeads = defineKernel<
  { qkv: TensorInfo; queryGain: TensorInfo; keyGain: TensorInfo },
  { numRows: number; numHeads: number; numKvHeads: number; headDim: number; epsilon: number }
>('NormHeads', ({ heap, run }, { qkv, queryGain, keyGain }, attrs) => {
  const out = heap.makeTensor(qkv.shape); // [rows, qkv]
  run(NORM_HEADS, Math.ceil(attrs.numRows / ROW_CHUNK), [
    heap.tensorAddress(qkv),
    heap.tensorAddress(queryGain),
    heap.tensorAddress(keyGain),
    heap.tensorAddress(out),
    attrs.numRows,
    attrs.numHeads,
    attrs.numKvHeads,
    attrs.headDim,
    floatArg(attrs.epsilon),
  ]);
  return out;
});
