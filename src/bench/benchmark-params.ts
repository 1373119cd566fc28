import { EngineError, invalidField } from '../errors.ts';

/** `engine`: requests go to the engine in this process; `http`: through HTTP and SSE, as a client's do. */
export const BENCHMARK_MODES = ['engine', 'http'] as const;
export type BenchmarkMode = (typeof BENCHMARK_MODES)[number];

export interface BenchmarkParams {
  /** Tokens of each prompt, drawn at random from the vocabulary. */
  promptTokens: number;
  /** Tokens generated for each; end-of-text does not end them. */
  maxTokens: number;
  /** Requests in flight at once; each value is a run of its own. */
  concurrency: readonly number[];
  /** Requests that each of the concurrent clients sends, one after the other. */
  repeats: number;
  /** Context lengths at which prefill and a cached step are timed alone; empty: none. */
  contextSweep: readonly number[];
  /** Every run is done in each of the modes. */
  modes: readonly BenchmarkMode[];
  seed: number;
}

export const DEFAULT_BENCHMARK_PARAMS: BenchmarkParams = {
  promptTokens: 64,
  maxTokens: 64,
  concurrency: [1, 8, 16],
  repeats: 2,
  contextSweep: [],
  modes: ['engine'],
  seed: 0,
};

/** Cached steps timed after each prefill of a sweep; its contexts leave room for them. */
export const SWEEP_STEPS = 16;
/** Prompts that the tokens of a sweep's context are dealt to, for the time without most of the attention. */
export const SWEEP_SPLIT = 4;

export const MAX_CONCURRENCY = 1024;
export const MAX_REPEATS = 100;
/** Runs of a benchmark, by concurrency and by context length. */
export const MAX_RUNS = 32;
const SWEEP_FRACTIONS = [1 / 16, 1 / 8, 1 / 4, 3 / 8, 1 / 2, 5 / 8, 3 / 4, 7 / 8, 1];

/** Lengths from a sixteenth of the context to nearly all of it. */
export function defaultContextSweep(contextLength: number): number[] {
  const longest = longestSweepLength(contextLength);
  const lengths = SWEEP_FRACTIONS.map((fraction) => multipleOfSplit(fraction * longest));
  return [...new Set(lengths.filter((length) => length > 0))];
}

/**
 * Refuses a workload that the model cannot run.
 *
 * @throws EngineError `invalid_request` or `context_length_exceeded`, naming the field as the route spells it
 */
export function checkBenchmarkParams(params: BenchmarkParams, contextLength: number): void {
  const { promptTokens, maxTokens, concurrency, repeats, contextSweep, modes, seed } = params;
  checkInteger('prompt_tokens', promptTokens, contextLength);
  checkInteger('max_tokens', maxTokens, contextLength);
  checkInteger('repeats', repeats, MAX_REPEATS);
  concurrency.forEach((value, index) => checkInteger(`concurrency[${index}]`, value, MAX_CONCURRENCY));
  if (modes.length === 0) throw invalidField('modes', 'must name at least one of engine, http');
  if (!Number.isSafeInteger(seed)) throw invalidField('seed', `must be an integer below 2^53, not ${seed}`);
  if (concurrency.length === 0 && contextSweep.length === 0) {
    throw invalidField('concurrency', 'must not be empty without a context_sweep');
  }
  if (promptTokens + maxTokens > contextLength) {
    throw new EngineError(
      'context_length_exceeded',
      `prompt_tokens ${promptTokens} and max_tokens ${maxTokens} exceed the context of ${contextLength} tokens`,
      { param: 'max_tokens' },
    );
  }
  if (contextSweep.length > MAX_RUNS) {
    throw invalidField('context_sweep', `must hold at most ${MAX_RUNS} lengths`);
  }
  contextSweep.forEach((value, index) => checkSweepLength(value, index, contextLength));
}

function checkSweepLength(value: number, index: number, contextLength: number): void {
  const param = `context_sweep[${index}]`;
  checkInteger(param, value, longestSweepLength(contextLength));
  if (value % SWEEP_SPLIT !== 0)
    throw invalidField(param, `must be a multiple of ${SWEEP_SPLIT}, not ${value}`);
}

function checkInteger(param: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw invalidField(param, `must be an integer from 1 to ${most}, not ${value}`);
}

function longestSweepLength(contextLength: number): number {
  return multipleOfSplit(contextLength - SWEEP_STEPS - 1);
}

function multipleOfSplit(length: number): number {
  return Math.floor(length / SWEEP_SPLIT) * SWEEP_SPLIT;
}
