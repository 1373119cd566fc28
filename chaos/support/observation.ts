import type { StreamEnd } from './client.ts';
import type { MemoryPeak } from './memory-sampler.ts';

/** What the observer is told, and what it saw: the messages between it and the harness. */

export interface ObserverTask {
  url: string;
  servicePid: number;
  /** Its address: another client than those that attack. */
  address: string;
  /** Sent with each of its requests. */
  headers: Record<string, string>;
  /** The canary's request, without `stream`. */
  canary: { path: string; body: Record<string, unknown> };
}

/** One poll of `/health`. */
export interface HealthPoll {
  startedAt: number;
  ms: number;
  /** What of it was the service's own: without its waits for a processor, and without how late an idle server was. */
  ownMs: number;
  /** 200, or why there was no answer. */
  outcome: string;
}

export interface CanaryRun extends StreamEnd {
  /** Its text is the one that the same request had in a calm service. */
  hasSameText: boolean;
}

export interface Observation {
  polls: HealthPoll[];
  /** The slowest answer of an idle HTTP server in a process of its own, polled at the same moments. */
  worstControlMs: number;
  canaries: CanaryRun[];
  /** Of the service and all its children together. */
  peakMemory: MemoryPeak;
}

export type ToObserver =
  | { type: 'start'; task: ObserverTask }
  /** Ends when the running canary has. `limitMs`: how long it may take. */
  | { type: 'stop'; limitMs: number };

export type FromObserver =
  | { type: 'started'; text: string }
  | { type: 'failed'; reason: string }
  | { type: 'stopped'; observation: Observation };
