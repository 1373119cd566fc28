import { describe, expect, it } from 'vitest';
import { headWithReach, reachOf, strongestCell } from '../../../src/page/attention/choose-head.ts';

const NUM_TOKENS = 8;

/** A head by what each token looks at. */
const head = (keyOf: (query: number) => number): number[][] =>
  Array.from({ length: NUM_TOKENS }, (_, query) =>
    Array.from({ length: NUM_TOKENS }, (_, key) => (key === keyOf(query) ? 1 : 0)),
  );

const ITSELF = head((query) => query);
const ONE_BEFORE = head((query) => Math.max(0, query - 1));
const FIRST = head(() => 0);
const EVEN = Array.from({ length: NUM_TOKENS }, (_, query) =>
  Array.from({ length: NUM_TOKENS }, (_, key) => (key <= query ? 1 / (query + 1) : 0)),
);
/** In a text of four words that come twice, each second one looks at what followed the first. */
const COPIES = head((query) => (query >= 4 ? query - 3 : 0));

describe('the head that the view opens on', () => {
  it('is not one that looks at itself, at the token before, or at the first', () => {
    expect([ITSELF, ONE_BEFORE, FIRST].map(reachOf)).toEqual([0, 0, 0]);
    expect(reachOf(EVEN)).toBeGreaterThan(0);
    expect(reachOf(COPIES)).toBeGreaterThan(2 * reachOf(EVEN));
  });

  it('is the one that finds earlier words again, in whatever layer', () => {
    const layers = [{ heads: [ONE_BEFORE, EVEN] }, { heads: [FIRST, COPIES, ITSELF] }];
    expect(headWithReach(layers)).toEqual({ layer: 1, head: 1 });
    expect(headWithReach(layers.toReversed())).toEqual({ layer: 0, head: 1 });
  });

  it('is the first where a text is too short to tell, or there is none', () => {
    const short = COPIES.slice(0, 3).map((line) => line.slice(0, 3));
    expect(headWithReach([{ heads: [short, short] }])).toEqual({ layer: 0, head: 0 });
    expect(headWithReach([])).toEqual({ layer: 0, head: 0 });
    expect(reachOf([[1]])).toBe(0);
  });

  it('begins with the square of its largest weight, or that of the row that was asked for', () => {
    const soft = COPIES.map((line, query) => line.map((weight) => weight * (query === 6 ? 0.9 : 0.5)));
    expect(strongestCell(soft)).toEqual({ row: 6, column: 3 });
    expect(strongestCell(soft, 7)).toEqual({ row: 7, column: 4 });
    expect(strongestCell(ONE_BEFORE)).toBeUndefined();
    expect(strongestCell(COPIES, 1)).toEqual({ row: 1, column: 0 });
  });
});
