import { setMaxListeners } from 'node:events';
import type { BenchmarkTarget } from './benchmark-target.ts';
import type { TokenEvent } from './decode-rate.ts';
import type { Workload } from './workload.ts';

/** Streams side by side, each of its own prompt, all sent at once. */
export interface StreamsOrder {
  streams: number;
  promptTokens: number;
  maxTokens: number;
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
  return async ({ streams: numStreams, promptTokens, maxTokens }, untilMs, signal) => {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), Math.max(untilMs - performance.now(), 1));
    const either = AbortSignal.any([signal, stop.signal]);
    setMaxListeners(numStreams + 1, either);
    const streams = Array.from({ length: numStreams }, (): TokenEvent[] => []);
    const prompts = streams.map(() => workload.nextPrompt(promptTokens));
    const sentMs = performance.now();
    const requests = streams.map((events, index) =>
      target.generate(
        { prompts: [prompts[index] ?? []], maxTokens },
        (numTokens) => events.push({ atMs: performance.now(), numTokens }),
        either,
      ),
    );
    try {
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
