import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TOP_LOGITS } from '../../../src/runtime/step-batch.ts';
import {
  SamplerState,
  DEFAULT_SAMPLING_PARAMS,
  type SamplingParams,
} from '../../../src/sampling/sampling-params.ts';
import { Sampler } from '../../../src/sampling/sampler.ts';
import { minPSet, renormalise, softmax, topKSet, topPSet } from './reference.ts';
import { errorOf, stateOf, topOf } from './rows.ts';

function draw(sampler: Sampler, logits: Float32Array, state: SamplerState, count: number): number[] {
  return Array.from({ length: count }, () => sampler.sampleToken(logits, state).tokenId);
}

describe('greedy', () => {
  it('takes the largest logit, the lowest id on ties, whatever the filters and the seed', () => {
    const sampler = new Sampler(5);
    const logits = Float32Array.of(1, 7, 3, 7, 7);
    for (const temperature of [0, 1e-6]) {
      for (const seed of [1, 2, 3]) {
        const params = { temperature, seed, topK: 3, topP: 0.5, minP: 0.1 };
        expect(draw(sampler, logits, stateOf(params), 4)).toEqual([1, 1, 1, 1]);
      }
    }
  });

  it('follows bias, penalties and forbidden tokens', () => {
    const sampler = new Sampler(3);
    const logits = Float32Array.of(3, 2, 1);
    const greedy = { temperature: 0 };
    expect(draw(sampler, logits, stateOf({ ...greedy, logitBias: new Map([[2, 5]]) }), 1)).toEqual([2]);
    expect(draw(sampler, logits, stateOf({ ...greedy, presencePenalty: 1.5 }), 3)).toEqual([0, 1, 0]);
    expect(draw(sampler, logits, stateOf({ ...greedy, frequencyPenalty: 0.75 }), 4)).toEqual([0, 0, 1, 0]);
    // The prompt counts for the repetition penalty, not for the other two.
    expect(draw(sampler, logits, stateOf({ ...greedy, repetitionPenalty: 2 }, [0]), 1)).toEqual([1]);
    expect(draw(sampler, logits, stateOf({ ...greedy, presencePenalty: 2 }, [0]), 1)).toEqual([0]);
    expect(sampler.sampleToken(logits, stateOf(greedy), { forbiddenTokenIds: [0, 1] }).tokenId).toBe(2);
  });

  it('a bias cannot bring back a forbidden token', () => {
    const state = stateOf({ temperature: 0, logitBias: new Map([[0, 100]]) });
    const sampled = new Sampler(2).sampleToken(Float32Array.of(1, 0), state, { forbiddenTokenIds: [0] });
    expect(sampled.tokenId).toBe(1);
  });

  it('leaves the logits as they were', () => {
    const logits = Float32Array.of(3, 2, 1);
    const params = {
      logitBias: new Map([[0, 1]]),
      presencePenalty: 1,
      frequencyPenalty: 1,
      topK: 2,
      topP: 0.5,
    };
    draw(new Sampler(3), logits, stateOf({ ...params, repetitionPenalty: 2, minP: 0.1 }), 5);
    expect([...logits]).toEqual([3, 2, 1]);
  });
});

describe('the distribution of draws', () => {
  const logits = [2, 1.5, 1, 0.5, 0, -0.5, -1, -3];
  const numDraws = 40_000;

  /** Pearson's statistic over the tokens with a probability; fails at once on a token that has none. */
  function chiSquare(counts: readonly number[], probabilities: readonly number[]): number {
    return counts.reduce((sum, count, id) => {
      const expected = (probabilities[id] ?? 0) * numDraws;
      if (expected === 0) expect(count, `token ${id} was filtered out`).toBe(0);
      return expected === 0 ? sum : sum + (count - expected) ** 2 / expected;
    }, 0);
  }

  const plain = softmax(logits);
  const cases: { name: string; params: Partial<SamplingParams>; expected: number[] }[] = [
    { name: 'plain', params: {}, expected: plain },
    { name: 'temperature 0.5', params: { temperature: 0.5 }, expected: softmax(logits, 0.5) },
    { name: 'temperature 2', params: { temperature: 2 }, expected: softmax(logits, 2) },
    { name: 'top-k 3', params: { topK: 3 }, expected: renormalise(plain, topKSet(plain, 3)) },
    { name: 'top-p 0.8', params: { topP: 0.8 }, expected: renormalise(plain, topPSet(plain, 0.8)) },
    { name: 'min-p 0.2', params: { minP: 0.2 }, expected: renormalise(plain, minPSet(plain, 0.2)) },
    {
      name: 'temperature before top-p',
      params: { temperature: 2, topP: 0.6 },
      expected: renormalise(softmax(logits, 2), topPSet(softmax(logits, 2), 0.6)),
    },
    {
      name: 'temperature before min-p',
      params: { temperature: 2, minP: 0.4 },
      expected: renormalise(softmax(logits, 2), minPSet(softmax(logits, 2), 0.4)),
    },
    {
      name: 'logit bias',
      params: { logitBias: new Map([[7, 4]]) },
      expected: softmax(logits.with(7, 1)),
    },
  ];

  it.each(cases)('is the defined one: $name', ({ params, expected }) => {
    const counts = new Array<number>(logits.length).fill(0);
    const sampler = new Sampler(logits.length);
    for (const tokenId of draw(
      sampler,
      Float32Array.from(logits),
      stateOf({ ...params, seed: 42 }),
      numDraws,
    )) {
      counts[tokenId] = (counts[tokenId] ?? 0) + 1;
    }
    // At most 7 degrees of freedom: 24.3 is exceeded once in a thousand times.
    expect(chiSquare(counts, expected)).toBeLessThan(24.3);
  });
});

describe('seeds', () => {
  const logits = new Float32Array(50);

  it('give one sequence of tokens, whoever else uses the sampler in between', () => {
    const sampler = new Sampler(50);
    const alone = draw(sampler, logits, stateOf({ seed: 5 }), 30);
    const state = stateOf({ seed: 5 });
    const other = stateOf({ seed: 6, topK: 4, topP: 0.9, presencePenalty: 1 });
    const interleaved = Array.from({ length: 30 }, () => {
      draw(sampler, logits, other, 2);
      return sampler.sampleToken(logits, state).tokenId;
    });
    expect(interleaved).toEqual(alone);
    expect(draw(sampler, logits, stateOf({ seed: 6 }), 30)).not.toEqual(alone);
  });

  it('give each choice of a request its own sequence', () => {
    const sampler = new Sampler(50);
    const options = { params: DEFAULT_SAMPLING_PARAMS, promptTokenIds: [], seed: 5 };
    const first = draw(sampler, logits, new SamplerState({ ...options, stream: 0 }), 30);
    const second = draw(sampler, logits, new SamplerState({ ...options, stream: 1 }), 30);
    expect(second).not.toEqual(first);
  });

  it('never draw a forbidden token, whatever the parameters', () => {
    const params = fc.record({
      temperature: fc.double({ min: 0, max: 2, noNaN: true }),
      topK: fc.nat(10),
      topP: fc.double({ min: 0.01, max: 1, noNaN: true }),
      minP: fc.double({ min: 0, max: 1, noNaN: true }),
      seed: fc.maxSafeInteger(),
      repetitionPenalty: fc.double({ min: 0.5, max: 2, noNaN: true }),
    });
    const row = fc.array(fc.float({ min: -30, max: 30, noNaN: true }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(params, row, (some, values) => {
        const state = stateOf(some, [0]);
        const sampled = new Sampler(values.length).sampleToken(Float32Array.from(values), state, {
          forbiddenTokenIds: [0],
        });
        expect(sampled.tokenId).toBeGreaterThan(0);
        expect(sampled.tokenId).toBeLessThan(values.length);
      }),
    );
  });
});

describe('unusable logits', () => {
  it.each([
    { name: 'NaN', values: [1, NaN, 2] },
    { name: 'NaN in front', values: [NaN, 1, 2] },
    { name: 'infinity', values: [1, Infinity, 2] },
    { name: 'nothing allowed', values: [-Infinity, -Infinity, -Infinity] },
  ])('are a backend failure: $name', ({ values }) => {
    for (const temperature of [0, 1]) {
      const run = () => new Sampler(3).sampleToken(Float32Array.from(values), stateOf({ temperature }));
      expect(errorOf(run).code).toBe('backend_failure');
    }
  });

  it('a row of another length breaks an invariant', () => {
    expect(errorOf(() => new Sampler(3).sampleToken(new Float32Array(4), stateOf())).code).toBe('internal');
  });
});

describe('from the top of a row', () => {
  const VOCAB = 300;
  /** Few distinct values, so that ties are everywhere, the last place of the top included. */
  const row = fc
    .array(fc.integer({ min: -20, max: 20 }), { minLength: VOCAB, maxLength: VOCAB })
    .map((values) => Float32Array.from(values, (value) => value / 4));
  const params = fc.record({
    temperature: fc.constantFrom(0, 0.3, 1, 2),
    topK: fc.integer({ min: 1, max: TOP_LOGITS }),
    topP: fc.constantFrom(0.1, 0.5, 0.9, 1),
    minP: fc.constantFrom(0, 0.05, 0.5),
    seed: fc.nat(1000),
  });

  it('draws the tokens and gives the logprobs that the whole row gives', () => {
    fc.assert(
      fc.property(row, params, fc.constantFrom(undefined, 0, 5, 20), (logits, sampling, numLogprobs) => {
        const sampler = new Sampler(VOCAB);
        const [whole, top] = [stateOf(sampling), stateOf(sampling)];
        expect(sampler.topIsEnough(top, { numLogprobs })).toBe(true);
        for (let i = 0; i < 5; i++) {
          const expected = sampler.sampleToken(logits, whole, { numLogprobs });
          const actual = sampler.sampleToken(topOf(logits), top, { numLogprobs });
          expect(actual.tokenId).toBe(expected.tokenId);
          expect(actual.topLogprobs?.map(({ tokenId }) => tokenId)).toEqual(
            expected.topLogprobs?.map(({ tokenId }) => tokenId),
          );
          if (numLogprobs !== undefined) expect(actual.logprob).toBeCloseTo(expected.logprob ?? NaN, 5);
        }
      }),
    );
  });

  it.each<[string, Partial<SamplingParams>, number[]]>([
    ['the whole distribution', {}, []],
    ['top-p alone', { topP: 0.5 }, []],
    ['more than the top', { topK: TOP_LOGITS + 1 }, []],
    ['min-p alone', { minP: 0.1 }, []],
    ['a bias', { temperature: 0, logitBias: new Map([[1, 1]]) }, []],
    ['a repetition penalty', { temperature: 0, repetitionPenalty: 1.1 }, []],
    ['a frequency penalty', { temperature: 0, frequencyPenalty: 0.1 }, []],
    ['a presence penalty', { temperature: 0, presencePenalty: 0.1 }, []],
    ['a forbidden token', { temperature: 0 }, [3]],
  ])('is not enough for %s', (_, sampling, forbiddenTokenIds) => {
    const sampler = new Sampler(VOCAB);
    expect(sampler.topIsEnough(stateOf(sampling), { forbiddenTokenIds })).toBe(false);
    const top = topOf(new Float32Array(VOCAB));
    expect(errorOf(() => sampler.sampleToken(top, stateOf(sampling), { forbiddenTokenIds })).code).toBe(
      'internal',
    );
  });

  it.each([
    ['NaN', { logits: [NaN, 1], logSumExp: 1 }],
    ['a NaN beyond the top', { logits: [1, 0], logSumExp: NaN }],
    ['infinity', { logits: [Infinity, 1], logSumExp: Infinity }],
    ['nothing but -infinity', { logits: [-Infinity, -Infinity], logSumExp: -Infinity }],
  ])('refuses %s', (_, { logits, logSumExp }) => {
    const top = { tokenIds: Int32Array.of(0, 1), logits: Float32Array.from(logits), logSumExp };
    const error = errorOf(() => new Sampler(VOCAB).sampleToken(top, stateOf({ temperature: 0 })));
    expect(error.code).toBe('backend_failure');
  });
});
