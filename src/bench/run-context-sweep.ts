import { SWEEP_SPLIT, SWEEP_STEPS } from './benchmark-params.ts';
import type { BenchmarkMode } from './benchmark-params.ts';
import type { BenchmarkTarget } from './benchmark-target.ts';
import { median } from './latency-summary.ts';
import { timeRequest } from './run-load.ts';
import { fitSweep } from './sweep-fit.ts';
import type { SweepFits } from './sweep-fit.ts';
import type { Workload } from './workload.ts';

export interface ContextSweepReport extends SweepFits {
  mode: BenchmarkMode;
}

export interface ContextSweepOptions {
  target: BenchmarkTarget;
  workload: Workload;
  /** Multiples of `SWEEP_SPLIT`. */
  contextLengths: readonly number[];
  repeats: number;
  onMeasured?: (numDone: number, numTotal: number) => void;
  signal: AbortSignal;
}

/** What is known of one context length after some repeats. */
interface Observed {
  prefillMs: readonly number[];
  splitPrefillMs: readonly number[];
  /** Mean gap between the tokens of each repeat. */
  stepMs: readonly number[];
}

/** Times one sequence alone at each context length, and fits how its cost grows. */
export async function runContextSweep(options: ContextSweepOptions): Promise<ContextSweepReport> {
  const { target, contextLengths, repeats, onMeasured } = options;
  const lengths = [...new Set(contextLengths)].sort((a, b) => a - b);
  const observed = new Map<number, Observed>();
  let numDone = 0;
  // Round after round, so that a disturbance hits one repeat of some lengths and not all repeats of one.
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const length of lengths) {
      observed.set(length, merge(observed.get(length), await observe(options, length)));
      onMeasured?.(++numDone, repeats * lengths.length);
    }
  }
  const timings = [...observed].map(([contextTokens, { prefillMs, splitPrefillMs, stepMs }]) => ({
    contextTokens,
    prefillMs: Math.min(...prefillMs),
    splitPrefillMs: Math.min(...splitPrefillMs),
    splitGainMs: median(prefillMs.map((ms, repeat) => ms - (splitPrefillMs[repeat] ?? NaN))),
    stepContextTokens: contextTokens + (SWEEP_STEPS + 1) / 2,
    stepMs: median(stepMs),
  }));
  return { mode: target.mode, ...fitSweep(timings) };
}

async function observe(
  { target, workload, signal }: ContextSweepOptions,
  contextTokens: number,
): Promise<Observed> {
  const prompt = workload.nextPrompt(contextTokens);
  const whole = await timeRequest(target, { prompts: [prompt], maxTokens: SWEEP_STEPS + 1 }, signal);
  const [firstMs = NaN] = whole.eventMs;
  const parts = Array.from({ length: SWEEP_SPLIT }, () => workload.nextPrompt(contextTokens / SWEEP_SPLIT));
  const split = await timeRequest(target, { prompts: parts, maxTokens: 1 }, signal);
  return {
    prefillMs: [firstMs - whole.startMs],
    splitPrefillMs: [(split.eventMs.at(-1) ?? NaN) - split.startMs],
    stepMs: [((whole.eventMs.at(-1) ?? NaN) - firstMs) / SWEEP_STEPS],
  };
}

function merge(one: Observed | undefined, other: Observed): Observed {
  if (one === undefined) return other;
  return {
    prefillMs: [...one.prefillMs, ...other.prefillMs],
    splitPrefillMs: [...one.splitPrefillMs, ...other.splitPrefillMs],
    stepMs: [...one.stepMs, ...other.stepMs],
  };
}
