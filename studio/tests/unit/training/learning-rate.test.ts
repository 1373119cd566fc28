import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beginAlike, learningRateAt, type Schedule } from '../../../training/learning-rate.ts';

const cosine: Schedule = {
  name: 'cosine',
  peak: 1e-3,
  finalFraction: 0.01,
  numWarmupSteps: 10,
  numSteps: 110,
  numDecaySteps: 0,
};
const wsd: Schedule = { ...cosine, name: 'wsd', numDecaySteps: 20 };

describe('the cosine', () => {
  it('rises in a line, is halfway down in the middle and ends at its last share', () => {
    expect(learningRateAt(0, cosine)).toBeCloseTo(1e-4, 12);
    expect(learningRateAt(9, cosine)).toBeCloseTo(1e-3, 12);
    expect(learningRateAt(10, cosine)).toBeCloseTo(1e-3, 12);
    expect(learningRateAt(59.5, cosine)).toBeCloseTo(1e-3 * (0.01 + 0.99 / 2), 12);
    expect(learningRateAt(109, cosine)).toBeCloseTo(1e-5, 12);
  });
});

describe('warm-up, stable, decay', () => {
  it('rises as the cosine does, stays, and falls in a line to its last share', () => {
    for (let step = 0; step < 10; step++)
      expect(learningRateAt(step, wsd)).toBe(learningRateAt(step, cosine));
    for (const step of [10, 50, 89]) expect(learningRateAt(step, wsd)).toBe(1e-3);
    expect(learningRateAt(90, wsd)).toBeCloseTo(1e-3 * (1 - 0.99 / 20), 12);
    expect(learningRateAt(99, wsd)).toBeCloseTo(1e-3 * (1 - 0.99 / 2), 12);
    expect(learningRateAt(109, wsd)).toBeCloseTo(1e-5, 12);
  });

  it('never falls without steps that decay', () => {
    const constant = { ...wsd, numDecaySteps: 0 };
    expect(learningRateAt(109, constant)).toBe(1e-3);
  });

  it('begins alike for as many steps as two lengths have the same rates', () => {
    const length = fc.record({
      numSteps: fc.integer({ min: 30, max: 60 }),
      numDecaySteps: fc.integer({ min: 0, max: 20 }),
    });
    fc.assert(
      fc.property(length, length, fc.integer({ min: 0, max: 30 }), (a, b, numDone) => {
        const rates = (of: typeof a): number[] =>
          Array.from({ length: numDone }, (_, step) => learningRateAt(step, { ...wsd, ...of }));
        const areAlike = rates(a).every((rate, step) => rate === rates(b)[step]);
        expect(beginAlike(numDone, a, b)).toBe(areAlike);
      }),
    );
  });
});
