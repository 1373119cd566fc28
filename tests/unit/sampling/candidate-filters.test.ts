import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keepMinP, keepTopK, keepTopP } from '../../../src/sampling/logits-processors.ts';
import { Candidates } from '../../../src/sampling/candidates.ts';
import { minPSet, ranking, renormalise, softmax, topKSet, topPSet } from './reference.ts';

/** Logits on a coarse grid, so that ties are common; distances keep a nucleus's edge clear of rounding. */
const logitsArbitrary = fc.array(
  fc.integer({ min: -12, max: 12 }).map((n) => n / 4),
  {
    minLength: 1,
    maxLength: 40,
  },
);

function candidatesOf(logits: readonly number[], temperature = 1): Candidates {
  const candidates = new Candidates(logits.length);
  candidates.fill(Float32Array.from(logits), Math.max(...logits), temperature);
  return candidates;
}

function idsOf(candidates: Candidates): number[] {
  return [...candidates.tokenIds.subarray(0, candidates.size)];
}

function probabilitiesOf(candidates: Candidates, vocabSize: number): number[] {
  const total = candidates.totalWeight;
  const probabilities = new Array<number>(vocabSize).fill(0);
  for (let i = 0; i < candidates.size; i++) {
    probabilities[candidates.tokenIds[i] ?? 0] = (candidates.weights[i] ?? 0) / total;
  }
  return probabilities;
}

function expectProbabilities(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((p, id) => expect(p).toBeCloseTo(expected[id] ?? NaN, 6));
}

describe('Candidates', () => {
  it('fill gives the softmax at a temperature', () => {
    fc.assert(
      fc.property(logitsArbitrary, fc.double({ min: 0.1, max: 3, noNaN: true }), (logits, temperature) => {
        expectProbabilities(
          probabilitiesOf(candidatesOf(logits, temperature), logits.length),
          softmax(logits, temperature),
        );
      }),
    );
  });

  it('weigh gives the most probable tokens, the lower id first on ties, and the weight of all', () => {
    fc.assert(
      fc.property(logitsArbitrary, fc.constantFrom(0.5, 1, 2), (logits, temperature) => {
        const row = Float32Array.from(logits);
        const weighed = new Candidates(row.length).weigh(row, Math.max(...logits), temperature);
        expect([...weighed.tokenIds]).toEqual(ranking(logits));
        expect(weighed.totalWeight).toBeCloseTo(1 / Math.max(...softmax(logits, temperature)), 6);
      }),
    );
  });

  it('leaves out only what weighs less than was said', () => {
    fc.assert(
      fc.property(logitsArbitrary, fc.double({ min: 0, max: 1, noNaN: true }), (logits, leastWeight) => {
        const candidates = new Candidates(logits.length);
        candidates.fill(Float32Array.from(logits), Math.max(...logits), 1, leastWeight);
        const largest = Math.max(...logits);
        const heavy = logits.flatMap((logit, id) => (Math.exp(logit - largest) >= leastWeight ? [id] : []));
        const kept = new Set(idsOf(candidates));
        expect(heavy.filter((id) => !kept.has(id))).toEqual([]);
        for (const id of kept)
          expect(Math.exp((logits[id] ?? NaN) - largest)).toBeGreaterThan(leastWeight * 0.998);
      }),
    );
  });
});

describe('of a large vocabulary', () => {
  const VOCAB = 20_000;
  /** A scattered sequence on a coarse grid, of which a few tokens stand out by `peak`. */
  const logitsOf = (peak: number): number[] =>
    Array.from({ length: VOCAB }, (_, id) => ((id * 7919) % 97) / 16 + (id % 613 === 5 ? peak : 0));

  const rankedIds = (logits: readonly number[], count: number): number[] =>
    ranking(logits)
      .slice(0, count)
      .toSorted((a, b) => a - b);

  it.each([1, 5, 40, 300, 2000, VOCAB - 1])('top-k keeps the %i largest', (k) => {
    for (const peak of [0, 3]) {
      const logits = logitsOf(peak);
      const candidates = candidatesOf(logits);
      keepTopK(candidates, k);
      expect(idsOf(candidates)).toEqual(rankedIds(logits, k));
    }
  });

  it.each([0.001, 0.05, 1, 40])('top-k keeps the largest where no two are equal, at temperature %f', (t) => {
    const logits = [...Float32Array.from({ length: VOCAB }, (_, id) => 5 * Math.sin(id * id))];
    for (const k of [3, 70, 5000]) {
      const candidates = candidatesOf(logits, t);
      const numWeighed = candidates.weights.filter((weight) => weight > 0).length;
      keepTopK(candidates, k);
      expect(candidates.size).toBe(k);
      const kept = new Set(idsOf(candidates));
      expect(rankedIds(logits, Math.min(k, numWeighed)).filter((id) => !kept.has(id))).toEqual([]);
    }
  });

  it('top-p keeps the smallest set where no two are equal', () => {
    const logits = [...Float32Array.from({ length: VOCAB }, (_, id) => 3 * Math.sin(id * id))];
    for (const topP of [0.1, 0.5, 0.9, 0.999]) {
      const candidates = candidatesOf(logits);
      keepTopP(candidates, topP);
      expect(idsOf(candidates)).toEqual(rankedIds(logits, topPSet(softmax(logits), topP).size));
    }
  });

  it.each([
    { what: 'a nucleus of few', peak: 20, topP: 0.512345 },
    { what: 'a nucleus of one', peak: 20, topP: 0.001 },
    { what: 'a nucleus of thousands', peak: 0, topP: 0.812345 },
  ])('top-p keeps $what', ({ peak, topP }) => {
    const logits = logitsOf(peak);
    const candidates = candidatesOf(logits);
    keepTopP(candidates, topP);
    const expected = topPSet(softmax(logits), topP);
    expect(idsOf(candidates)).toEqual(rankedIds(logits, expected.size));
  });

  it('all equal are kept by their ids', () => {
    const candidates = candidatesOf(new Array<number>(VOCAB).fill(2));
    keepTopK(candidates, 70);
    expect(idsOf(candidates)).toEqual(Array.from({ length: 70 }, (_, id) => id));
  });
});

describe('filters keep the tokens that their definitions keep', () => {
  it('top-k', () => {
    fc.assert(
      fc.property(logitsArbitrary, fc.integer({ min: 1, max: 45 }), (logits, k) => {
        const candidates = candidatesOf(logits);
        keepTopK(candidates, k);
        expect(new Set(idsOf(candidates))).toEqual(topKSet(softmax(logits), k));
        const expected = renormalise(softmax(logits), topKSet(softmax(logits), k));
        expectProbabilities(probabilitiesOf(candidates, logits.length), expected);
      }),
    );
  });

  it('top-p', () => {
    // A share with this odd fraction never coincides with a sum of the grid's probabilities.
    const share = fc.integer({ min: 0, max: 98 }).map((n) => (n + 0.3183098861) / 100);
    fc.assert(
      fc.property(logitsArbitrary, share, (logits, p) => {
        const candidates = candidatesOf(logits);
        keepTopP(candidates, p);
        expect(new Set(idsOf(candidates))).toEqual(topPSet(softmax(logits), p));
      }),
    );
  });

  it('min-p', () => {
    const share = fc.integer({ min: 0, max: 98 }).map((n) => (n + 0.3183098861) / 100);
    fc.assert(
      fc.property(logitsArbitrary, share, (logits, minP) => {
        const candidates = candidatesOf(logits);
        keepMinP(candidates, minP);
        expect(idsOf(candidates).toSorted()).toEqual([...minPSet(softmax(logits), minP)].toSorted());
      }),
    );
  });

  it('top-p after top-k counts shares of what top-k left', () => {
    const logits = [3, 2, 1, 0].map((n) => n * Math.log(2)); // probabilities 8, 4, 2, 1 of 15
    const candidates = candidatesOf(logits);
    keepTopK(candidates, 2); // 8 and 4 of 12
    keepTopP(candidates, 0.65);
    expect(idsOf(candidates)).toEqual([0]);

    const alone = candidatesOf(logits);
    keepTopP(alone, 0.65); // 8 of 15 does not reach it
    expect(idsOf(alone)).toEqual([0, 1]);
  });

  it('top-p keeps no more once its share is reached exactly', () => {
    const candidates = candidatesOf([1, 1, 1, 1]);
    keepTopP(candidates, 0.5);
    expect(idsOf(candidates)).toEqual([0, 1]);
    const sorted = candidatesOf([1, 1, 1, 1, 0]);
    keepTopK(sorted, 4);
    keepTopP(sorted, 0.5);
    expect(idsOf(sorted)).toEqual([0, 1]);
  });

  it('each keeps at least the most probable token', () => {
    const candidates = candidatesOf([0, 5, 0]);
    keepTopP(candidates, 1e-12);
    expect(idsOf(candidates)).toEqual([1]);
    const others = candidatesOf([0, 5, 0]);
    keepMinP(others, 1);
    expect(idsOf(others)).toEqual([1]);
  });
});
