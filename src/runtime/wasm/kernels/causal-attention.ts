import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { AttentionHeads } from '../../ops.ts';
import { CAUSAL_ATTENTION, STORE_KEYS_VALUES, TILE_ROWS } from '../assembly/kernel-ids.ts';
import type { Job } from '../job.ts';
import { floatArg } from '../kernel-pool.ts';
import { defineKernel, runJobs, type JobContext } from './define-kernel.ts';

/** Chunks for each thread: few, as each has scratch of its own, yet enough to even out sequences of all lengths. */
const CHUNKS_PER_THREAD = 8;

interface AttentionOperands {
  readonly qkv: number;
  /** Keys and values of the layer. */
  readonly keys: number;
  readonly values: number;
  readonly tiles: number;
  readonly out: number;
}

interface AttentionAttrs extends Omit<AttentionHeads, 'window'> {
  readonly window: number;
  /** A multiple of a panel's tokens. */
  readonly laneLength: number;
}

/** Writes the keys and values of every row into the cache, then lets each row attend to its own sequence. */
export function causalAttentionJobs(
  { qkv, keys, values, tiles, out }: AttentionOperands,
  { numHeads, numKvHeads, headDim, scale, window, laneLength }: AttentionAttrs,
  { numThreads, scratch }: JobContext,
): Job[] {
  const args = [qkv, keys, values, tiles, numHeads, numKvHeads, headDim, laneLength];
  // Queries [headDim][4], sums [4][valueDim] and scores [4][laneLength] of one chunk.
  const valueDim = Math.ceil(headDim / 8) * 8;
  const chunkBytes = Math.ceil((TILE_ROWS * (headDim + valueDim + laneLength) * 4) / 64) * 64;
  const numChunks = numThreads === 1 ? 1 : CHUNKS_PER_THREAD * numThreads;
  const more = [
    out,
    scratch(numChunks * chunkBytes),
    chunkBytes,
    floatArg(scale),
    Math.min(window, laneLength),
  ];
  return [
    [STORE_KEYS_VALUES, numThreads === 1 ? 1 : 2 * numThreads, args],
    [CAUSAL_ATTENTION, numChunks, [...args, ...more]],
  ];
}

/**
 * Attention of one layer on its own: qkv [rows, (numHeads + 2 numKvHeads) * headDim],
 * keys [layers, lanes, numKvHeads, laneLength / 8, headDim, 8],
 * values [layers, lanes, numKvHeads, laneLength, headDim up to a multiple of 8], tiles [1 + tiles, 4], the first of
 * which is their number, -> [rows, numHeads * headDim]. Keys and values are changed in place. A row sees `window` tokens
 * at most, itself included.
 */
export const causalAttention = defineKernel<
  { qkv: TensorInfo; keys: TensorInfo; values: TensorInfo; tiles: TensorInfo },
  { layerIndex: number; numHeads: number; scale: number; window: number }
>('CausalAttention', (context, { qkv, keys, values, tiles }, { layerIndex, numHeads, scale, window }) => {
  const { heap } = context;
  const [, numLanes = 0, numKvHeads = 0, numPanels = 0, headDim = 0] = keys.shape;
  const valueDim = values.shape[4] ?? 0;
  const laneLength = numPanels * 8;
  const out = heap.makeTensor([qkv.shape[0] ?? 0, numHeads * headDim]); // [rows, heads * headDim]
  const layerTokens = layerIndex * numLanes * numKvHeads * laneLength;
  const operands = {
    qkv: heap.tensorAddress(qkv),
    keys: heap.tensorAddress(keys) + layerTokens * headDim * 4,
    values: heap.tensorAddress(values) + layerTokens * valueDim * 4,
    tiles: heap.tensorAddress(tiles),
    out: heap.tensorAddress(out),
  };
  const attrs = { numHeads, numKvHeads, headDim, scale, window, laneLength };
  runJobs(context, causalAttentionJobs(operands, attrs, context));
  return out;
});
