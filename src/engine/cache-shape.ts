import { EngineError } from '../errors.ts';
import type { ModelConfig } from '../model/model-config.ts';
import { kvCacheBytes, type KvCacheShape } from '../runtime/runtime.ts';
import { planNumLanes } from '../scheduler/cache-plan.ts';
import type { EngineSettings } from './protocol.ts';

/**
 * The KV cache that a model gets by the settings.
 * @throws EngineError `config_invalid` where MAX_MODEL_LEN or KV_CACHE_MB do not go with the model
 */
export function cacheShape(
  { numLayers, numKvHeads, headDim, contextLength }: ModelConfig,
  settings: Pick<EngineSettings, 'maxModelLen' | 'maxNumSeqs' | 'kvCacheBytes'>,
): KvCacheShape {
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
