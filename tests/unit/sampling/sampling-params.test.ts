import { describe, expect, it } from 'vitest';
import { EngineError } from '../../../src/errors.ts';
import { checkSamplingParams, DEFAULT_SAMPLING_PARAMS } from '../../../src/sampling/sampling-params.ts';
import type { SamplingParams } from '../../../src/sampling/sampling-params.ts';

function paramAtFault(params: Partial<SamplingParams>): string | undefined {
  try {
    checkSamplingParams({ ...DEFAULT_SAMPLING_PARAMS, ...params }, 100);
  } catch (error) {
    if (error instanceof EngineError && error.code === 'invalid_request') return error.param;
    throw error;
  }
  return undefined;
}

describe('checkSamplingParams', () => {
  it('accepts the defaults and the ends of each range', () => {
    expect(paramAtFault({})).toBeUndefined();
    const extreme = { temperature: 0, topP: 1e-9, topK: 1000, minP: 1, seed: -1, frequencyPenalty: -2 };
    const bias = new Map([
      [0, -100],
      [99, 100],
    ]);
    expect(
      paramAtFault({ ...extreme, presencePenalty: 2, repetitionPenalty: 2, logitBias: bias }),
    ).toBeUndefined();
  });

  it.each<[string, Partial<SamplingParams>]>([
    ['temperature', { temperature: -0.1 }],
    ['temperature', { temperature: NaN }],
    ['temperature', { temperature: Infinity }],
    ['top_p', { topP: 0 }],
    ['top_p', { topP: 1.01 }],
    ['top_k', { topK: -1 }],
    ['top_k', { topK: 1.5 }],
    ['min_p', { minP: 1.5 }],
    ['seed', { seed: 2 ** 53 }],
    ['seed', { seed: 0.5 }],
    ['frequency_penalty', { frequencyPenalty: 2.1 }],
    ['presence_penalty', { presencePenalty: NaN }],
    ['repetition_penalty', { repetitionPenalty: 0 }],
    ['logit_bias', { logitBias: new Map([[100, 1]]) }],
    ['logit_bias', { logitBias: new Map([[-1, 1]]) }],
    ['logit_bias.3', { logitBias: new Map([[3, 101]]) }],
  ])('names %s: %o', (param, params) => {
    expect(paramAtFault(params)).toBe(param);
  });
});
