import { setMaxListeners } from 'node:events';
import type { BenchmarkTarget } from './benchmark-target.ts';
import type { RequestTimes } from './latency-summary.ts';
import type { Workload } from './workload.ts';

export interface LoadOptions {
  target: BenchmarkTarget;
  workload: Workload;
  promptTokens: number;
  maxTokens: number;
  concurrency: number;
  repeats: number;
  onRequestDone?: (numDone: number) => void;
  signal: AbortSignal;
}

export interface LoadTimes {
  requests: readonly RequestTimes[];
  durationMs: number;
}

/**
 * A closed loop: `concurrency` clients, each sending `repeats` requests one after the other. The first failure stops
 * all of them and is thrown, since a run with fewer requests is another run.
 */
export async function runLoad(options: LoadOptions): Promise<LoadTimes> {
  const { target, workload, promptTokens, maxTokens, concurrency, repeats, onRequestDone } = options;
  const failure = new AbortController();
  const signal = AbortSignal.any([options.signal, failure.signal]);
  // Each client listens to it.
  setMaxListeners(concurrency + 1, signal);
  // Prompts are made beforehand: their making is no part of the duration.
  const prompts = Array.from({ length: concurrency * repeats }, () => workload.nextPrompt(promptTokens));
  const requests: RequestTimes[] = [];

  const runClient = async (): Promise<void> => {
    for (let i = 0; i < repeats; i++) {
      const prompt = prompts.pop() ?? [];
      requests.push(await timeRequest(target, { prompts: [prompt], maxTokens }, signal));
      onRequestDone?.(requests.length);
    }
  };

  const startMs = performance.now();
  const clients = Array.from({ length: concurrency }, runClient);
  try {
    await Promise.all(clients);
  } catch (error) {
    failure.abort(error);
    await Promise.allSettled(clients);
    throw error;
  }
  return { requests, durationMs: performance.now() - startMs };
}

/** Runs one request and notes when its tokens come. */
export async function timeRequest(
  target: BenchmarkTarget,
  request: { prompts: readonly (readonly number[])[]; maxTokens: number },
  signal: AbortSignal,
): Promise<RequestTimes> {
  const eventMs: number[] = [];
  let numTokens = 0;
  const startMs = performance.now();
  await target.generate(
    request,
    (numNew) => {
      eventMs.push(performance.now());
      numTokens += numNew;
    },
    signal,
  );
  return { startMs, eventMs, numTokens };
}
