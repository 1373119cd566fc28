import type { OpenModel } from '../model/load-model.ts';
import type { ModelConfig } from '../model/model-config.ts';
import { pagesFor } from '../runtime/pages.ts';
import { kvCacheBytes, type KvCacheShape } from '../runtime/runtime.ts';
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
  const { config, numMatrixWeights, numVectorWeights, storedFormat, keptBytesPerWeight } = size;
  const { dim, mlpDim, vocabSize } = config;
  const bytes =
    RUNTIME_TRAITS[runtime].keepsBlocks && weights === 'auto'
      ? keptBytesPerWeight[runtime === 'wasm' ? 'wasm' : 'native']
      : bytesPerWeight(runtime, weights, storedFormat);
  const numRows = Math.max(maxNumBatchedTokens, shape.maxNumSeqs);
  const parts = {
    weightBytes: Math.ceil(numMatrixWeights * bytes) + 4 * numVectorWeights,
    kvCacheBytes: kvCacheBytes(shape, kvCacheFormat(runtime, weights, askedFormat)),
    // About: residual, normed, q, k, v, attended and two more of the model's width; gate, up and their product.
    stepBytes: 4 * (numRows * (8 * dim + 3 * mlpDim) + maxLogitRows(shape.maxNumSeqs, numRows) * vocabSize),
    processBytes: RUNTIME_TRAITS[runtime].processBytes,
  };
  return { ...parts, totalBytes: Object.values(parts).reduce((sum, bytes) => sum + bytes, 0) };
}

interface EstimateSettings {
  runtime: RuntimeName;
  weights: WeightFormat;
  kvCacheFormat?: KvCacheRequest;
  maxNumBatchedTokens: number;
}

/** A cache, how long a sequence in it may become, and how many run at once. */
export type EngineCacheShape = KvCacheShape & CachePlan & { readonly maxNumSeqs: number };

/**
 * The KV cache that a model gets by the settings.
 * @throws EngineError `config_invalid` where MAX_MODEL_LEN or KV_CACHE_MB do not go with the model
 */
export function cacheShape(
  { numLayers, numKvHeads, headDim, contextLength }: ModelConfig,
  {
    maxModelLen: askedLen,
    allowsShorter,
    maxNumSeqs: askedSeqs,
    kvCacheBytes: budgetBytes,
    weights,
    kvCacheFormat: askedFormat,
  }: CacheSettings,
  runtime: RuntimeName,
): EngineCacheShape {
  const onePage = { numLayers, numKvHeads, headDim, numPages: 1, maxStepPages: 1 };
  const bytesPerPage = kvCacheBytes(onePage, kvCacheFormat(runtime, weights, askedFormat));
  const maxModelLen = askedLen !== undefined && allowsShorter ? Math.min(askedLen, contextLength) : askedLen;
  const plan = planCache({ maxNumSeqs: askedSeqs, maxModelLen, contextLength, bytesPerPage, budgetBytes });
  // Each that runs has a page at least.
  const maxNumSeqs = Math.min(askedSeqs, plan.numPages);
  const maxStepPages = maxNumSeqs * pagesFor(plan.maxModelLen);
  return { numLayers, numKvHeads, headDim, ...plan, maxStepPages, maxNumSeqs };
}

type CacheSettings = Pick<
  EngineSettings,
  'maxModelLen' | 'allowsShorter' | 'maxNumSeqs' | 'kvCacheBytes' | 'weights' | 'kvCacheFormat'
>;
