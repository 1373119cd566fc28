import { EngineError } from '../errors.ts';
import type { CausalLm } from '../model/causal-lm.ts';
import { loadModel } from '../model/load-model.ts';
import { kvCacheBytes, type KvCacheShape, type Runtime } from '../runtime/runtime.ts';
import { startFastestRuntime, startRuntime, type RuntimeChoice } from '../runtime/start-runtime.ts';
import { Sampler } from '../sampling/sampler.ts';
import { planNumLanes } from '../scheduler/cache-plan.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import { EngineCore } from './engine-core.ts';
import type { ModelInfo } from './engine.ts';
import { ModelRunner } from './model-runner.ts';
import type { EngineSettings } from './protocol.ts';

export interface EngineSetup {
  core: EngineCore;
  runtime: Runtime;
  model: ModelInfo;
}

/**
 * Starts the runtime, loads the model, allocates the KV cache and takes a first step; after it, nothing of a model's or
 * cache's size is allocated any more.
 *
 * @param onLost called when the device goes away for good, in a step or between two
 * @throws EngineError `backend_unavailable`, `weights_invalid`, `config_invalid`; `backend_failure` of the first step
 */
export async function setUpEngine(
  settings: EngineSettings,
  onLost: (error: EngineError) => void,
): Promise<EngineSetup> {
  const { runtime, reason } = await chooseRuntime(settings, onLost);
  const { model, numParameters, weightBytes, weightFormat } = await loadModel(settings.modelPath, runtime);
  const weightMemoryBytes = runtime.memory().numBytes;
  const shape = cacheShape(model, settings);
  const cache = runtime.createKvCache(shape);
  const scheduler = new Scheduler({
    numLanes: shape.numLanes,
    maxNumBatchedTokens: settings.maxNumBatchedTokens,
    prefixCache: settings.prefixCache,
  });
  const runner = new ModelRunner(model, runtime, cache);
  await runner.warmUp();
  const core = new EngineCore(scheduler, runner, new Sampler(model.config.vocabSize));
  const { architecture, vocabSize, eosTokenIds } = model.config;
  return {
    core,
    runtime,
    model: {
      id: settings.modelId,
      architecture,
      vocabSize,
      eosTokenIds,
      contextLength: shape.laneLength,
      numParameters,
      weightBytes,
      weightFormat,
      weightMemoryBytes,
      runtime: runtime.name,
      runtimeDescription: runtime.description,
      device: runtime.device.name,
      ...(reason === undefined ? {} : { runtimeReason: reason }),
      numThreads: runtime.numThreads,
      numLanes: shape.numLanes,
      kvCacheTokens: shape.numLanes * shape.laneLength,
      kvCacheBytes: cache.numBytes,
      createdAt: Math.floor(Date.now() / 1000),
    },
  };
}

async function chooseRuntime(
  { runtime, numThreads, weights }: EngineSettings,
  onLost: (error: EngineError) => void,
): Promise<Partial<RuntimeChoice> & { runtime: Runtime }> {
  const options = { numThreads, weights, onLost };
  if (runtime === 'auto') return startFastestRuntime(options);
  return { runtime: await startRuntime(runtime, options) };
}

function cacheShape({ config }: CausalLm, settings: EngineSettings): KvCacheShape {
  const { numLayers, numKvHeads, headDim, contextLength } = config;
  const laneLength = settings.maxModelLen ?? contextLength;
  if (laneLength > contextLength) {
    throw new EngineError(
      'config_invalid',
      `MAX_MODEL_LEN is ${laneLength}, but the model was trained for ${contextLength} tokens: take at most that`,
    );
  }
  const bytesPerToken = kvCacheBytes({ numLayers, numKvHeads, headDim, numLanes: 1, laneLength: 1 });
  const { maxNumSeqs, kvCacheBytes: budgetBytes } = settings;
  const numLanes = planNumLanes({ maxNumSeqs, laneLength, bytesPerToken, budgetBytes });
  return { numLayers, numKvHeads, headDim, numLanes, laneLength };
}
