import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logprobsOf, tokenLogprobs } from '../../../src/sampling/logprobs.ts';
import { SamplerState, DEFAULT_SAMPLING_PARAMS } from '../../../src/sampling/sampling-params.ts';
import { Sampler } from '../../../src/sampling/sampler.ts';
import { ranking, softmax } from './reference.ts';

describe('tokenLogprobs', () => {
  it('is the log-softmax, with the most probable tokens in order', () => {
    const row = fc.array(
      fc.integer({ min: -40, max: 40 }).map((n) => n / 4),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(row, fc.nat(20), fc.nat(), (logits, numTop, pick) => {
        const tokenId = pick % logits.length;
        const { logprob, topLogprobs } = tokenLogprobs(Float32Array.from(logits), tokenId, numTop);
        const probabilities = softmax(logits);
        expect(logprob).toBeCloseTo(Math.log(probabilities[tokenId] ?? NaN), 9);
        expect(topLogprobs.map((top) => top.tokenId)).toEqual(ranking(logits).slice(0, numTop));
        for (const top of topLogprobs) {
          expect(top.logprob).toBeCloseTo(Math.log(probabilities[top.tokenId] ?? NaN), 9);
        }
      }),
    );
  });

  it('does not overflow on large logits', () => {
    expect(tokenLogprobs(Float32Array.of(1000, 1000), 0, 0).logprob).toBeCloseTo(-Math.LN2, 12);
  });
});

describe('logprobsOf', () => {
  it('is the log-softmax at each of the tokens, whichever others are asked for', () => {
    const logits = Float32Array.of(1.5, -2, 0.25, 900, 899);
    const probabilities = softmax([...logits]);
    expect(logprobsOf(logits, [4, 3])).toEqual([...logprobsOf(logits, [4]), ...logprobsOf(logits, [3])]);
    expect(logprobsOf(logits, [4, 3])[0]).toBeCloseTo(Math.log(probabilities[4] ?? NaN), 9);
    expect(logprobsOf(logits, [3])[0]).toBe(tokenLogprobs(logits, 3, 0).logprob);
  });

  it('refuses a row that is not numbers', () => {
    expect(() => logprobsOf(Float32Array.of(1, NaN), [0])).toThrow('not numbers');
  });
});

describe('Sampler logprobs', () => {
  const logits = Float32Array.of(Math.log(6), Math.log(3), Math.log(1));

  function sample(numLogprobs: number | undefined) {
    const params = { ...DEFAULT_SAMPLING_PARAMS, temperature: 0, logitBias: new Map([[1, 50]]) };
    const state = new SamplerState({ params, promptTokenIds: [], seed: 1, stream: 0 });
    return new Sampler(3).sampleToken(logits, state, { numLogprobs });
  }

  it('come from the raw logits, not from biased ones', () => {
    const sampled = sample(2);
    expect(sampled.tokenId).toBe(1);
    expect(sampled.logprob).toBeCloseTo(Math.log(0.3), 6);
    expect(sampled.topLogprobs?.map((top) => top.tokenId)).toEqual([0, 1]);
    expect(sampled.topLogprobs?.[0]?.logprob).toBeCloseTo(Math.log(0.6), 6);
  });

  it('are absent unless asked for; 0 asks for the token alone', () => {
    expect(sample(undefined)).toEqual({ tokenId: 1 });
    expect(sample(0).topLogprobs).toEqual([]);
    expect(sample(0).logprob).toBeCloseTo(Math.log(0.3), 6);
  });
});
