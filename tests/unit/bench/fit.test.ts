import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitPower, fitSweep } from '../../../src/bench/sweep-fit.ts';

const LENGTHS = [16, 32, 64, 96, 128, 192, 256];

describe('fitPower', () => {
  it('finds exponent and offset of an exact power law', () => {
    const exponents = fc.double({ min: 0.3, max: 3, noNaN: true });
    const offsets = fc.double({ min: -5, max: 5, noNaN: true });
    fc.assert(
      fc.property(exponents, offsets, (exponent, offset) => {
        const fit = fitPower(LENGTHS.map((length) => [length, offset + 7 * (length / 256) ** exponent]));
        expect(fit.exponent).toBeCloseTo(exponent, 2);
        expect(fit.offsetMs).toBeCloseTo(offset, 1);
        expect(fit.r2).toBeGreaterThan(0.9999);
        expect(fit.numPoints).toBe(LENGTHS.length);
      }),
      { numRuns: 30 },
    );
  });

  it('says how much noise it leaves', () => {
    const noisy = LENGTHS.map((length, i) => [length, length + (i % 2 === 0 ? 40 : -40)] as const);
    const { r2 } = fitPower(noisy);
    expect(r2).toBeGreaterThan(0.5);
    expect(r2).toBeLessThan(0.95);
  });

  it('finds nothing in few points, or in times that fall or jump', () => {
    expect(fitPower(LENGTHS.slice(0, 3).map((length) => [length, length]))).toEqual({ numPoints: 3 });
    const jump = (length: number): number => (length === 256 ? 100 : 1);
    for (const time of [(length: number) => -length, () => 5, jump]) {
      expect(fitPower(LENGTHS.map((length) => [length, time(length)]))).toEqual({
        numPoints: LENGTHS.length,
      });
    }
  });
});

describe('fitSweep', () => {
  it('takes the dense layers off, by the split prompts', () => {
    // 5 ms of overhead, 1 ms for each extra prompt, 0.1 ms a token in dense layers, attention by its pairs.
    const attention = (length: number): number => 0.0002 * length ** 2;
    const { points, prefill, prefillAttention, cachedStep } = fitSweep(
      LENGTHS.map((length) => ({
        contextTokens: length,
        prefillMs: 5 + 0.1 * length + attention(length),
        splitPrefillMs: 5 + 3 + 0.1 * length + 4 * attention(length / 4),
        splitGainMs: attention(length) - 4 * attention(length / 4) - 3,
        stepContextTokens: length + 8,
        stepMs: 2 + 0.003 * (length + 8),
      })),
    );
    expect(prefillAttention.exponent).toBeCloseTo(2, 2);
    expect(prefillAttention.offsetMs).toBeCloseTo(-4, 2);
    expect(points.at(-1)?.attentionMs).toBeCloseTo(attention(256) - 4, 9);
    expect(cachedStep.exponent).toBeCloseTo(1, 2);
    expect(cachedStep.offsetMs).toBeCloseTo(2, 2);
    expect(prefill.exponent).toBeGreaterThan(1.1);
    expect(prefill.exponent).toBeLessThan(1.9);
  });
});
