import type { ModelConfig } from '../model/model-config.ts';
import { kvCacheBytes, type KvCacheShape } from '../runtime/runtime.ts';
import type { RuntimeName } from '../runtime/traits.ts';
import { kvCacheFormat } from '../runtime/traits.ts';
import { planCache } from '../scheduler/cache-plan.ts';
import type { EngineSettings } from './protocol.ts';

/**
 * The KV cache that a model gets by the settings.
 * @throws EngineError `config_invalid` where MAX_MODEL_LEN or KV_CACHE_MB do not go with the model
 */
export function cacheShape(
  { numLayers, numKvHeads, headDim, contextLength }: ModelConfig,
  {
    maxModelLen: askedLen,
    allowsShorter,
    maxNumSeqs,
    kvCacheBytes: budgetBytes,
    weights,
    kvCacheFormat: askedFormat,
  }: CacheSettings,
  runtime: RuntimeName,
): KvCacheShape {
  const oneToken = { numLayers, numKvHeads, headDim, numLanes: 1, laneLength: 1 };
  const bytesPerToken = kvCacheBytes(oneToken, kvCacheFormat(runtime, weights, askedFormat));
  const maxModelLen = askedLen !== undefined && allowsShorter ? Math.min(askedLen, contextLength) : askedLen;
  const plan = planCache({ maxNumSeqs, maxModelLen, contextLength, bytesPerToken, budgetBytes });
  return { numLayers, numKvHeads, headDim, ...plan };
}

type CacheSettings = Pick<
  EngineSettings,
  'maxModelLen' | 'allowsShorter' | 'maxNumSeqs' | 'kvCacheBytes' | 'weights' | 'kvCacheFormat'
>;
