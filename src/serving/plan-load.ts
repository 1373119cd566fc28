import { cacheShape, estimateMemory } from '../engine/estimate-memory.ts';
import { neededBytesOn } from '../engine/check-memory.ts';
import type { EngineSettings } from '../engine/protocol.ts';
import type { RuntimeName } from '../runtime/traits.ts';
import type { ModelHeader } from './model-catalog.ts';

/** A model that takes memory, as the plan sees it. */
export interface ResidentModel {
  readonly id: string;
  readonly bytes: number;
  /** When it was last of use, on any clock. */
  readonly lastUsedAt: number;
  /** Requests are answered by it. */
  readonly isBusy: boolean;
  /** It stays whatever happens. */
  readonly isPinned: boolean;
  /** Until then it is not unloaded for another, on the same clock. */
  readonly staysUntil: number;
}

export type LoadPlan =
  /** Load it once these are unloaded. */
  | { kind: 'load'; unload: readonly string[] }
  /**
   * It fits once those in `yielding` are idle, or, where that is empty, at `retryAt` at the earliest. `retryAt` is
   * undefined where that depends on nothing but the requests there are.
   */
  | { kind: 'wait'; yielding: readonly string[]; retryAt: number | undefined }
  /** It does not fit beside those that stay. */
  | { kind: 'refuse' };

/**
 * Whether a model fits into memory, and which models leave for it: of those that have had their time and are not in use
 * the least recently used, and no more of them than must. No model leaves unless that makes the room.
 */
export function planLoad(
  neededBytes: number,
  limitBytes: number,
  residents: readonly ResidentModel[],
  now: number,
): LoadPlan {
  if (neededBytes + bytesOf(residents.filter(({ isPinned }) => isPinned)) > limitBytes) {
    return { kind: 'refuse' };
  }
  const missingBytes = neededBytes + bytesOf(residents) - limitBytes;
  const movable = residents.filter(({ isPinned, staysUntil }) => !isPinned && staysUntil <= now);
  const idle = movable.filter(({ isBusy }) => !isBusy).toSorted(byLastUse);
  const unload = firstWith(missingBytes, idle);
  if (unload !== undefined) return { kind: 'load', unload };
  const busy = movable.filter(({ isBusy }) => isBusy).toSorted(byLastUse);
  const yielding = firstWith(missingBytes, [...idle, ...busy]) ?? [];
  const laterTimes = residents.flatMap(({ isPinned, staysUntil }) =>
    isPinned || staysUntil <= now || staysUntil === Infinity ? [] : staysUntil,
  );
  return {
    kind: 'wait',
    yielding,
    retryAt: laterTimes.length === 0 ? undefined : Math.min(...laterTimes),
  };
}

const bytesOf = (models: readonly ResidentModel[]): number =>
  models.reduce((sum, { bytes }) => sum + bytes, 0);

const byLastUse = (a: ResidentModel, b: ResidentModel): number => a.lastUsedAt - b.lastUsedAt;

/** The first of some models that have so many bytes together; undefined where all of them have less. */
function firstWith(numBytes: number, models: readonly ResidentModel[]): string[] | undefined {
  let missingBytes = numBytes;
  const ids: string[] = [];
  for (const { id, bytes } of models) {
    if (missingBytes <= 0) break;
    ids.push(id);
    missingBytes -= bytes;
  }
  return missingBytes <= 0 ? ids : undefined;
}

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
  const shape = cacheShape(size, settings, settings.runtime);
  const estimate = estimateMemory(size, shape, settings);
  return { memoryBytes: neededBytesOn(estimate, settings.runtime), contextLength: shape.maxModelLen };
}
