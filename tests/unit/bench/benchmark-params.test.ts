import { describe, expect, it } from 'vitest';
import {
  checkBenchmarkParams,
  DEFAULT_BENCHMARK_PARAMS,
  defaultContextSweep,
} from '../../../src/bench/benchmark-params.ts';
import type { BenchmarkParams } from '../../../src/bench/benchmark-params.ts';
import { EngineError } from '../../../src/errors.ts';

function paramAtFault(params: Partial<BenchmarkParams>): string | undefined {
  try {
    checkBenchmarkParams({ ...DEFAULT_BENCHMARK_PARAMS, ...params }, 512);
  } catch (error) {
    if (error instanceof EngineError) return error.param;
    throw error;
  }
  return undefined;
}

describe('checkBenchmarkParams', () => {
  it('accepts the defaults, and a sweep of its own choice', () => {
    expect(paramAtFault({})).toBeUndefined();
    for (const contextLength of [64, 128, 512, 2048]) {
      const contextSweep = defaultContextSweep(contextLength);
      expect(contextSweep.length).toBeGreaterThan(3);
      checkBenchmarkParams(
        { ...DEFAULT_BENCHMARK_PARAMS, promptTokens: 8, maxTokens: 8, contextSweep },
        contextLength,
      );
    }
  });

  it.each<[string, Partial<BenchmarkParams>]>([
    ['prompt_tokens', { promptTokens: 0 }],
    ['prompt_tokens', { promptTokens: NaN }],
    ['max_tokens', { maxTokens: 1.5 }],
    ['max_tokens', { promptTokens: 500, maxTokens: 13 }],
    ['repeats', { repeats: 1000 }],
    ['concurrency[1]', { concurrency: [1, 0] }],
    ['concurrency', { concurrency: [] }],
    ['context_sweep[0]', { contextSweep: [512] }],
    ['context_sweep[1]', { contextSweep: [8, 9] }],
    ['context_sweep', { contextSweep: new Array<number>(33).fill(4) }],
    ['modes', { modes: [] }],
    ['seed', { seed: 0.1 }],
  ])('names %s: %o', (param, params) => {
    expect(paramAtFault(params)).toBe(param);
  });
});
