import type { Engine } from '../engine/engine.ts';
import { assertInvariant, EngineError } from '../errors.ts';
import { checkBenchmarkParams, type BenchmarkMode, type BenchmarkParams } from './benchmark-params.ts';
import type {
  BenchmarkModel,
  BenchmarkProgress,
  BenchmarkReport,
  HttpRatio,
  LoadReport,
} from './benchmark-report.ts';
import type { BenchmarkTarget } from './benchmark-target.ts';
import { runContextSweep, type ContextSweepReport } from './run-context-sweep.ts';
import { EngineMeter, EngineTarget } from './engine-target.ts';
import { HttpTarget } from './http-target.ts';
import { describeMachine, readLoad } from './describe-machine.ts';
import { summariseRequests } from './latency-summary.ts';
import { runLoad } from './run-load.ts';
import { Workload } from './workload.ts';

export interface BenchmarkOptions {
  params: BenchmarkParams;
  /** The engine of this process; without it there is no mode `engine`, and no numbers from inside. */
  engine?: Engine | undefined;
  /** Where the service listens, for mode `http`: this process's own, or another's when there is no `engine`. */
  url?: string | undefined;
  /** What to send to it, where it wants a key. */
  apiKey?: string | undefined;
  onProgress?: ((progress: BenchmarkProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** What a run needs, put together once. */
interface Bench extends Omit<BenchmarkOptions, 'signal'> {
  workload: Workload;
  targets: readonly BenchmarkTarget[];
  signal: AbortSignal;
}

/**
 * Runs a workload: each concurrency in each mode, then the context sweep.
 *
 * @throws EngineError `invalid_request` or `context_length_exceeded` for a workload that cannot run, and whatever
 * refuses or breaks a request; what `signal` was aborted with
 */
export async function runBenchmark(options: BenchmarkOptions): Promise<BenchmarkReport> {
  const { params, signal = new AbortController().signal } = options;
  const startedAt = new Date();
  const startMs = performance.now();
  const loadBefore = readLoad();
  const targets = params.modes.map((mode) => createTarget(mode, options));
  const { model, runtime } = await describeModel(options, signal);
  checkBenchmarkParams(params, model.contextLength);

  const bench: Bench = { ...options, workload: new Workload(model.vocabSize, params.seed), targets, signal };
  for (const target of targets) await warmUp(bench, target);
  const loads: LoadReport[] = [];
  for (const concurrency of params.concurrency) {
    for (const target of targets) loads.push(await measureLoad(bench, target, concurrency));
  }
  const contextSweep = await sweep(bench);
  return {
    startedAt: startedAt.toISOString(),
    durationMs: performance.now() - startMs,
    params,
    model,
    runtime,
    machine: describeMachine(loadBefore),
    loads,
    httpRatios: httpRatios(loads),
    ...(contextSweep === undefined ? {} : { contextSweep }),
  };
}

function createTarget(mode: BenchmarkMode, { engine, url, apiKey }: BenchmarkOptions): BenchmarkTarget {
  if (mode === 'engine' && engine !== undefined) return new EngineTarget(engine);
  if (mode === 'http' && url !== undefined) return new HttpTarget(url, engine?.model.id, apiKey);
  const missing = mode === 'engine' ? 'an engine in this process' : 'the address of a service';
  throw new EngineError('invalid_request', `mode ${mode} needs ${missing}`, { param: 'modes' });
}

async function describeModel(
  { engine, url, apiKey }: BenchmarkOptions,
  signal: AbortSignal,
): Promise<{ model: BenchmarkModel; runtime: string }> {
  if (engine !== undefined) {
    const { id, architecture, numParameters, vocabSize, contextLength, ...rest } = engine.model;
    const { weightBytes, maxNumSeqs, kvCacheTokens, kvCacheBytes } = rest;
    const common = { id, architecture, numParameters, vocabSize, contextLength };
    const model = { ...common, weightBytes, maxNumSeqs, kvCacheTokens, kvCacheBytes };
    return { model, runtime: rest.runtimeDescription };
  }
  assertInvariant(url !== undefined, 'a benchmark has an engine or a URL');
  const { runtimeDescription, device, ...model } = await new HttpTarget(url, undefined, apiKey).readModel(
    signal,
  );
  return { model, runtime: `${runtimeDescription}, on ${device}` };
}

/** Requests that are not counted, as many at once as there will be: by then code is compiled, connections are made. */
async function warmUp(
  { params, workload, onProgress, signal }: Bench,
  target: BenchmarkTarget,
): Promise<void> {
  const { promptTokens, maxTokens } = params;
  const concurrency = Math.max(...params.concurrency, 1);
  const progress = { phase: 'warm_up', mode: target.mode, concurrency, numTotal: concurrency } as const;
  const tell = (numDone: number): void => onProgress?.({ ...progress, numDone });
  tell(0);
  const load = { target, workload, promptTokens, maxTokens, concurrency, repeats: 1, signal };
  await runLoad({ ...load, onRequestDone: tell });
}

async function measureLoad(bench: Bench, target: BenchmarkTarget, concurrency: number): Promise<LoadReport> {
  const { params, engine, workload, onProgress, signal } = bench;
  const { mode } = target;
  const numTotal = concurrency * params.repeats;
  const tell = (numDone: number): void =>
    onProgress?.({ phase: 'load', mode, concurrency, numDone, numTotal });
  tell(0);
  const meter = engine === undefined ? undefined : new EngineMeter(engine);
  const { promptTokens, maxTokens, repeats } = params;
  const load = { target, workload, promptTokens, maxTokens, concurrency, repeats, signal };
  const { requests, durationMs } = await runLoad({ ...load, onRequestDone: tell }).finally(() =>
    meter?.stop(),
  );
  const numPromptTokens = requests.length * promptTokens;
  const numGenerated = requests.reduce((sum, { numTokens }) => sum + numTokens, 0);
  const perSecond = (count: number): number => (count / durationMs) * 1000;
  return {
    mode,
    concurrency,
    numRequests: requests.length,
    durationMs,
    promptTokens: numPromptTokens,
    generatedTokens: numGenerated,
    promptTokensPerS: perSecond(numPromptTokens),
    generatedTokensPerS: perSecond(numGenerated),
    requestsPerS: perSecond(requests.length),
    ...summariseRequests(requests),
    ...(meter === undefined ? {} : { engine: meter.report() }),
  };
}

/** In the first of the modes: the engine's own where it is there, since HTTP only adds to every timing. */
async function sweep(bench: Bench): Promise<ContextSweepReport | undefined> {
  const { params, targets, workload, onProgress, signal } = bench;
  const [target] = targets;
  if (params.contextSweep.length === 0 || target === undefined) return undefined;
  return runContextSweep({
    target,
    workload,
    contextLengths: params.contextSweep,
    repeats: params.repeats,
    onMeasured: (numDone, numTotal) =>
      onProgress?.({ phase: 'context_sweep', mode: target.mode, numDone, numTotal }),
    signal,
  });
}

function httpRatios(loads: readonly LoadReport[]): HttpRatio[] {
  return loads.flatMap(({ mode, concurrency, generatedTokensPerS }) => {
    if (mode !== 'http') return [];
    const engine = loads.find((load) => load.mode === 'engine' && load.concurrency === concurrency);
    if (engine === undefined) return [];
    return { concurrency, ratio: generatedTokensPerS / engine.generatedTokensPerS };
  });
}

/** The benchmarks of live engines: one at a time, the last result is kept. */
export class BenchmarkRunner {
  #running = false;
  #last: BenchmarkReport | undefined;

  /** The report of the last benchmark that ran to its end. */
  get last(): BenchmarkReport | undefined {
    return this.#last;
  }

  /** @throws EngineError `conflict` while another one runs, and what `runBenchmark` throws */
  async run(options: BenchmarkOptions & { engine: Engine }): Promise<BenchmarkReport> {
    if (this.#running) {
      throw new EngineError('conflict', 'a benchmark is running already; wait for it to end', {
        retryable: true,
      });
    }
    this.#running = true;
    try {
      this.#last = await runBenchmark(options);
      return this.#last;
    } finally {
      this.#running = false;
    }
  }
}
