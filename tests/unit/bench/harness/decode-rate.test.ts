import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeWindow, type TokenEvent } from '../../../../bench/harness/decode-rate.ts';

const events = (...list: [atMs: number, numTokens: number][]): TokenEvent[] =>
  list.map(([atMs, numTokens]) => ({ atMs, numTokens }));

describe('decodeWindow', () => {
  it('counts while all streams decode, prefill and tail left out', () => {
    const early = events([10, 1], [20, 1], [30, 2], [40, 1]);
    const late = events([20, 1], [35, 3], [60, 9]);
    // From 20, the first token of the late one, to 40, the last of the early one.
    // There the early one gets 3 in 20 ms, the late one 3 in 15.
    expect(decodeWindow([early, late])).toEqual({ numTokens: 3 + 4, ms: 20 });
  });

  it('is, for one stream, everything behind the first token', () => {
    expect(decodeWindow([events([5, 1], [6, 1], [9, 4])])).toEqual({ numTokens: 5, ms: 4 });
  });

  it('does not exist where streams never decode side by side', () => {
    expect(decodeWindow([])).toBeUndefined();
    expect(decodeWindow([events([5, 1])])).toBeUndefined();
    expect(decodeWindow([events([1, 1], [2, 1]), []])).toBeUndefined();
    expect(decodeWindow([events([1, 1], [2, 1]), events([3, 1], [4, 1])])).toBeUndefined();
    expect(decodeWindow([events([1, 1], [9, 1]), events([3, 1], [12, 1])])).toBeUndefined();
  });

  it('has the rate of streams that tick evenly, whenever they start, and whichever is told first of a step', () => {
    const start = fc.record({
      tick: fc.integer({ min: 0, max: 50 }),
      lateMs: fc.integer({ min: 0, max: 3 }),
    });
    const starts = fc.array(start, { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(starts, (given) => {
        const streams = given.map(({ tick, lateMs }) =>
          events(...Array.from({ length: 60 }, (_, i): [number, number] => [(tick + i) * 4 + lateMs, 1])),
        );
        const window = decodeWindow(streams);
        expect((window?.numTokens ?? NaN) / (window?.ms ?? NaN)).toBeCloseTo(given.length / 4, 9);
      }),
    );
  });
});
