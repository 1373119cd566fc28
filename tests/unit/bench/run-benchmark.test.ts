import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BenchmarkRunner, runBenchmark } from '../../../src/bench/run-benchmark.ts';
import { DEFAULT_BENCHMARK_PARAMS } from '../../../src/bench/benchmark-params.ts';
import type { BenchmarkParams } from '../../../src/bench/benchmark-params.ts';
import type { BenchmarkProgress } from '../../../src/bench/benchmark-report.ts';
import { formatReport } from '../../../src/bench/report-table.ts';
import { toSnakeCase } from '../../../src/bench/snake-case.ts';
import { EngineError } from '../../../src/errors.ts';
import { startHttpService } from '../../support/http-service.ts';
import type { HttpService } from '../../support/http-service.ts';
import { ScriptedEngine } from '../../support/scripted-engine.ts';

const params: BenchmarkParams = {
  ...DEFAULT_BENCHMARK_PARAMS,
  promptTokens: 5,
  maxTokens: 6,
  concurrency: [1, 3],
  repeats: 2,
};

let engine: ScriptedEngine;
let service: HttpService;

beforeAll(async () => {
  engine = await ScriptedEngine.create();
  service = await startHttpService(engine);
});
afterAll(() => service.close());
beforeEach(() => engine.reset({ text: 'a'.repeat(50) }));

describe('runBenchmark', () => {
  it('sends what it was asked for, in both modes, and counts what comes back', async () => {
    const report = await runBenchmark({
      params: { ...params, modes: ['engine', 'http'] },
      engine,
      url: service.url,
    });
    expect(report.loads.map(({ mode, concurrency }) => [mode, concurrency])).toEqual([
      ['engine', 1],
      ['http', 1],
      ['engine', 3],
      ['http', 3],
    ]);
    for (const load of report.loads) {
      expect(load.numRequests).toBe(load.concurrency * 2);
      expect(load.promptTokens).toBe(load.numRequests * 5);
      expect(load.generatedTokens).toBe(load.numRequests * 6);
      expect(load.generatedTokensPerS).toBeCloseTo((load.generatedTokens / load.durationMs) * 1000, 6);
      expect(load.engine?.kvBytesPeak).toBe(128 * (262_144 / 512));
      expect(load.e2elMs?.p99).toBeGreaterThanOrEqual(load.ttftMs?.p50 ?? NaN);
    }
    const [engine1, http1] = report.loads;
    expect(report.httpRatios[0]).toEqual({
      concurrency: 1,
      ratio: (http1?.generatedTokensPerS ?? NaN) / (engine1?.generatedTokensPerS ?? NaN),
    });
    expect(report.model.id).toBe('@test/tiny-gpt2');
    expect(report.machine.nodeVersion).toBe(process.version);

    // Warm-up of 3 in each mode, then 2 and 6 in each mode; every prompt is another one, all are greedy.
    expect(engine.requests).toHaveLength(2 * (3 + 2 + 6));
    const prompts = engine.requests.flatMap((request) => request.prompts);
    expect(new Set(prompts.map((prompt) => prompt.join())).size).toBe(prompts.length);
    for (const request of engine.requests) {
      expect(request).toMatchObject({ maxTokens: 6, ignoreEos: true, sampling: { temperature: 0 } });
      expect(request.prompts[0]).toHaveLength(5);
    }
  });

  it('sends the same prompts for the same seed', async () => {
    const promptsOf = async (seed: number): Promise<unknown> => {
      engine.requests.length = 0;
      await runBenchmark({ params: { ...params, concurrency: [1], seed }, engine });
      return engine.requests.map((request) => request.prompts);
    };
    const first = await promptsOf(1);
    expect(await promptsOf(1)).toEqual(first);
    expect(await promptsOf(2)).not.toEqual(first);
  });

  it('measures another process by its URL alone', async () => {
    const report = await runBenchmark({ params: { ...params, modes: ['http'] }, url: service.url });
    expect(report.model).toEqual({
      id: '@test/tiny-gpt2',
      architecture: 'gpt2',
      numParameters: 42_000,
      vocabSize: 384,
      contextLength: 128,
    });
    expect(report.loads[0]?.engine).toBeUndefined();
    expect(report.loads[0]?.generatedTokens).toBe(12);
  });

  it('sweeps contexts with one prompt and with its tokens in four', async () => {
    const contextSweep = [8, 16, 24, 40];
    const report = await runBenchmark({
      params: { ...params, concurrency: [], contextSweep, repeats: 1 },
      engine,
    });
    expect(report.loads).toEqual([]);
    expect(report.contextSweep?.points.map((point) => point.contextTokens)).toEqual(contextSweep);
    expect(report.contextSweep?.prefillAttention.theory).toBe(2);
    expect(report.contextSweep?.cachedStep.theory).toBe(1);
    const shapes = engine.requests.slice(1).map((request) => request.prompts.map((prompt) => prompt.length));
    expect(shapes).toEqual(contextSweep.flatMap((length) => [[length], new Array(4).fill(length / 4)]));
  });

  it('tells of its progress from nothing to everything', async () => {
    const seen: BenchmarkProgress[] = [];
    const one = { ...params, concurrency: [3], contextSweep: [8], modes: ['engine'] as const };
    await runBenchmark({ params: one, engine, onProgress: (progress) => seen.push(progress) });
    const loads = seen.filter(({ phase }) => phase === 'load').map(({ numDone }) => numDone);
    expect(loads).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(seen.at(-1)).toEqual({ phase: 'context_sweep', mode: 'engine', numDone: 2, numTotal: 2 });
  });

  it.each(['engine', 'http'] as const)('stops every request when it is aborted: %s', async (mode) => {
    engine.reset({ text: 'a'.repeat(50), stallAfter: 2 });
    const abort = new AbortController();
    const running = runBenchmark({
      params: { ...params, modes: [mode] },
      engine,
      url: service.url,
      signal: abort.signal,
    });
    const outcome = running.catch((error: unknown) => error);
    while (engine.requests.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    const reason = new EngineError('request_timeout', 'enough');
    abort.abort(reason);
    expect(await outcome).toBe(reason);
    while (engine.stats().numSequencesRunning > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it.each(['engine', 'http'] as const)('fails when a request fails or ends early: %s', async (mode) => {
    const run = (): Promise<unknown> =>
      runBenchmark({ params: { ...params, modes: [mode] }, engine, url: service.url });
    engine.reset({ text: 'a'.repeat(50), failAfter: 3 });
    const message =
      mode === 'http' ? /^the stream broke: .*a kernel failed in step 7/ : /^a kernel failed in step 7/;
    await expect(run()).rejects.toMatchObject({ code: 'backend_failure' });
    await expect(run()).rejects.toThrow(message);
    engine.reset({ text: 'aaaa' });
    await expect(run()).rejects.toThrow(/ended after 4 of 6 tokens/);
    expect(engine.numFreeSlots).toBe(1000);
  });

  it('names a mode that it has no way to', async () => {
    await expect(runBenchmark({ params: { ...params, modes: ['http'] }, engine })).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'modes',
    });
    await expect(
      runBenchmark({ params: { ...params, modes: ['http'] }, url: 'http://127.0.0.1:1' }),
    ).rejects.toThrow(/http:\/\/127\.0\.0\.1:1\/v1\/models cannot be reached/);
  });
});

describe('BenchmarkRunner', () => {
  it('runs one at a time and keeps the last report', async () => {
    const runner = new BenchmarkRunner();
    expect(runner.last).toBeUndefined();
    const first = runner.run({ engine, params });
    await expect(runner.run({ engine, params })).rejects.toMatchObject({ code: 'conflict' });
    const report = await first;
    expect(runner.last).toBe(report);
    engine.reset({ text: 'a' });
    await expect(runner.run({ engine, params })).rejects.toThrow(EngineError);
    expect(runner.last).toBe(report);
    engine.reset({ text: 'a'.repeat(50) });
    expect(await runner.run({ engine, params })).not.toBe(report);
  });
});

describe('the report', () => {
  it('prints and converts', async () => {
    const contextSweep = [8, 16, 24, 40];
    const both = { ...params, contextSweep, modes: ['engine', 'http'] as const };
    const report = await runBenchmark({ params: both, engine, url: service.url });
    const text = formatReport(report);
    expect(text).toMatch(/@test\/tiny-gpt2: gpt2, 0\.04 M parameters, context 128/);
    expect(text).toMatch(/│ http +│ 3 +│ TPOT/);
    expect(text).toMatch(/HTTP \/ engine at 3: \d+\.\d{3}/);
    expect(text).not.toMatch(/NaN|undefined/);

    const body = toSnakeCase(report);
    expect(body.http_ratios.map(({ concurrency }) => concurrency)).toEqual([1, 3]);
    expect(body.loads[0]?.engine?.event_loop_delay_ms.p99).toBeGreaterThanOrEqual(0);
    expect(body.loads[0]?.generated_tokens_per_s).toBe(report.loads[0]?.generatedTokensPerS);
    expect(body.context_sweep?.prefill_attention.theory).toBe(2);
    expect(JSON.stringify(body)).not.toMatch(/null|[a-z][A-Z]\w*"\s*:/);
  });
});
