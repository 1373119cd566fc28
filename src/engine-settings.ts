import { basename } from 'node:path';
import { listModels } from './catalog/model-store.ts';
import { resolveModelPath } from './catalog/resolve-model-path.ts';
import type { Config } from './config/config.ts';
import type { EngineSettings } from './engine/protocol.ts';
import { EMBEDDED_MODEL } from './package-root.ts';
import type { CatalogModel } from './serving/model-catalog.ts';

/** At the start of the service: what models take of it later does not make the caches of others smaller. */
const FREE_MEMORY_BYTES = process.availableMemory();

const EMBEDDED_MODEL_ID = 'tokenflare-tales';

/** The model of requests that name none. */
export async function defaultModel({ model, modelId, modelsDir }: Config): Promise<CatalogModel> {
  if (model === undefined) return { id: modelId ?? EMBEDDED_MODEL_ID, path: EMBEDDED_MODEL };
  const path = await resolveModelPath(model, modelsDir);
  const stored = (await listModels(modelsDir)).find((one) => one.path === path);
  return { id: modelId ?? stored?.id ?? basename(path), path };
}

/** How the engine of a model sets itself up, by the settings of the service: as the default model's. */
export function engineSettings(config: Config, { id, path }: CatalogModel): EngineSettings {
  return {
    modelPath: path,
    modelId: id,
    runtime: config.runtime,
    allowsNative: config.native,
    weights: config.weights,
    kvCacheFormat: config.kvCacheFormat,
    numThreads: config.threads,
    maxNumSeqs: config.maxNumSeqs,
    maxModelLen: config.maxModelLen,
    allowsShorter: false,
    maxNumBatchedTokens: config.maxNumBatchedTokens,
    kvCacheBytes: config.kvCacheMb === undefined ? undefined : config.kvCacheMb * 2 ** 20,
    freeMemoryBytes: FREE_MEMORY_BYTES,
    prefixCache: config.prefixCache,
    prefixDisk:
      config.prefixCacheDir === undefined
        ? undefined
        : { path: config.prefixCacheDir, maxBytes: config.prefixCacheDiskBytes },
    kvEvents: config.kvEventsEndpoint !== undefined,
    kvCacheIdleMs: config.kvCacheIdleMs,
    speculates: config.speculation === 'auto',
    memoryLimitBytes: config.memoryLimitBytes,
  };
}
