import type { BoundReading } from './bounds.ts';
import { formatNumber } from './comparison-table.ts';
import type { TokenEvent } from './decode-rate.ts';
import { runNsByProcess } from './processor-time.ts';
import { startStreams } from './running-streams.ts';
import type { ServiceProcess } from './service-process.ts';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchmarkTarget } from '../../src/bench/benchmark-target.ts';
import type { HttpTarget } from '../../src/bench/http-target.ts';
import { median } from '../../src/bench/latency-summary.ts';
import { runLoad, timeRequest } from '../../src/bench/run-load.ts';
import type { Workload } from '../../src/bench/workload.ts';
import { type Buckets, bucketsOf, quantileBetween } from '../../src/page/now/histogram.ts';
import { parseMetrics } from '../../src/page/now/parse-metrics.ts';

/** Tokens that are timed around a context. */
export const STEP_TOKENS = 16;
/** Behind a beginning that was seen before. */
export const NEW_TOKENS = 16;
/** Of the streams whose event loop is watched. */
export const STREAM_PROMPT_TOKENS = 32;
/** That each of them gets while it is watched, and with those that it is ahead of the others. */
export const STREAM_TOKENS = 96;
export const STREAM_MAX_TOKENS = 2 * STREAM_TOKENS;
/** Of each stream that goes before a time without requests. */
export const IDLE_TOKENS = 32;
/** Generated in each seat that is filled. */
export const SEAT_TOKENS = 16;
const RESIDENT_POLL_MS = 250;
/** What a service may do after its last request before it counts as idle. */
const SETTLE_MS = 1000;

/** A service that is measured, and what it is asked for. */
export interface MeasuredService {
  target: HttpTarget;
  service: ServiceProcess;
  workload: Workload;
  rounds: number;
  signal: AbortSignal;
}

/** Two ways in turn: the second runs on the machine as the first left it. The first round is not counted. */
async function inTurns(
  rounds: number,
  one: () => Promise<number>,
  other: () => Promise<number>,
): Promise<{ one: number[]; other: number[] }> {
  const values = { one: [] as number[], other: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const order = round % 2 === 0 ? (['one', 'other'] as const) : (['other', 'one'] as const);
    for (const which of order) {
      const value = await (which === 'one' ? one() : other());
      if (round > 0) values[which].push(value);
    }
  }
  return values;
}

/** Each of the first divided by that of the same round, since the machine drifts. */
export function ratiosOf(ours: readonly number[], theirs: readonly number[]): number[] {
  return ours.map((value, index) => value / (theirs[index] ?? NaN));
}

/** The median time of a token around two contexts; prompts are computed once, in the round that is not counted. */
export async function measureContext(
  {
    target,
    workload,
    rounds,
    signal,
  }: Pick<MeasuredService, 'workload' | 'rounds' | 'signal'> & {
    target: BenchmarkTarget;
  },
  [shortContext, longContext]: readonly [number, number],
): Promise<BoundReading> {
  const stepMs = (context: number): (() => Promise<number>) => {
    const request = {
      prompts: [workload.nextPrompt(context - STEP_TOKENS / 2)],
      maxTokens: STEP_TOKENS,
      cacheSalt: randomUUID(),
    };
    return async () => {
      const events: TokenEvent[] = [];
      await target.generate(
        request,
        (numTokens) => void events.push({ atMs: performance.now(), numTokens }),
        signal,
      );
      return median(tokenGapsMs(events));
    };
  };
  const { one: long, other: short } = await inTurns(rounds, stepMs(longContext), stepMs(shortContext));
  return {
    name: 'context',
    values: ratiosOf(long, short),
    details:
      `${formatNumber(median(long))} ms at ${longContext} tokens, ${formatNumber(median(short))} ms at ${shortContext}; ` +
      `medians of ${STEP_TOKENS - 1} steps, ${rounds} rounds in turn`,
  };
}

/** The time to the first token of a prompt that begins as one before, and of one as long that does not. */
export async function measurePrefix(
  {
    target,
    workload,
    rounds,
    signal,
  }: Pick<MeasuredService, 'workload' | 'rounds' | 'signal'> & {
    target: BenchmarkTarget;
  },
  prefixTokens: number,
): Promise<BoundReading> {
  const prefix = workload.nextPrompt(prefixTokens);
  const salt = { cacheSalt: randomUUID() };
  const ttftMs = async (prompt: readonly number[], cacheSalt: { cacheSalt?: string }): Promise<number> => {
    const request = { prompts: [prompt], maxTokens: 1, ...cacheSalt };
    const { startMs, eventMs } = await timeRequest(target, request, signal);
    return (eventMs[0] ?? NaN) - startMs;
  };
  await ttftMs(prefix, salt);
  const { one: seen, other: unseen } = await inTurns(
    rounds,
    () => ttftMs([...prefix, ...workload.nextPrompt(NEW_TOKENS)], salt),
    () => ttftMs(workload.nextPrompt(prefixTokens + NEW_TOKENS), {}),
  );
  return {
    name: 'prefix',
    values: ratiosOf(seen, unseen),
    details:
      `${formatNumber(median(seen))} ms behind ${prefixTokens} tokens seen before and ${NEW_TOKENS} new, ` +
      `${formatNumber(median(unseen))} ms of as many new; ${rounds} rounds in turn`,
  };
}

/** The most that lay in memory while prompts as long as the context filled all seats. */
export async function measureMemory(
  { target, service, workload, signal }: Omit<MeasuredService, 'rounds'>,
  maxNumSeqs: number,
): Promise<BoundReading> {
  const { contextLength } = await target.readModel(signal);
  const { weightMemoryBytes, kvCacheBytes } = await target.readMemory(signal);
  const filling = Promise.all(
    Array.from({ length: maxNumSeqs }, () => {
      const prompts = [workload.nextPrompt(contextLength - SEAT_TOKENS)];
      return target.generate({ prompts, maxTokens: SEAT_TOKENS }, () => undefined, signal);
    }),
  );
  const readings: (number | undefined)[] = [];
  let isFull = false;
  while (!isFull) {
    readings.push(await service.residentBytes());
    isFull = await Promise.race([filling.then(() => true), sleep(RESIDENT_POLL_MS, false)]);
  }
  readings.push(await service.residentBytes());
  return judgeable(
    readings,
    { weightMemoryBytes, kvCacheBytes },
    `${maxNumSeqs} seats of ${contextLength} tokens`,
  );
}

/** The highest of the readings beside what there is to hold. */
export function judgeable(
  readings: readonly (number | undefined)[],
  { weightMemoryBytes, kvCacheBytes }: { weightMemoryBytes: number; kvCacheBytes: number },
  seats: string,
): BoundReading {
  const known = readings.filter((bytes) => bytes !== undefined);
  if (known.length === 0) return { name: 'memory', notMeasured: 'resident memory is read on Linux alone' };
  const mostBytes = Math.max(...known);
  const ratio = mostBytes / (weightMemoryBytes + kvCacheBytes);
  const mib = (bytes: number): string => Math.round(bytes / 2 ** 20).toLocaleString('en-US');
  const details = `${mib(mostBytes)} MiB of all processes, weights ${mib(weightMemoryBytes)} and cache ${mib(kvCacheBytes)} MiB; ${seats}`;
  // Full seats and weights cannot take less than they are, unless they are elsewhere.
  if (ratio < 1) return { name: 'memory', notMeasured: `they lie on a device: ${details}` };
  return { name: 'memory', values: [ratio], details };
}

const loopDelays = async (target: MeasuredService['target'], signal: AbortSignal): Promise<Buckets> =>
  bucketsOf(parseMetrics(await target.readMetrics(signal)), 'tokenflare_event_loop_delay_seconds');

/** What the HTTP process itself tells of the time in which all streams decode, and nothing else is to be done. */
export async function measureEventLoop(
  { target, workload, rounds, signal }: Omit<MeasuredService, 'service'>,
  numStreams: number,
): Promise<BoundReading> {
  const values: number[] = [];
  let spanMs = 0;
  for (let round = 0; round < rounds; round++) {
    const prompts = Array.from({ length: numStreams }, () => workload.nextPrompt(STREAM_PROMPT_TOKENS));
    const streams = startStreams(target, prompts, STREAM_MAX_TOKENS, signal);
    try {
      await streams.flow(2);
      const before = await loopDelays(target, signal);
      const startMs = performance.now();
      await streams.flow(STREAM_TOKENS);
      const after = await loopDelays(target, signal);
      spanMs += performance.now() - startMs;
      values.push(1000 * (quantileBetween(before, after, 0.99) ?? NaN));
    } finally {
      await streams.stop();
    }
  }
  return {
    name: 'event-loop',
    values,
    details: `${numStreams} streams of ${STREAM_TOKENS} tokens, ${rounds} rounds of ${formatNumber(spanMs / rounds / 1000)} s`,
  };
}

/** What all processes of the service run on a processor from a second after the last of many requests on. */
export async function measureIdle(
  { target, service, workload, signal }: Omit<MeasuredService, 'rounds'>,
  { seconds, streams }: { seconds: number; streams: number },
): Promise<BoundReading> {
  const promptTokens = STREAM_PROMPT_TOKENS;
  await runLoad({
    target,
    workload,
    promptTokens,
    maxTokens: IDLE_TOKENS,
    concurrency: streams,
    repeats: 1,
    signal,
  });
  await sleep(SETTLE_MS, undefined, { signal });
  const before = await service.threadTimes();
  const startMs = performance.now();
  await sleep(seconds * 1000, undefined, { signal });
  const after = await service.threadTimes();
  const spanMs = performance.now() - startMs;
  if (before === undefined || after === undefined) {
    return { name: 'idle', notMeasured: 'the time that threads run is read on Linux alone' };
  }
  const percentOf = (ns: number): number => ns / 1e4 / spanMs;
  const byProcess = runNsByProcess(before, after);
  const http = percentOf(byProcess.get(service.pid) ?? 0);
  const all = percentOf([...byProcess.values()].reduce((sum, ns) => sum + ns, 0));
  return {
    name: 'idle',
    values: [all],
    details:
      `${formatNumber(spanMs / 1000)} s from ${SETTLE_MS / 1000} s after the last request on; ` +
      `HTTP process ${formatNumber(http)} %, its children ${formatNumber(all - http)} %`,
  };
}

/**
 * What each token after the first event's took, in milliseconds: one that brings several tokens, of steps that were
 * reported together, took its gap for all of them.
 */
export function tokenGapsMs(events: readonly TokenEvent[]): number[] {
  return events.slice(1).flatMap(({ atMs, numTokens }, index) => {
    const gapMs = (atMs - (events[index]?.atMs ?? NaN)) / numTokens;
    return Array.from({ length: numTokens }, () => gapMs);
  });
}
