import { describe, expect, it } from 'vitest';
import type { BenchmarkRequest, BenchmarkTarget } from '../../../../src/bench/benchmark-target.ts';
import { Workload } from '../../../../src/bench/workload.ts';
import { measureCell, type Cell } from '../../../../bench/harness/measure-cell.ts';
import {
  requestStreams,
  type RunStreams,
  type StreamsOrder,
  type StreamsRun,
} from '../../../../bench/harness/run-streams.ts';

const signal = new AbortController().signal;
const options = { minMs: 1, limitMs: 5000, signal };
const requests: Cell = { kind: 'requests', streams: 2, promptTokens: 3, maxTokens: 4 };

/** Two streams of four tokens: sent at 100 ms, first tokens after 400 ms, the last token after `ms`. */
const wholeRun = (ms: number): StreamsRun => ({
  sentMs: 100,
  streams: [
    [
      { atMs: 500, numTokens: 1 },
      { atMs: 600, numTokens: 3 },
    ],
    [
      { atMs: 550, numTokens: 1 },
      { atMs: 100 + ms, numTokens: 3 },
    ],
  ],
  isCutOff: false,
});

/** Answers orders with these runs in turn, and keeps the orders. */
function scripted(runs: StreamsRun[]): { run: RunStreams; orders: StreamsOrder[] } {
  const orders: StreamsOrder[] = [];
  const run: RunStreams = (order) => {
    orders.push(order);
    const next = runs.shift();
    return next === undefined ? Promise.reject(new Error('one run too many')) : Promise.resolve(next);
  };
  return { run, orders };
}

describe('whole requests', () => {
  it('count their new tokens over the time from sending to the last token of the last, prompt included', async () => {
    const { run, orders } = scripted([wholeRun(800)]);
    expect(await measureCell(requests, { ...options, run })).toEqual({ values: [10], isCutOff: false });
    expect(orders).toMatchObject([{ streams: 2, promptTokens: 3, maxTokens: 4, isPrefilled: false }]);
  });

  it('are repeated until enough time was measured, and give one rate of all runs', async () => {
    const { run } = scripted([wholeRun(800), wholeRun(1200)]);
    const reading = await measureCell(requests, { ...options, minMs: 1000, run });
    expect(reading).toEqual({ values: [8], isCutOff: false });
  });

  it('count only when they are whole', async () => {
    const cut = { ...wholeRun(800), isCutOff: true };
    expect(await measureCell(requests, { ...options, run: scripted([cut]).run })).toEqual({
      values: [],
      isCutOff: true,
    });
    const { run } = scripted([wholeRun(800), cut]);
    expect(await measureCell(requests, { ...options, minMs: 1000, run })).toEqual({
      values: [10],
      isCutOff: true,
    });
  });

  it('have prompts that no cache knows, each another one, in no request before', async () => {
    const sent: BenchmarkRequest[] = [];
    const target: BenchmarkTarget = {
      mode: 'http',
      generate: async (request, onTokens) => {
        sent.push(request);
        await new Promise((resolve) => setTimeout(resolve, 2));
        onTokens(request.maxTokens);
      },
    };
    const run = requestStreams(target, new Workload(50_000, 0));
    await measureCell(requests, { ...options, minMs: 300, run });
    expect(sent.length).toBeGreaterThan(2);
    expect(sent.every(({ maxTokens }) => maxTokens === 4)).toBe(true);
    expect(new Set(sent.map(({ prompts }) => prompts.join(' '))).size).toBe(sent.length);
    // A salt for each run: nothing of the run before can be reused.
    expect(new Set(sent.map(({ cacheSalt }) => cacheSalt)).size).toBe(sent.length / 2);
  });
});
