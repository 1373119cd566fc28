import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exponential, stepsOf } from '../../../src/sampling/exponential.ts';

const of = (x: number, temperature = 1): number => exponential(x * stepsOf(temperature));

describe('the exponential of what is not positive', () => {
  it('is that of Math.exp to 14 digits, at any temperature', () => {
    const x = fc.double({ min: -700, max: 0, noNaN: true });
    fc.assert(
      fc.property(x, fc.constantFrom(0.1, 0.7, 1, 2), (difference, temperature) => {
        const expected = Math.exp(difference / temperature);
        // A difference is rounded before it becomes an exponent: an error of its own size times 2^-53.
        const tolerance = expected * (1e-15 + (4e-16 * -difference) / temperature);
        expect(Math.abs(of(difference, temperature) - expected)).toBeLessThanOrEqual(tolerance + 1e-300);
      }),
      { numRuns: 2000 },
    );
  });

  it('is 1 at 0 and 0 where float64 ends', () => {
    expect(of(0)).toBe(1);
    expect(of(-0)).toBe(1);
    for (const x of [-746, -1e5, -3.4e38, -Infinity]) expect(of(x)).toBe(0);
    expect(of(-1, 1e-5)).toBe(0);
  });

  it('falls from each float32 to the next lower', () => {
    const bits = new Int32Array(1);
    const float = new Float32Array(bits.buffer);
    fc.assert(
      fc.property(fc.float({ min: -100, max: Math.fround(-1e-6), noNaN: true }), (x) => {
        float[0] = x;
        bits[0] = (bits[0] ?? 0) + 1;
        const [lower = NaN] = float;
        expect(of(lower)).toBeLessThan(of(x));
      }),
    );
  });
});
