import { cacheShape } from '../engine/cache-shape.ts';
import { neededBytesOn } from '../engine/check-memory.ts';
import { estimateMemory } from '../engine/estimate-memory.ts';
import type { EngineSettings } from '../engine/protocol.ts';
import type { RuntimeName } from '../runtime/traits.ts';
import type { ModelHeader } from './model-catalog.ts';

/** What can be said of a model before it is loaded. */
export interface MemoryForecast {
  /** What it will take of the memory that models share. */
  readonly memoryBytes: number;
  /** Most tokens of prompt and completion together that there will be room for. */
  readonly contextLength: number;
}

/**
 * What a model will take, by the headers of its files.
 * @param settings `runtime`: where it will compute
 * @throws EngineError `config_invalid` for settings that do not go with it, `insufficient_memory` for one that no wasm
 * heap holds
 */
export function forecastMemory(
  { size }: ModelHeader,
  settings: EngineSettings & { runtime: RuntimeName },
): MemoryForecast {
  const shape = cacheShape(size.config, settings, settings.runtime);
  const estimate = estimateMemory(size, shape, settings);
  return { memoryBytes: neededBytesOn(estimate, settings.runtime), contextLength: shape.laneLength };
}
