import type { TensorInfo } from '@tensorflow/tfjs-core';
import { EMBED, ROW_CHUNK } from '../assembly/kernel-ids.ts';
import { floatArg } from '../kernel-pool.ts';
import { defineKernel } from './define-kernel.ts';

/**
 * Token embedding plus position embedding of each row, both in panels as a head has them, or without positions the
 * token embedding times `scale`: tokenIds [rows], positionIds [rows] -> [rows, dim].
 */
export const embed = defineKernel<
  { tokens: TensorInfo; positions?: TensorInfo; tokenIds: TensorInfo; positionIds: TensorInfo },
  { numRows: number; dim: number; scale: number; tokenFormat: number; positionFormat: number }
>('Embed', ({ heap, run }, { tokens, positions, tokenIds, positionIds }, attrs) => {
  const { numRows, dim, scale, tokenFormat, positionFormat } = attrs;
  const out = heap.makeTensor([tokenIds.shape[0] ?? 0, dim]); // [rows, dim]
  run(EMBED, Math.ceil(numRows / ROW_CHUNK), [
    heap.tensorAddress(tokens),
    positions === undefined ? 0 : heap.tensorAddress(positions),
    heap.tensorAddress(tokenIds),
    heap.tensorAddress(positionIds),
    heap.tensorAddress(out),
    numRows,
    dim,
    floatArg(scale),
    tokenFormat,
    positionFormat,
  ]);
  return out;
});
