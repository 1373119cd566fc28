import { HttpTarget } from '../../src/bench/http-target.ts';
import { describeMachine, readLoad, type MachineReport } from '../../src/bench/describe-machine.ts';
import { median, summarise, type LatencySummary } from '../../src/bench/latency-summary.ts';
import { startStreams } from '../harness/running-streams.ts';
import { startServiceProcess } from '../harness/service-process.ts';
import { Workload } from '../../src/bench/workload.ts';
import { assertInvariant, EngineError } from '../../src/errors.ts';
import { benchMode, model, number, seed, type ParamsOf } from '../mode.ts';
import { findModel } from '../models.ts';
import { ROOT } from '../../scripts/install-packages.ts';

const STREAM_PROMPT_TOKENS = 128;
/** Tokens that each stream gets before, between and after the prompts that arrive. */
const STEADY_TOKENS = 48;
/** What a stream may get while a prompt is computed; a stream that ends early would make the others faster. */
const MOST_TOKENS_MEANWHILE = 80;

const OPTIONS = {
  model: model('gpt2-small'),
  streams: number('concurrency', 8, 'streams'),
  promptTokens: number('prompt-tokens', 900, 'of each prompt that arrives'),
  repeats: number('repeats', 3, 'prompts, one after the other'),
  seed: seed(),
};
type InterferenceParams = ParamsOf<typeof OPTIONS>;

interface InterferenceReport {
  params: InterferenceParams;
  model: string;
  runtime: string;
  machine: MachineReport;
  /** Gaps between two tokens of a stream, of all streams together, without other requests. */
  steadyMs: LatencySummary;
  /** Gaps of the streams while a prompt is computed. */
  interferedMs: LatencySummary;
  p99Ratio: number;
  /** From the arrival of each prompt to its first token. */
  ttftMs: number;
}

export const INTERFERENCE_MODE = benchMode({
  flag: 'interference',
  about: 'what running streams notice of a long prompt that arrives among them; RUNTIME and the like',
  options: OPTIONS,
  measure: benchInterference,
  format: formatInterference,
});

/** A span of time on the clock of this process. */
interface Window {
  startMs: number;
  endMs: number;
}

/**
 * How much streams slow down while a long prompt arrives among them: one service, through HTTP and SSE. Drafts are off,
 * so that each step gives a stream one token.
 */
async function benchInterference(
  params: InterferenceParams,
  signal: AbortSignal,
): Promise<InterferenceReport> {
  const loadBefore = readLoad();
  const { directory, label } = await findModel(params.model);
  const environment = { MODEL: directory, MAX_NUM_SEQS: String(params.streams + 1), SPECULATION: 'off' };
  const service = await startServiceProcess(ROOT, { KV_CACHE_MB: '2048', ...environment }, signal);
  try {
    const target = new HttpTarget(service.url);
    const { vocabSize, contextLength, runtimeDescription: runtime } = await target.readModel(signal);
    const maxTokens = STEADY_TOKENS + params.repeats * (STEADY_TOKENS + MOST_TOKENS_MEANWHILE);
    checkFits(params, maxTokens, contextLength);
    const workload = new Workload(vocabSize, params.seed);
    // Once without counting: code is compiled, connections are made, and the engine learns what its steps cost.
    await measure(target, workload, { ...params, repeats: 1 }, maxTokens, signal);
    const { gaps, arrivals } = await measure(target, workload, params, maxTokens, signal);
    const meets = ({ startMs, endMs }: Window): boolean =>
      arrivals.some((arrival) => startMs < arrival.endMs && endMs > arrival.startMs);
    const msOf = (windows: readonly Window[]): number[] =>
      windows.map(({ startMs, endMs }) => endMs - startMs);
    const steadyMs = summarise(msOf(gaps.filter((gap) => !meets(gap))));
    const interferedMs = summarise(msOf(gaps.filter(meets)));
    assertInvariant(steadyMs !== undefined && interferedMs !== undefined, 'streams run with and without');
    const p99Ratio = interferedMs.p99 / steadyMs.p99;
    const machine = describeMachine(loadBefore);
    return {
      params,
      model: label,
      runtime,
      machine,
      steadyMs,
      interferedMs,
      p99Ratio,
      ttftMs: median(msOf(arrivals)),
    };
  } finally {
    await service.stop();
  }
}

function checkFits({ promptTokens }: InterferenceParams, maxTokens: number, contextLength: number): void {
  const longest = Math.max(STREAM_PROMPT_TOKENS + maxTokens, promptTokens + 1);
  if (longest <= contextLength) return;
  throw new EngineError(
    'config_invalid',
    `sequences of ${longest} tokens exceed the model's context of ${contextLength}: take fewer --repeats or --prompt-tokens`,
  );
}

/** Starts the streams, lets prompts arrive among them, and stops the streams. */
async function measure(
  target: HttpTarget,
  workload: Workload,
  { streams: numStreams, promptTokens, repeats }: InterferenceParams,
  maxTokens: number,
  signal: AbortSignal,
): Promise<{ gaps: Window[]; arrivals: Window[] }> {
  const prompts = Array.from({ length: numStreams }, () => workload.nextPrompt(STREAM_PROMPT_TOKENS));
  const streams = startStreams(target, prompts, maxTokens, signal);
  const arrivals: Window[] = [];
  let steadyFromMs: number;
  try {
    await streams.flow(1);
    steadyFromMs = performance.now();
    for (let i = 0; i < repeats; i++) {
      await streams.flow(STEADY_TOKENS);
      const startMs = performance.now();
      const arriving = [workload.nextPrompt(promptTokens)];
      await target.generate({ prompts: arriving, maxTokens: 1 }, () => undefined, signal);
      arrivals.push({ startMs, endMs: performance.now() });
    }
    await streams.flow(STEADY_TOKENS);
  } finally {
    await streams.stop();
  }
  const gaps = streams.events.flatMap((events) =>
    events.slice(1).map(({ atMs: endMs }, i): Window => ({ startMs: events[i]?.atMs ?? NaN, endMs })),
  );
  return { gaps: gaps.filter(({ startMs }) => startMs >= steadyFromMs), arrivals };
}

/** The report as a table for a terminal. */
function formatInterference(report: InterferenceReport): string {
  const { params, model, runtime, machine, steadyMs, interferedMs, p99Ratio, ttftMs } = report;
  const row = (name: string, { mean, p50, p99 }: LatencySummary): string =>
    name.padEnd(34) + [mean, p50, p99].map((ms) => ms.toFixed(1).padStart(9)).join('');
  return [
    `${model}, ${runtime}; ${machine.numCores} cores of ${machine.cpu}, Node ${machine.nodeVersion}, load ${machine.loadBefore.toFixed(1)}`,
    `${params.streams} streams; ${params.repeats} prompts of ${params.promptTokens} tokens arrive among them`,
    `${'ms between two tokens'.padEnd(34)}${['mean', 'p50', 'p99'].map((name) => name.padStart(9)).join('')}`,
    row('steady', steadyMs),
    row('while a prompt is computed', interferedMs),
    `p99 is ${p99Ratio.toFixed(2)} times the steady one; first token of the prompt after ${ttftMs.toFixed(0)} ms`,
  ].join('\n');
}
