import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NgramIndex, type NgramMatch } from '../../../src/scheduler/ngram-index.ts';

/** The same by its definition: of the latest 8 places behind the last two tokens, the one with the longest past. */
function naiveFind(tokenIds: readonly number[]): NgramMatch | undefined {
  const endsAlike = (place: number, length: number): boolean =>
    length <= place &&
    Array.from({ length }, (_, i) => i + 1).every(
      (back) => tokenIds[place - back] === tokenIds[tokenIds.length - back],
    );
  const places = tokenIds
    .map((_, place) => place)
    .filter((place) => place >= 2 && endsAlike(place, 2))
    .reverse()
    .slice(0, 8);
  const lengthAt = (place: number): number => {
    let length = 2;
    while (length < 32 && endsAlike(place, length + 1)) length++;
    return length;
  };
  const matches = places.map((end) => ({ end, length: lengthAt(end) }));
  return matches.reduce<NgramMatch | undefined>(
    (best, match) => (best === undefined || match.length > best.length ? match : best),
    undefined,
  );
}

describe('NgramIndex', () => {
  it('finds what a naive search finds, token by token', () => {
    const text = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 120 });
    fc.assert(
      fc.property(text, (tokens) => {
        const grown: number[] = [];
        const index = new NgramIndex(grown);
        for (const token of tokens) {
          grown.push(token);
          expect(index.find()).toEqual(naiveFind(grown));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('finds the same whether it was asked at each token or at the last alone', () => {
    const text = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(text, (tokens) => {
        expect(new NgramIndex(tokens).find()).toEqual(naiveFind(tokens));
      }),
    );
  });

  it('guesses what followed, and goes round where the place is near the end', () => {
    const index = new NgramIndex([7, 1, 2, 3, 4, 1, 2]);
    const match = index.find() ?? { end: NaN, length: NaN };
    expect(match).toEqual({ end: 3, length: 2 });
    expect(index.guess(match, 6)).toEqual([3, 4, 1, 2, 3, 4]);
    const loop = new NgramIndex([5, 9, 9, 9]);
    expect(loop.guess(loop.find() ?? { end: NaN, length: NaN }, 4)).toEqual([9, 9, 9, 9]);
  });

  it('tells pairs of the largest vocabularies apart', () => {
    const large = 2 ** 26 - 1;
    expect(new NgramIndex([0, large, 5, large, 0]).find()).toBeUndefined();
    expect(new NgramIndex([large, large, 5, large, large]).find()).toEqual({ end: 2, length: 2 });
  });
});
