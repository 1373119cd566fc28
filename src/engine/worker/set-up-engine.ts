import { cacheShape, type EngineCacheShape, estimateMemory, modelSizeOf } from '../estimate-memory.ts';
import { checkMemory, type NeededMemory } from '../check-memory.ts';
import type { ModelInfo } from '../engine.ts';
import type { EngineSettings } from '../protocol.ts';
import { EngineCore } from './engine-core.ts';
import { ModelRunner } from './model-runner.ts';
import type { EngineError } from '../../errors.ts';
import { type LoadedModel, OpenModel } from '../../model/load-model.ts';
import type { ModelConfig } from '../../model/model-config.ts';
import { PAGE_TOKENS } from '../../pages.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { type RuntimeChoice, startFastestRuntime } from '../../runtime/auto/choose-runtime.ts';
import { startRuntime } from '../../runtime/start-runtime.ts';
import { Sampler } from '../../sampling/sampler.ts';
import { Scheduler } from '../../scheduler/scheduler.ts';
import { StepCostModel, type StepShape, type StepWork } from '../../scheduler/step-cost-model.ts';
import { filesDigest } from '../../weights/files-digest.ts';
import { monotonicMs } from '../../values.ts';

export interface EngineSetup {
  core: EngineCore;
  runtime: Runtime;
  model: ModelInfo;
  /** What the largest step that there can be is expected to take, in milliseconds. */
  largestStepMs(): number;
}

export interface SetUpEvents {
  /** The device went away for good, in a step or between two. */
  onLost: (error: EngineError) => void;
  /** A step of a shape that was not run before is about to be. */
  onNewShape?: () => void;
}

/**
 * Starts the runtime, loads the model, allocates the KV cache and takes a first step; after it, nothing of a model's or
 * cache's size is allocated any more.
 *
 * @throws EngineError `backend_unavailable`, `weights_invalid`, `config_invalid`; `backend_failure` of the first step
 */
export async function setUpEngine(
  settings: EngineSettings,
  { onLost, onNewShape }: SetUpEvents,
): Promise<EngineSetup> {
  const { runtime, reason, loaded, shape, neededMemory } = await startAndLoad(settings, onLost);
  const { model, numParameters, weightBytes, weightFormat } = loaded;
  const weightMemoryBytes = runtime.memory().numBytes;
  const cache = runtime.createKvCache(shape);
  const work = stepWork(model.config, numParameters);
  const costs = new StepCostModel(work);
  const scheduler = new Scheduler({
    numSeats: shape.maxNumSeqs,
    numPages: shape.numPages,
    window: shape.windowed,
    maxNumBatchedTokens: settings.maxNumBatchedTokens,
    prefixCache: settings.prefixCache,
    speculates: settings.speculates,
    costs,
  });
  const runner = new ModelRunner(model, runtime, cache, onNewShape);
  const firstStep = new StepCostModel(work);
  firstStep.record(ONE_ROW, await millisecondsOf(() => runner.warmUp()));
  // What weights were read into is garbage, which nothing but this would collect for as long as there is work: next to
  // nothing is allocated from here on. The engine process has the function; where tests set up an engine it may lack.
  globalThis.gc?.();
  const core = new EngineCore(scheduler, runner, new Sampler(model.config.vocabSize), monotonicMs);
  const { architecture, vocabSize, dim, numLayers, numHeads, eosTokenIds } = model.config;
  const largest = scheduler.largestShape(shape.maxModelLen);
  return {
    core,
    runtime,
    // As long as no step was measured, by the first decode, which says too much of a larger step and never too little.
    largestStepMs: () => (costs.isMeasured ? costs : firstStep).predictMs(largest),
    model: {
      id: settings.modelId,
      architecture,
      vocabSize,
      dim,
      numLayers,
      numHeads,
      eosTokenIds,
      contextLength: shape.maxModelLen,
      numParameters,
      weightBytes,
      weightFormat,
      filesDigest: await filesDigest(settings.modelPath),
      weightMemoryBytes,
      runtime: runtime.name,
      runtimeDescription: runtime.description,
      device: runtime.device.name,
      ...(reason === undefined ? {} : { runtimeReason: reason }),
      numThreads: runtime.numThreads,
      maxNumSeqs: shape.maxNumSeqs,
      kvCacheTokens: shape.numPages * PAGE_TOKENS,
      kvCacheBytes: cache.numBytes,
      ...neededMemory,
      createdAt: Math.floor(Date.now() / 1000),
    },
  };
}

const ONE_ROW: StepShape = { numRows: 1, numLogitRows: 1, numScores: 1 };

async function millisecondsOf(run: () => Promise<void>): Promise<number> {
  const startedAt = monotonicMs();
  await run();
  return monotonicMs() - startedAt;
}

interface Started extends Partial<RuntimeChoice> {
  readonly runtime: Runtime;
  readonly loaded: LoadedModel;
  readonly shape: EngineCacheShape;
  readonly neededMemory: NeededMemory;
}

/** Loads a model once its headers say that it and its cache fit. */
async function startAndLoad(
  settings: EngineSettings,
  onLost: (error: EngineError) => void,
): Promise<Started> {
  const open = await OpenModel.open(settings.modelPath);
  try {
    const choice = await chooseRuntime(settings, open.config, onLost);
    const { runtime } = choice;
    const size = modelSizeOf(open);
    const shape = cacheShape(size, settings, runtime.name);
    const estimate = estimateMemory(size, shape, { ...settings, runtime: runtime.name });
    const neededMemory = checkMemory(estimate, runtime, settings.memoryLimitBytes);
    return { ...choice, loaded: await open.load(runtime, shape.maxModelLen), shape, neededMemory };
  } finally {
    await open.close();
  }
}

async function chooseRuntime(
  { runtime, numThreads, weights, kvCacheFormat, allowsNative }: EngineSettings,
  config: ModelConfig,
  onLost: (error: EngineError) => void,
): Promise<Partial<RuntimeChoice> & { runtime: Runtime }> {
  const options = { numThreads, weights, onLost, ...(kvCacheFormat === undefined ? {} : { kvCacheFormat }) };
  if (runtime === 'auto') return startFastestRuntime({ ...options, allowsNative, shape: config });
  return { runtime: await startRuntime(runtime, options) };
}

/**
 * The multiply-adds of a model's steps. Every trained number of its blocks is used once a row; of its embedding, and of
 * a head apart from it, only the head counts, and only for rows whose logits are wanted.
 */
export function stepWork(
  { vocabSize, dim, numHeads, headDim, numLayers, tiedHead }: ModelConfig,
  numParameters: number,
): StepWork {
  const headSize = vocabSize * dim;
  return {
    perRow: Math.max(numParameters - headSize * (tiedHead ? 1 : 2), 1),
    perLogitRow: headSize,
    // A key by a query, and a value by what comes of it.
    perScore: 2 * numLayers * numHeads * headDim,
  };
}
