import type { SettingName } from '../config/settings.ts';

/** Settings of a model and of the engine that computes it, for commands that start one for themselves. */
export const ENGINE_SETTINGS: readonly SettingName[] = [
  ...(['model', 'modelsDir', 'chatTemplate', 'chatTemplateFile', 'generationConfig'] as const),
  ...(['runtime', 'native', 'weights', 'kvCacheFormat', 'threads'] as const),
  ...(['maxNumSeqs', 'maxModelLen', 'maxNumBatchedTokens', 'kvCacheMb', 'memoryLimitBytes'] as const),
  ...(['prefixCache', 'speculation', 'logLevel'] as const),
];
