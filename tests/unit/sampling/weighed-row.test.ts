import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TOP_LOGITS } from '../../../src/runtime/step-batch.ts';
import { Sampler } from '../../../src/sampling/sampler.ts';
import type { SamplingParams } from '../../../src/sampling/sampling-params.ts';
import { randomAt } from '../../../src/sampling/seeded-random.ts';
import { filtered, pickTopFirst, softmax } from './reference.ts';
import { errorOf, stateOf, weigh } from './rows.ts';

describe('a row that is weighed', () => {
  const VOCAB = 400;
  const sampler = new Sampler(VOCAB);
  const row = fc
    .tuple(
      fc.array(fc.integer({ min: -80, max: 80 }), { minLength: VOCAB, maxLength: VOCAB }),
      fc.constantFrom(4, 8, 40),
    )
    .map(([values, spread]) => Float32Array.from(values, (value) => value / spread));
  const params = fc.record({
    temperature: fc.constantFrom(0.3, 1, 2),
    topK: fc.constantFrom(0, 0, 5, TOP_LOGITS, TOP_LOGITS + 1, 200, VOCAB - 1, 100_000),
    topP: fc.constantFrom(0.1234567, 0.5234567, 0.9234567, 0.9912345, 1),
    minP: fc.constantFrom(0, 0, 0.0123456, 0.3123456),
  });

  it('gives the tokens that the definition gives, as the row alone does', () => {
    fc.assert(
      fc.property(row, params, fc.nat(1000), (logits, sampling, seed) => {
        const helps = sampling.topK <= TOP_LOGITS;
        expect(sampler.drawTemperature(stateOf(sampling), [])).toBe(helps ? sampling.temperature : 0);
        const probabilities = filtered([...logits], sampling);
        const weighed = weigh(logits, sampling.temperature);
        const [stateOfRow, stateOfWeighed] = [stateOf({ ...sampling, seed }), stateOf({ ...sampling, seed })];
        const draws = Array.from({ length: 8 }, (_, i) => ({
          defined: pickTopFirst(probabilities, TOP_LOGITS, randomAt(seed, 0, i)),
          ofRow: sampler.sampleToken(logits, stateOfRow, { numLogprobs: 2 }),
          ofWeighed: sampler.sampleToken(weighed, stateOfWeighed, { numLogprobs: 2 }),
        }));
        expect(draws.map(({ ofWeighed }) => ofWeighed.tokenId)).toEqual(draws.map(({ defined }) => defined));
        expect(draws.map(({ ofWeighed }) => ofWeighed)).toEqual(draws.map(({ ofRow }) => ofRow));
      }),
      { numRuns: 300 },
    );
  });

  it('is drawn from by its weights', () => {
    const logits = Float32Array.from({ length: VOCAB }, (_, id) => Math.sin(id * id) * 2);
    const probabilities = softmax([...logits]);
    const state = stateOf({});
    const weighed = weigh(logits, 1);
    const counts = new Array<number>(VOCAB).fill(0);
    const numDraws = 200_000;
    for (let i = 0; i < numDraws; i++) counts[sampler.sampleToken(weighed, state).tokenId]! += 1;
    const chiSquare = counts.reduce((sum, count, id) => {
      const expected = (probabilities[id] ?? 0) * numDraws;
      return sum + (count - expected) ** 2 / expected;
    }, 0);
    // 399 degrees of freedom: beyond 500 in one run of 2,000.
    expect(chiSquare).toBeLessThan(500);
  });

  it('is not looked at where its top tells', () => {
    const logits = Float32Array.from({ length: VOCAB }, (_, id) => -id);
    for (const sampling of [{}, { topP: 0.9 }, { minP: 0.1 }, { topK: 5, minP: 0.1 }]) {
      const weighed = { ...weigh(logits, 1), row: new Float32Array(VOCAB).fill(NaN) };
      const state = stateOf(sampling);
      for (let i = 0; i < 50; i++) expect(sampler.sampleToken(weighed, state).tokenId).toBeLessThan(40);
    }
  });

  it('that has no weight is an error', () => {
    const logits = new Float32Array(VOCAB).fill(NaN);
    const weighed = { ...weigh(logits, 1), totalWeight: NaN };
    expect(errorOf(() => sampler.sampleToken(weighed, stateOf({}))).code).toBe('backend_failure');
  });

  it.each<[string, Partial<SamplingParams>, number[]]>([
    ['greedy', { temperature: 0 }, []],
    ['more than the top', { topK: TOP_LOGITS + 1 }, []],
    ['a bias', { logitBias: new Map([[1, 1]]) }, []],
    ['a forbidden token', {}, [3]],
  ])('helps nothing for %s', (_, sampling, forbiddenTokenIds) => {
    expect(sampler.drawTemperature(stateOf(sampling), forbiddenTokenIds)).toBe(0);
    const logits = Float32Array.from({ length: VOCAB }, (_, id) => Math.cos(id));
    const [whole, weighed] = [stateOf(sampling), stateOf(sampling)];
    for (let i = 0; i < 20; i++) {
      const expected = sampler.sampleToken(logits, whole, { forbiddenTokenIds });
      expect(sampler.sampleToken(weigh(logits, 1), weighed, { forbiddenTokenIds })).toEqual(expected);
    }
  });
});
