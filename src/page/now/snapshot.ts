import type { RunningRequest } from '../service/wire.ts';
import { bucketsOf, type Buckets } from './histogram.ts';
import type { Sample } from './parse-metrics.ts';

/** What the service's metrics say at one moment. */
export interface Snapshot {
  /** Milliseconds on the page's own clock. */
  atMs: number;
  models: readonly ModelSnapshot[];
  /** Of all models, those that came first first. */
  requests: readonly RunningRequest[];
  serviceBytes: number;
  /** How late the thread that answers HTTP was, in seconds. */
  loopDelays: Buckets;
}

export interface ModelSnapshot {
  id: string;
  running: number;
  waiting: number;
  seats: number;
  seatsUsed: number;
  /** From 0 to 1. */
  kvUsage: number;
  /** Of the KV cache: all, those in use, of these the shared ones, and those kept for who begins alike. */
  pages: number;
  pagesUsed: number;
  pagesShared: number;
  pagesKept: number;
  engineBytes: number;
  /** Counters, which only grow. */
  generatedTokens: number;
  promptTokens: number;
  stepSeconds: number;
  steps: number;
}

const PREFIX = 'tokenflare_';

export function toSnapshot(
  samples: readonly Sample[],
  requests: readonly RunningRequest[],
  atMs: number,
): Snapshot {
  const value = (name: string, labels: Readonly<Record<string, string>> = {}): number =>
    samples.find(
      (sample) =>
        sample.name === `${PREFIX}${name}` &&
        Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
    )?.value ?? 0;
  const ids = samples.flatMap(({ name, labels }) =>
    name === `${PREFIX}seats` && labels['model_name'] !== undefined ? [labels['model_name']] : [],
  );
  return {
    atMs,
    requests,
    serviceBytes: value('process_resident_memory_bytes'),
    loopDelays: bucketsOf(samples, `${PREFIX}event_loop_delay_seconds`),
    models: ids.map((id) => modelSnapshot(id, (name) => value(name, { model_name: id }))),
  };
}

function modelSnapshot(id: string, value: (name: string) => number): ModelSnapshot {
  return {
    id,
    running: value('num_requests_running'),
    waiting: value('num_requests_waiting'),
    seats: value('seats'),
    seatsUsed: value('seats_used'),
    kvUsage: value('kv_cache_usage_perc'),
    pages: value('kv_cache_pages'),
    pagesUsed: value('kv_cache_pages_used'),
    pagesShared: value('kv_cache_pages_shared'),
    pagesKept: value('kv_cache_pages_kept'),
    engineBytes: value('engine_resident_memory_bytes'),
    generatedTokens: value('generation_tokens_total'),
    promptTokens: value('prompt_tokens_total'),
    stepSeconds: value('step_duration_seconds_sum'),
    steps: value('step_duration_seconds_count'),
  };
}

/** What happened between two moments. */
export interface Rates {
  generatedPerS: number;
  promptPerS: number;
  /** Mean of the steps between; undefined without any. */
  stepMs: number | undefined;
}

/** A counter that fell belongs to an engine that was replaced: nothing is known of what was between. */
export function ratesOf(before: ModelSnapshot, after: ModelSnapshot, durationMs: number): Rates {
  const perS = (from: number, to: number): number =>
    Math.max(0, (1000 * (to - from)) / Math.max(durationMs, 1));
  const steps = after.steps - before.steps;
  return {
    generatedPerS: perS(before.generatedTokens, after.generatedTokens),
    promptPerS: perS(before.promptTokens, after.promptTokens),
    stepMs: steps > 0 ? (1000 * (after.stepSeconds - before.stepSeconds)) / steps : undefined,
  };
}
