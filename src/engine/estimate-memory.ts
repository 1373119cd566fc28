import type { OpenModel } from '../model/load-model.ts';
import type { ModelConfig } from '../model/model-config.ts';
import { pagesFor } from '../pages.ts';
import { kvCacheBytes, type KvCacheShape, type WindowedLayers } from '../runtime/runtime.ts';
import {
  bytesPerWeight,
  kvCacheFormat,
  type KvCacheRequest,
  RUNTIME_TRAITS,
  type RuntimeName,
  type WeightFormat,
} from '../runtime/traits.ts';
import { autoBytesPerWeight } from '../runtime/kernels/kernel-parameter.ts';
import { maxLogitRows } from '../scheduler/scheduler.ts';
import { type CachePlan, planCache } from '../scheduler/cache-plan.ts';
import type { EngineSettings } from './protocol.ts';

/** What the headers of a model's files say of its size. */
export interface ModelSize {
  readonly config: ModelConfig;
  /** Trained numbers in matrices, and in vectors. */
  readonly numMatrixWeights: number;
  readonly numVectorWeights: number;
  /** The number format that most bytes of it are stored in: `F16`, `Q8_0`. */
  readonly storedFormat: string;
  /** Bytes of a weight, on average, where blocks of a file are held as they are. */
  readonly keptBytesPerWeight: Readonly<Record<'native' | 'wasm', number>>;
}

/** Bytes that an engine process will take, part by part. */
export interface MemoryEstimate {
  readonly weightBytes: number;
  readonly kvCacheBytes: number;
  /** Activations and logits of the largest step. */
  readonly stepBytes: number;
  /** Node, tfjs and their code. */
  readonly processBytes: number;
  readonly totalBytes: number;
}

/** The size of a model whose files are open. */
export function modelSizeOf(model: OpenModel): ModelSize {
  const numWeights = { vector: 0, matrix: 0 };
  for (const { shape } of model.plan.parameters) {
    const kind = shape.length === 1 ? 'vector' : 'matrix';
    numWeights[kind] += shape.reduce((product, size) => product * size, 1);
  }
  const [largest] = [...model.bytesByFormat].toSorted(([, a], [, b]) => b - a);
  return {
    config: model.config,
    numMatrixWeights: numWeights.matrix,
    numVectorWeights: numWeights.vector,
    storedFormat: largest?.[0] ?? 'F32',
    keptBytesPerWeight: {
      native: keptBytesPerWeight(model, 'native'),
      wasm: keptBytesPerWeight(model, 'wasm'),
    },
  };
}

function keptBytesPerWeight({ numbersByFormat, isGguf }: OpenModel, runtime: 'native' | 'wasm'): number {
  let [numBytes, numWeights] = [0, 0];
  for (const [format, count] of numbersByFormat) {
    numBytes += count * autoBytesPerWeight(runtime, format, isGguf);
    numWeights += count;
  }
  return numWeights === 0 ? 0 : numBytes / numWeights;
}

/**
 * What a model will take in memory once it is loaded, known before any weight is read. Weights that `WEIGHTS=auto` may
 * halve are counted whole unless they are stored in the very format that they are held in.
 */
export function estimateMemory(
  size: ModelSize,
  shape: KvCacheShape & Pick<EngineCacheShape, 'maxNumSeqs'>,
  { runtime, weights, kvCacheFormat: askedFormat, maxNumBatchedTokens }: EstimateSettings,
): MemoryEstimate {
  const { dim, mlpDim, vocabSize } = size.config;
  const numRows = Math.max(maxNumBatchedTokens, shape.maxNumSeqs);
  const parts = {
    weightBytes: weightBytesOf(size, runtime, weights),
    kvCacheBytes: kvCacheBytes(shape, kvCacheFormat(runtime, weights, askedFormat, shape.headDim)),
    // About: residual, normed, q, k, v, attended and two more of the model's width; gate, up and their product.
    stepBytes: 4 * (numRows * (8 * dim + 3 * mlpDim) + maxLogitRows(shape.maxNumSeqs, numRows) * vocabSize),
    processBytes: RUNTIME_TRAITS[runtime].processBytes,
  };
  return { ...parts, totalBytes: Object.values(parts).reduce((sum, bytes) => sum + bytes, 0) };
}

function weightBytesOf(
  { numMatrixWeights, numVectorWeights, storedFormat, keptBytesPerWeight }: ModelSize,
  runtime: RuntimeName,
  weights: WeightFormat,
): number {
  const bytes =
    RUNTIME_TRAITS[runtime].keepsBlocks && weights === 'auto'
      ? keptBytesPerWeight[runtime === 'wasm' ? 'wasm' : 'native']
      : bytesPerWeight(runtime, weights, storedFormat);
  return Math.ceil(numMatrixWeights * bytes) + 4 * numVectorWeights;
}

interface EstimateSettings {
  runtime: RuntimeName;
  weights: WeightFormat;
  kvCacheFormat?: KvCacheRequest;
  maxNumBatchedTokens: number;
}

/** A cache, how long a sequence in it may become, and how many run at once. */
export type EngineCacheShape = KvCacheShape &
  CachePlan & { readonly maxNumSeqs: number; readonly windowed: EngineWindows | undefined };

/** Layers with pages of their own, and the tokens that the widest of their windows has. */
type EngineWindows = WindowedLayers & { readonly numTokens: number };

/** The layers of a model that see no more than a window; `undefined` where there are none. */
export function windowsOf(config: ModelConfig): Omit<EngineWindows, 'numPages'> | undefined {
  const windows = (config.layers ?? []).map(({ window }) => window);
  const layers = windows.flatMap((window, layer) => (window === undefined ? [] : [layer]));
  if (layers.length === 0) return undefined;
  return { layers: new Set(layers), numTokens: Math.max(...windows.map((window) => window ?? 0)) };
}

/** Of the memory that is free beside the weights, what keys and values may take where nothing is set. */
const CACHE_SHARE = 1 / 5;
const LEAST_CACHE_BYTES = 256 * 2 ** 20;
/** Where memory is not the machine's, an array of WebAssembly cannot be as large, or other models want some, too. */
const OTHER_CACHE_BYTES = 1024 * 2 ** 20;

/** Most bytes that the keys and values of a model take. */
function cacheBudget(
  size: ModelSize,
  { kvCacheBytes, freeMemoryBytes, memoryLimitBytes = Infinity, weights, allowsShorter }: BudgetSettings,
  runtime: RuntimeName,
): number {
  if (kvCacheBytes !== undefined) return kvCacheBytes;
  if (runtime !== 'native' || allowsShorter) return OTHER_CACHE_BYTES;
  const besideWeights = Math.min(freeMemoryBytes, memoryLimitBytes) - weightBytesOf(size, runtime, weights);
  return Math.max(Math.floor(CACHE_SHARE * besideWeights), LEAST_CACHE_BYTES);
}

type BudgetSettings = Pick<
  EngineSettings,
  'kvCacheBytes' | 'freeMemoryBytes' | 'memoryLimitBytes' | 'weights' | 'allowsShorter'
>;

/**
 * The KV cache that a model gets by the settings.
 * @throws EngineError `config_invalid` where MAX_MODEL_LEN or KV_CACHE_MB do not go with the model
 */
export function cacheShape(size: ModelSize, settings: CacheSettings, runtime: RuntimeName): EngineCacheShape {
  const { numLayers, numKvHeads, headDim, contextLength } = size.config;
  const {
    maxModelLen: askedLen,
    maxNumSeqs: askedSeqs,
    allowsShorter,
    weights,
    kvCacheFormat: format,
  } = settings;
  const cacheFormat = kvCacheFormat(runtime, weights, format, headDim);
  const bytesOf = (layers: number): number =>
    kvCacheBytes({ numLayers: layers, numKvHeads, headDim, numPages: 1, maxStepPages: 1 }, cacheFormat);
  // A page in a file has all layers.
  const windows = settings.prefixDisk === undefined ? windowsOf(size.config) : undefined;
  const numWindowed = windows?.layers.size ?? 0;
  const bytesPerPage = bytesOf(numLayers - numWindowed);
  const windowed = windows && { bytesPerPage: bytesOf(numWindowed), numTokens: windows.numTokens };
  const maxModelLen = askedLen !== undefined && allowsShorter ? Math.min(askedLen, contextLength) : askedLen;
  const budgetBytes = cacheBudget(size, settings, runtime);
  const asked = { maxNumSeqs: askedSeqs, maxModelLen, contextLength };
  const plan = planCache({ ...asked, bytesPerPage, windowed, budgetBytes });
  const { numPages, numWindowPages } = plan;
  // Each that runs has a page at least.
  const maxNumSeqs = Math.min(askedSeqs, numWindowPages ?? numPages);
  const maxStepPages = maxNumSeqs * pagesFor(plan.maxModelLen);
  const apart =
    windows === undefined || numWindowPages === undefined
      ? undefined
      : { ...windows, numPages: numWindowPages };
  return { numLayers, numKvHeads, headDim, ...plan, windowed: apart, maxStepPages, maxNumSeqs };
}

type CacheSettings = BudgetSettings &
  Pick<EngineSettings, 'maxModelLen' | 'maxNumSeqs' | 'kvCacheFormat' | 'prefixDisk'>;
