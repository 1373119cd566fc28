import type { TensorInfo } from '@tensorflow/tfjs-core';
import { EMBED, ROW_CHUNK } from '../assembly/kernel-ids.ts';
import { floatArg } from '../kernel-pool.ts';
import { hasBfloat16Panels } from '../wasm-parameter.ts';
import { defineKernel } from './define-kernel.ts';

/**
 * Token embedding plus position embedding of each row, both in panels [size / 8, dim, 8 or 4] as a head has them, or without
 * positions the token embedding times `scale`: tokenIds [rows], positionIds [rows] -> [rows, dim].
 */
export const embed = defineKernel<
  { tokens: TensorInfo; positions?: TensorInfo; tokenIds: TensorInfo; positionIds: TensorInfo },
  { numRows: number; scale: number }
>('Embed', ({ heap, run }, { tokens, positions, tokenIds, positionIds }, { numRows, scale }) => {
  const dim = tokens.shape[1] ?? 0;
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
    Number(hasBfloat16Panels(tokens)),
    Number(positions !== undefined && hasBfloat16Panels(positions)),
  ]);
  return out;
});
