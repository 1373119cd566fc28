import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '../../src/errors.ts';
import type { BenchmarkTarget } from '../../src/bench/benchmark-target.ts';
import type { TokenEvent } from './decode-rate.ts';

/** Streams that go on until they are stopped. */
export interface RunningStreams {
  /** Of each stream, as `performance.now()` counts. */
  readonly events: readonly (readonly TokenEvent[])[];
  /**
   * Resolves when each stream has so many more tokens.
   *
   * @throws what a stream failed with; EngineError `invalid_request` when one is at its end before
   */
  flow(numTokens: number): Promise<void>;
  /** Resolves when all of them have ended; harmless when repeated. */
  stop(): Promise<void>;
}

const POLL_MS = 5;

/**
 * Starts a stream for each prompt.
 *
 * @param maxTokens of each stream: enough for all that is to flow, since a stream that ends makes the others faster
 */
export function startStreams(
  target: BenchmarkTarget,
  prompts: readonly (readonly number[])[],
  maxTokens: number,
  signal: AbortSignal,
): RunningStreams {
  const abort = new AbortController();
  const either = AbortSignal.any([signal, abort.signal]);
  setMaxListeners(prompts.length + 1, either);
  const events = prompts.map((): TokenEvent[] => []);
  const counts = prompts.map(() => 0);
  let end: { error: unknown } | undefined;
  const streams = prompts.map(async (prompt, index) => {
    const onTokens = (numTokens: number): void => {
      events[index]?.push({ atMs: performance.now(), numTokens });
      counts[index] = (counts[index] ?? 0) + numTokens;
    };
    try {
      await target.generate({ prompts: [prompt], maxTokens }, onTokens, either);
      end ??= { error: endedEarly(maxTokens) };
    } catch (error) {
      end ??= { error };
    }
  });
  const progress = (): number => Math.min(...counts);
  return {
    events,
    flow: async (numTokens) => {
      const until = progress() + numTokens;
      while (progress() < until) {
        if (end !== undefined) throw end.error;
        await sleep(POLL_MS);
      }
    },
    stop: async () => {
      abort.abort();
      await Promise.all(streams);
    },
  };
}

function endedEarly(maxTokens: number): EngineError {
  return new EngineError(
    'invalid_request',
    `a stream ended after ${maxTokens} tokens, before all had enough`,
    {
      param: 'max_tokens',
    },
  );
}
