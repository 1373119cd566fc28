import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomAt, threefry2x32 } from '../../../src/sampling/seeded-random.ts';

describe('threefry2x32', () => {
  // The known answers of the Random123 library (kat_vectors, threefry2x32, 20 rounds).
  it.each([
    { key: [0, 0], counter: [0, 0], expected: [0x6b200159, 0x99ba4efe] },
    { key: [-1, -1], counter: [-1, -1], expected: [0x1cb996fc, 0xbb002be7] },
    {
      key: [0x13198a2e, 0x03707344],
      counter: [0x243f6a88, 0x85a308d3],
      expected: [0xc4923a9c, 0x483df7a0],
    },
  ] as const)('gives the published words for counter $counter', ({ key, counter, expected }) => {
    expect(threefry2x32(key, counter)).toEqual(expected);
  });
});

describe('randomAt', () => {
  it('lies in [0, 1) for any safe seed', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.nat(), fc.nat(), (seed, stream, index) => {
        const random = randomAt(seed, stream, index);
        expect(random).toBeGreaterThanOrEqual(0);
        expect(random).toBeLessThan(1);
        expect(randomAt(seed, stream, index)).toBe(random);
      }),
    );
  });

  it('tells seeds apart above 32 bits, negative seeds, streams and indices', () => {
    const numbers = [
      randomAt(1, 0, 0),
      randomAt(1 + 2 ** 32, 0, 0),
      randomAt(1 + 2 ** 52, 0, 0),
      randomAt(-1, 0, 0),
      randomAt(1, 1, 0),
      randomAt(1, 0, 1),
    ];
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it('is uniform over 100 bins, along the index and along the seed', () => {
    for (const at of [(i: number) => randomAt(7, 0, i), (i: number) => randomAt(i, 0, 0)]) {
      const bins = new Array<number>(100).fill(0);
      const numDraws = 100_000;
      for (let i = 0; i < numDraws; i++) {
        const bin = Math.floor(at(i) * 100);
        bins[bin] = (bins[bin] ?? 0) + 1;
      }
      const expected = numDraws / 100;
      const chiSquare = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      // 99 degrees of freedom: 148.2 is exceeded once in a thousand times, 60 undercut as rarely.
      expect(chiSquare).toBeLessThan(148.2);
      expect(chiSquare).toBeGreaterThan(60);
    }
  });
});
