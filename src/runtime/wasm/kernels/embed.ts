import type { TensorInfo } from '@tensorflow/tfjs-core';
import { EMBED, ROW_CHUNK } from '../assembly/kernel-ids.ts';
import { hasBfloat16Panels } from '../wasm-parameter.ts';
import { defineKernel } from './define-kernel.ts';
import { floatArg } from '../kernel-pool.ts';
import type { Job } from './job.ts';

/** A table of embeddings in panels. */
interface EmbeddingTable {
  readonly address: number;
  readonly isHalf: boolean;
}

interface EmbedOperands {
  readonly tokens: EmbeddingTable;
  readonly positions: EmbeddingTable | undefined;
  readonly tokenIds: number;
  readonly positionIds: number;
  readonly out: number;
}

export function embedJobs(
  { tokens, positions, tokenIds, positionIds, out }: EmbedOperands,
  { numRows, dim, scale }: { numRows: number; dim: number; scale: number },
): Job[] {
  const args = [tokens.address, positions?.address ?? 0, tokenIds, positionIds, out, numRows, dim];
  const formats = [Number(tokens.isHalf), Number(positions?.isHalf ?? false)];
  return [
    {
      kernelId: EMBED,
      numChunks: Math.ceil(numRows / ROW_CHUNK),
      args: [...args, floatArg(scale), ...formats],
    },
  ];
}

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
  const table = (tensor: TensorInfo): EmbeddingTable => ({
    address: heap.tensorAddress(tensor),
    isHalf: hasBfloat16Panels(tensor),
  });
  const operands = {
    tokens: table(tokens),
    positions: positions && table(positions),
    tokenIds: heap.tensorAddress(tokenIds),
    positionIds: heap.tensorAddress(positionIds),
    out: heap.tensorAddress(out),
  };
  run(embedJobs(operands, { numRows, dim, scale }));
  return out;
});
