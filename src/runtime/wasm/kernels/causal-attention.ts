import type { TensorInfo } from '@tensorflow/tfjs-core';
import { CAUSAL_ATTENTION, STORE_KEYS_VALUES, TILE_ROWS } from '../assembly/kernel-ids.ts';
import { floatArg } from '../kernel-pool.ts';
import { defineKernel } from './define-kernel.ts';

/** Chunks for each thread: few, as each has scratch of its own, yet enough to even out sequences of all lengths. */
const CHUNKS_PER_THREAD = 8;

/**
 * Writes the keys and values of every row into the cache, then lets each row attend to its own sequence.
 * qkv [rows, 3 * dim], keys [layers, lanes, heads, laneLength / 8, headDim, 8],
 * values [layers, lanes, heads, laneLength, headDim up to a multiple of 8], tiles [tiles, 4] -> [rows, dim].
 * Keys and values are changed in place.
 */
export const causalAttention = defineKernel<
  { qkv: TensorInfo; keys: TensorInfo; values: TensorInfo; tiles: TensorInfo },
  { layerIndex: number }
>('CausalAttention', (context, { qkv, keys, values, tiles }, { layerIndex }) => {
  const { heap, run, numThreads } = context;
  const [, numLanes = 0, numHeads = 0, numPanels = 0, headDim = 0] = keys.shape;
  const valueDim = values.shape[4] ?? 0;
  const laneLength = numPanels * 8;
  const out = heap.makeTensor([qkv.shape[0] ?? 0, numHeads * headDim]); // [rows, dim]
  const numTiles = tiles.shape[0] ?? 0;
  if (numTiles === 0) return out;

  const layerTokens = layerIndex * numLanes * numHeads * laneLength;
  const args = [
    heap.tensorAddress(qkv),
    heap.tensorAddress(keys) + layerTokens * headDim * 4,
    heap.tensorAddress(values) + layerTokens * valueDim * 4,
    heap.tensorAddress(tiles),
    numTiles,
    numHeads,
    headDim,
    laneLength,
  ];
  run(STORE_KEYS_VALUES, Math.min(numTiles, 2 * numThreads), args);

  // Queries [headDim][4], sums [4][valueDim] and scores [4][laneLength] of one chunk.
  const chunkBytes = Math.ceil((TILE_ROWS * (headDim + valueDim + laneLength) * 4) / 64) * 64;
  const numChunks = numThreads === 1 ? 1 : Math.min(numTiles * numHeads, CHUNKS_PER_THREAD * numThreads);
  const scratch = context.scratch(numChunks * chunkBytes);
  const scale = floatArg(1 / Math.sqrt(headDim));
  run(CAUSAL_ATTENTION, numChunks, [...args, heap.tensorAddress(out), scratch, chunkBytes, scale]);
  return out;
});
