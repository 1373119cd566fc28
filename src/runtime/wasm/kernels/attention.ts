import type { AttentionHeads } from '../../ops.ts';
import type { WasmCacheFormat } from '../wasm-kv-cache.ts';
import {
  ATTENTION,
  ATTENTION_INT8,
  STORE_KEYS_VALUES,
  STORE_KEYS_VALUES_INT8,
  TILE_ROWS,
  WEIGHT_BLOCK,
} from '../assembly/kernel-ids.ts';
import type { Job, JobContext } from '../job.ts';
import { floatArg } from '../kernel-pool.ts';

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
  readonly format: WasmCacheFormat;
}

const KERNEL_IDS = {
  f32: { store: STORE_KEYS_VALUES, attend: ATTENTION },
  int8: { store: STORE_KEYS_VALUES_INT8, attend: ATTENTION_INT8 },
} as const;

/**
 * Writes the keys and values of every row into the cache of a layer, then lets each row attend to its own sequence:
 * qkv [rows, (numHeads + 2 numKvHeads) * headDim] -> [rows, numHeads * headDim]. Keys and values [lanes, numKvHeads,
 * words] are as WasmKvCache has them. A row sees `window` tokens at most, itself included.
 */
export function attentionJobs(
  { qkv, keys, values, tiles, out }: AttentionOperands,
  { numHeads, numKvHeads, headDim, scale, window, laneLength, format }: AttentionAttrs,
  { numThreads, scratch }: JobContext,
): Job[] {
  const args = [qkv, keys, values, tiles, numHeads, numKvHeads, headDim, laneLength];
  const chunkBytes = chunkScratchBytes(headDim, laneLength, format);
  const numChunks = numThreads === 1 ? 1 : CHUNKS_PER_THREAD * numThreads;
  const more = [
    out,
    scratch(numChunks * chunkBytes),
    chunkBytes,
    floatArg(scale),
    Math.min(window, laneLength),
  ];
  const { store, attend } = KERNEL_IDS[format];
  return [
    [store, numThreads === 1 ? 1 : 2 * numThreads, args],
    [attend, numChunks, [...args, ...more]],
  ];
}

/** Totals [4], sums [4][valueDim] and scores [4][laneLength]; queries [4][headDim]; or, later, the weights' tiles. */
function chunkScratchBytes(headDim: number, laneLength: number, format: WasmCacheFormat): number {
  const valueDim = Math.ceil(headDim / 8) * 8;
  const common = TILE_ROWS * 4 * (1 + valueDim + laneLength);
  // As int16 beside four scales, if not as float32. A block may begin within 64 tokens, hence one more.
  const queryBytes = TILE_ROWS * 4 * (1 + headDim);
  const blockBytes = TILE_ROWS * (4 + 2 * WEIGHT_BLOCK);
  const weightBytes = format === 'int8' ? (Math.ceil(laneLength / WEIGHT_BLOCK) + 1) * blockBytes : 0;
  return Math.ceil((common + Math.max(queryBytes, weightBytes)) / 64) * 64;
}
