import { cacheShape, type EngineCacheShape, estimateMemory, modelSizeOf } from '../estimate-memory.ts';
import { checkMemory, type NeededMemory } from '../check-memory.ts';
import type { ModelInfo } from '../engine.ts';
import type { DiskNote, EngineSettings } from '../protocol.ts';
import { openPrefixDisk } from './disk/open-prefix-disk.ts';
import { PrefixDisk } from './disk/prefix-disk.ts';
import { EngineCore } from './engine-core.ts';
import { IdleMemory, type IdleMemoryOptions } from './idle-memory.ts';
import { KvEventLog } from './kv-event-log.ts';
import { ModelRunner } from './model-runner.ts';
import type { EngineError } from '../../errors.ts';
import { type LoadedModel, OpenModel } from '../../model/load-model.ts';
import type { ModelConfig } from '../../model/model-config.ts';
import { PAGE_TOKENS } from '../../pages.ts';
import type { KvCache, Runtime } from '../../runtime/runtime.ts';
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
  /** Where prefixes are kept in files; or why they are not, though asked for. */
  disk: PrefixDisk | DiskNote | undefined;
  /** What happens to pages, where that is wanted. */
  kvEvents: KvEventLog | undefined;
  /** Gives memory back while nothing runs; undefined where the runtime cannot. */
  giveBack(onReleased: () => void): IdleMemory | undefined;
  model: ModelInfo;
  /** What the largest step that there can be is expected to take, in milliseconds. */
  largestStepMs(): number;
}

export interface SetUpEvents {
  /** The device went away for good, in a step or between two. */
  onLost: (error: EngineError) => void;
  /** A step of a shape that was not run before is about to be. */
  onNewShape?: () => void;
  /** Pages came from the disk, or something is to be told of it. */
  onDiskWork?: () => void;
}

/**
 * Starts the runtime, loads the model, allocates the KV cache and takes a first step; after it, nothing of a model's or
 * cache's size is allocated any more.
 *
 * @throws EngineError `backend_unavailable`, `weights_invalid`, `config_invalid`; `backend_failure` of the first step
 */
export async function setUpEngine(
  settings: EngineSettings,
  { onLost, onNewShape, onDiskWork }: SetUpEvents,
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
  const firstStep = await costOfFirstStep(work, runner);
  const digest = await filesDigest(settings.modelPath);
  const loadedEngine = { runtime, cache, digest, costs, queue: scheduler.queue };
  const kvEvents = logOfPages(settings, scheduler);
  const disk = await openPrefixDisk(settings, loadedEngine, onDiskWork);
  const gate = disk instanceof PrefixDisk ? disk : undefined;
  const core = new EngineCore(scheduler, runner, new Sampler(model.config.vocabSize), monotonicMs, gate);
  return {
    core,
    runtime,
    disk,
    kvEvents,
    giveBack: (onReleased) => idleMemoryOf(runtime, cache, scheduler, settings.kvCacheIdleMs, onReleased),
    // As long as no step was measured, by the first decode, which says too much of a larger step and never too little.
    largestStepMs: () =>
      (costs.isMeasured ? costs : firstStep).predictMs(scheduler.largestShape(shape.maxModelLen)),
    model: {
      id: settings.modelId,
      ...toldOf(model.config),
      contextLength: shape.maxModelLen,
      numParameters,
      weightBytes,
      weightFormat,
      filesDigest: digest,
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

const toldOf = ({ architecture, vocabSize, dim, numLayers, numHeads, eosTokenIds }: ModelConfig) => ({
  architecture,
  vocabSize,
  dim,
  numLayers,
  numHeads,
  eosTokenIds,
});

function logOfPages({ kvEvents }: EngineSettings, { queue }: Scheduler): KvEventLog | undefined {
  if (kvEvents !== true) return undefined;
  const log = new KvEventLog();
  queue.cache.watch(log);
  return log;
}

function idleMemoryOf(
  { pageBytes }: Runtime,
  kvCache: KvCache,
  { queue: { cache } }: Scheduler,
  keptMs = 0,
  onReleased: () => void,
): IdleMemory | undefined {
  if (pageBytes?.releasePages === undefined) return undefined;
  const release: IdleMemoryOptions['release'] = (table, first, count) =>
    pageBytes.releasePages?.(kvCache, first, count, table);
  return new IdleMemory({ cache, keptMs, release, onReleased });
}

const ONE_ROW: StepShape = { numRows: 1, numLogitRows: 1, numScores: 1 };

async function costOfFirstStep(work: StepWork, runner: ModelRunner): Promise<StepCostModel> {
  const firstStep = new StepCostModel(work);
  firstStep.record(ONE_ROW, await millisecondsOf(() => runner.warmUp()));
  // What weights were read into is garbage, which nothing but this would collect for as long as there is work: next to
  // nothing is allocated from here on. The engine process has the function; where tests set up an engine it may lack.
  globalThis.gc?.();
  return firstStep;
}

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
  const { headDim } = config;
  const cache = { headDim, ...(kvCacheFormat === undefined ? {} : { kvCacheFormat }) };
  const options = { numThreads, weights, onLost, ...cache };
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
