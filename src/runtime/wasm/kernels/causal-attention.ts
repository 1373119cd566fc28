import type { TensorInfo } from '@tensorflow/tfjs-core';
import { CAUSAL_ATTENTION, STORE_KEYS_VALUES, TILE_ROWS } from '../assembly/kernel-ids.ts';
import { floatArg } from '../kernel-pool.ts';
import { defineKernel } from './define-kernel.ts';

/** Chunks for each thread: few, as each has scratch of its own, yet enough to even out sequences of all lengths. */
const CHUNKS_PER_THREAD = 8;

/**
 * Writes the keys and values of every row into the cache, then lets each row attend to its own sequence.
 * qkv [rows, (numHeads + 2 numKvHeads) * headDim], keys [layers, lanes, numKvHeads, laneLength / 8, headDim, 8],
 * values [layers, lanes, numKvHeads, laneLength, headDim up to a multiple of 8], tiles [tiles, 4]
 * -> [rows, numHeads * headDim]. Keys and values are changed in place. A row sees `window` tokens at most, itself
 * included.
 */
export const causalAttention = defineKernel<
  { qkv: TensorInfo; keys: TensorInfo; values: TensorInfo; tiles: TensorInfo },
  { layerIndex: number; numHeads: number; scale: number; window: number }
>('CausalAttention', (context, { qkv, keys, values, tiles }, { layerIndex, numHeads, scale, window }) => {
  const { heap, run, numThreads } = context;
  const [, numLanes = 0, numKvHeads = 0, numPanels = 0, headDim = 0] = keys.shape;
  const valueDim = values.shape[4] ?? 0;
  const laneLength = numPanels * 8;
  const out = heap.makeTensor([qkv.shape[0] ?? 0, numHeads * headDim]); // [rows, heads * headDim]
  const numTiles = tiles.shape[0] ?? 0;
  if (numTiles === 0) return out;

  const layerTokens = layerIndex * numLanes * numKvHeads * laneLength;
  const args = [
    heap.tensorAddress(qkv),
    heap.tensorAddress(keys) + layerTokens * headDim * 4,
    heap.tensorAddress(values) + layerTokens * valueDim * 4,
    heap.tensorAddress(tiles),
    numTiles,
    numHeads,
    numKvHeads,
    headDim,
    laneLength,
  ];
  run(STORE_KEYS_VALUES, Math.min(numTiles, 2 * numThreads), args);

  // Queries [headDim][4], sums [4][valueDim] and scores [4][laneLength] of one chunk.
  const chunkBytes = Math.ceil((TILE_ROWS * (headDim + valueDim + laneLength) * 4) / 64) * 64;
  const numChunks = numThreads === 1 ? 1 : Math.min(numTiles * numHeads, CHUNKS_PER_THREAD * numThreads);
  const scratch = context.scratch(numChunks * chunkBytes);
  const more = [heap.tensorAddress(out), scratch, chunkBytes, floatArg(scale), Math.min(window, laneLength)];
  run(CAUSAL_ATTENTION, numChunks, [...args, ...more]);
  return out;
});
