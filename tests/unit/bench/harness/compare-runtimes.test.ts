import { describe, expect, it } from 'vitest';
import type { BenchmarkRequest, BenchmarkTarget } from '../../../../src/bench/benchmark-target.ts';
import { compareRuntimes, type Contender } from '../../../../bench/harness/compare-runtimes.ts';
import type { Cell } from '../../../../bench/harness/measure-cell.ts';
import { serviceContender } from '../../../../bench/harness/service-contender.ts';
import { Workload } from '../../../../src/bench/workload.ts';
import { EngineError } from '../../../../src/errors.ts';

const signal = new AbortController().signal;
const decode: Cell = { kind: 'decode', streams: 2, promptTokens: 3, maxTokens: 4 };
const ttft: Cell = { kind: 'ttft', promptTokens: 5 };
const options = { cells: [decode, ttft], rounds: 2, minMs: 1, limitMs: 5000, signal };

/** Gives its tokens one by one; `onRequest` may fail or wait before that. */
class ScriptedTarget implements BenchmarkTarget {
  readonly mode = 'http';
  readonly requests: BenchmarkRequest[] = [];
  onRequest: (request: BenchmarkRequest, signal: AbortSignal) => Promise<void> = () => Promise.resolve();

  async generate(
    request: BenchmarkRequest,
    onTokens: (numTokens: number) => void,
    requestSignal: AbortSignal,
  ): Promise<void> {
    this.requests.push(request);
    await this.onRequest(request, requestSignal);
    for (let i = 0; i < request.maxTokens; i++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      onTokens(1);
    }
  }
}

/** Never answers, and says so when it is aborted. */
const forever = (_request: BenchmarkRequest, requestSignal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    requestSignal.addEventListener('abort', () => reject(requestSignal.reason as Error));
  });

const contender = (label: string, target: BenchmarkTarget): Contender =>
  serviceContender(label, target, new Workload(10, 0));

describe('compareRuntimes', () => {
  it('takes turns: round by round, cell by cell, contender by contender', async () => {
    const trials: string[] = [];
    const targets = [new ScriptedTarget(), new ScriptedTarget()] as const;
    const results = await compareRuntimes({
      ...options,
      contenders: [contender('a', targets[0]), contender('b', targets[1])],
      onReading: ({ label, cell, round }) => trials.push(`${round} ${cell.kind} ${label}`),
    });
    expect(trials).toEqual([
      ...['0 decode a', '0 decode b', '0 ttft a', '0 ttft b'],
      ...['1 decode a', '1 decode b', '1 ttft a', '1 ttft b'],
    ]);
    for (const { cells, failure } of results) {
      expect(failure).toBeUndefined();
      expect(cells.map(({ cell }) => cell)).toEqual([decode, ttft]);
      // One rate a round; as many waits for a first token as fit into the time.
      expect(cells[0]?.values).toHaveLength(2);
      expect(cells[1]?.values.length).toBeGreaterThanOrEqual(2);
      for (const value of cells.flatMap(({ values }) => values)) expect(value).toBeGreaterThan(0);
    }
    // Both get the same prompts, of the lengths asked for.
    const prompts = targets.map(({ requests }) => requests.map(({ prompts: [prompt] }) => prompt));
    expect(prompts[0]?.slice(0, 4)).toEqual(prompts[1]?.slice(0, 4));
    expect(prompts[0]?.[0]).toHaveLength(3);
    expect(prompts[0]?.some((prompt) => prompt?.length === 5)).toBe(true);
  });

  it('sends the prompts of streams by themselves first, for the prefix cache', async () => {
    const target = new ScriptedTarget();
    await compareRuntimes({ ...options, cells: [decode], rounds: 1, contenders: [contender('a', target)] });
    const [first, second, ...streams] = target.requests;
    expect(first?.prompts).not.toEqual(second?.prompts);
    expect(first?.maxTokens).toBe(1);
    expect(first?.cacheSalt).toBeDefined();
    expect(streams.slice(0, 2)).toEqual([first, second].map((request) => ({ ...request, maxTokens: 4 })));
  });

  it('cuts off what takes too long, waits until it is out of the way, and does not try again', async () => {
    const target = new ScriptedTarget();
    target.onRequest = (request, requestSignal) =>
      request.maxTokens === 4 ? forever(request, requestSignal) : Promise.resolve();
    const [result] = await compareRuntimes({
      ...options,
      limitMs: 30,
      contenders: [contender('a', target)],
    });
    expect(result?.failure).toBeUndefined();
    expect(result?.cells[0]).toEqual({ cell: decode, values: [], isCutOff: true });
    expect(result?.cells[1]?.values.length).toBeGreaterThan(0);
    expect(target.requests.filter(({ maxTokens }) => maxTokens === 4)).toHaveLength(2);
    expect(target.requests[4]).toEqual({ prompts: [[0]], maxTokens: 1 });
  });

  it('keeps what was measured before the cut', async () => {
    const target = new ScriptedTarget();
    const slow: Cell = { ...decode, maxTokens: 100_000 };
    target.onRequest = () => Promise.resolve();
    const generate = target.generate.bind(target);
    target.generate = (request, onTokens, requestSignal) =>
      request.maxTokens === 1
        ? generate(request, onTokens, requestSignal)
        : Promise.race([generate(request, onTokens, requestSignal), forever(request, requestSignal)]);
    const [result] = await compareRuntimes({
      ...options,
      cells: [slow],
      limitMs: 100,
      contenders: [contender('a', target)],
    });
    expect(result?.cells[0]?.isCutOff).toBe(true);
    expect(result?.cells[0]?.values).toHaveLength(1);
    expect(result?.cells[0]?.values[0]).toBeGreaterThan(0);
  });

  it('goes on without one that fails, and keeps its reason', async () => {
    const target = new ScriptedTarget();
    target.onRequest = ({ prompts: [prompt] }) =>
      prompt?.length === 5
        ? Promise.reject(new EngineError('backend_failure', 'the device is lost'))
        : Promise.resolve();
    const other = new ScriptedTarget();
    const results = await compareRuntimes({
      ...options,
      contenders: [contender('a', target), contender('b', other)],
    });
    expect(results[0]?.failure).toBe('backend_failure: the device is lost');
    expect(results[0]?.cells.map(({ cell }) => cell.kind)).toEqual(['decode']);
    expect(results[0]?.cells[0]?.values).toHaveLength(1);
    expect(results[1]?.failure).toBeUndefined();
    expect(results[1]?.cells[0]?.values).toHaveLength(2);
  });

  it('says so when streams are too short to decode side by side', async () => {
    const one: Cell = { ...decode, maxTokens: 1 };
    const [result] = await compareRuntimes({
      ...options,
      cells: [one],
      contenders: [contender('a', new ScriptedTarget())],
    });
    expect(result?.failure).toMatch(/invalid_request: 2 streams of 1 tokens never all decoded at once/);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const target = new ScriptedTarget();
    target.onRequest = (request, requestSignal) => {
      setTimeout(() => stop.abort(new EngineError('request_timeout', 'interrupted')), 1);
      return forever(request, requestSignal);
    };
    const running = compareRuntimes({
      ...options,
      signal: stop.signal,
      contenders: [contender('a', target)],
    });
    await expect(running).rejects.toThrow('interrupted');
  });

  it('asks before each trial, and gives a contender its own cells alone', async () => {
    const trials: string[] = [];
    const targets = [new ScriptedTarget(), new ScriptedTarget()] as const;
    const [, second] = await compareRuntimes({
      ...options,
      contenders: [contender('a', targets[0]), { ...contender('b', targets[1]), cells: [ttft] }],
      beforeTrial: ({ label, cell, round }) => {
        trials.push(
          `${round} ${cell.kind} ${label} after ${targets[0].requests.length > 0 ? 'work' : 'none'}`,
        );
        return Promise.resolve();
      },
    });
    expect(trials).toEqual([
      ...['0 decode a after none', '0 ttft a after work', '0 ttft b after work'],
      ...['1 decode a after work', '1 ttft a after work', '1 ttft b after work'],
    ]);
    expect(second?.cells.map(({ cell }) => cell)).toEqual([ttft]);
    const refused = compareRuntimes({
      ...options,
      contenders: [contender('a', new ScriptedTarget())],
      beforeTrial: () => Promise.reject(new EngineError('conflict', 'the machine is busy')),
    });
    await expect(refused).rejects.toThrow('the machine is busy');
  });

  it('repeats a trial that was disturbed, and forgets its reading', async () => {
    const verdicts: ('keep' | 'repeat')[] = ['repeat', 'repeat', 'keep', 'keep'];
    const readings: string[] = [];
    const target = new ScriptedTarget();
    const [result] = await compareRuntimes({
      ...options,
      cells: [decode],
      contenders: [contender('a', target)],
      afterTrial: () => Promise.resolve(verdicts.shift() ?? 'keep'),
      onReading: ({ round }) => readings.push(`round ${round}`),
    });
    expect(verdicts).toEqual([]);
    expect(readings).toEqual(['round 0', 'round 1']);
    expect(result?.cells[0]?.values).toHaveLength(2);
  });
});
