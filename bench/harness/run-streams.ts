import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { BenchmarkTarget } from '../../src/bench/benchmark-target.ts';
import type { TokenEvent } from './decode-rate.ts';
import type { Workload } from '../../src/bench/workload.ts';

/** Streams side by side, each of its own prompt, all sent at once. */
export interface StreamsOrder {
  streams: number;
  promptTokens: number;
  maxTokens: number;
  /**
   * Each prompt goes in by itself before the streams do, so that a service with a prefix cache knows it: they then decode
   * side by side from the start. Otherwise the first of many may be at its end when the last begins.
   */
  isPrefilled?: boolean;
}

export interface StreamsRun {
  /** On the clock of the events. */
  sentMs: number;
  streams: readonly (readonly TokenEvent[])[];
  /** Time was up before all tokens had come. */
  isCutOff: boolean;
}

/**
 * Generates as ordered and tells when the tokens came.
 *
 * @param untilMs when to give up, as `performance.now()` counts
 * @throws what generation throws, and what `signal` was aborted with; a time limit is no error
 */
export type RunStreams = (order: StreamsOrder, untilMs: number, signal: AbortSignal) => Promise<StreamsRun>;

/** One request a stream. */
export function requestStreams(target: BenchmarkTarget, workload: Workload): RunStreams {
  return async ({ streams: numStreams, promptTokens, maxTokens, isPrefilled }, untilMs, signal) => {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), Math.max(untilMs - performance.now(), 1));
    const either = AbortSignal.any([signal, stop.signal]);
    setMaxListeners(numStreams + 1, either);
    const streams = Array.from({ length: numStreams }, (): TokenEvent[] => []);
    const prompts = streams.map(() => workload.nextPrompt(promptTokens));
    const cacheSalt = randomUUID();
    let sentMs = performance.now();
    const requests: Promise<void>[] = [];
    try {
      for (const prompt of isPrefilled ? prompts : []) {
        await target.generate({ prompts: [prompt], maxTokens: 1, cacheSalt }, () => undefined, either);
      }
      sentMs = performance.now();
      requests.push(
        ...streams.map((events, index) =>
          target.generate(
            { prompts: [prompts[index] ?? []], maxTokens, cacheSalt },
            (numTokens) => events.push({ atMs: performance.now(), numTokens }),
            either,
          ),
        ),
      );
      await Promise.all(requests);
    } catch (error) {
      const isCutOff = stop.signal.aborted;
      stop.abort();
      await Promise.allSettled(requests);
      signal.throwIfAborted();
      if (!isCutOff) throw error;
      return { sentMs, streams, isCutOff };
    } finally {
      clearTimeout(timer);
    }
    return { sentMs, streams, isCutOff: false };
  };
}
