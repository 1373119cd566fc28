import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runToEnd } from '../../../src/process/in-slices.ts';
import { mergePairs, PieceMerger, type Piece } from '../../../src/tokenizer/piece-merger.ts';

/** SentencePiece's own ids are the measure: see sentencepiece-tokenizer.test.ts. Here is what they do not reach. */
function pieces(scores: Record<string, number>, unused: readonly string[] = []): Map<string, Piece> {
  return new Map(
    Object.entries(scores).map(([text, score]) => [text, { score, isUnused: unused.includes(text) }]),
  );
}

/** By the definition: look at every pair, join the best, and again. */
function splitSlowly(text: string, scores: ReadonlyMap<string, Piece>): string[] {
  const symbols = Array.from(text);
  for (;;) {
    let best = -1;
    let bestScore = -Infinity;
    for (let i = 0; i + 1 < symbols.length; i++) {
      const score = scores.get(`${symbols[i]}${symbols[i + 1]}`)?.score ?? -Infinity;
      if (score > bestScore) [best, bestScore] = [i, score];
    }
    if (best < 0) return symbols;
    symbols.splice(best, 2, `${symbols[best]}${symbols[best + 1]}`);
  }
}

const split = (known: ReadonlyMap<string, Piece>, text: string): string[] =>
  runToEnd(new PieceMerger(known).split(text));

class CountingMap extends Map<string, Piece> {
  numLookups = 0;

  override get(key: string): Piece | undefined {
    this.numLookups++;
    return super.get(key);
  }
}

describe('PieceMerger', () => {
  it('joins the highest score first, and the leftmost among equals', () => {
    expect(split(pieces({ ab: -1, bc: 0 }), 'abc')).toEqual(['a', 'bc']);
    expect(split(pieces({ ab: 0, bc: 0 }), 'abc')).toEqual(['ab', 'c']);
    expect(split(pieces({ aa: 0 }), 'aaa')).toEqual(['aa', 'a']);
  });

  it('joins what is whole characters, however long', () => {
    expect(split(pieces({ '\u{1F600}\u{1F600}': 0 }), '\u{1F600}\u{1F600}x')).toEqual([
      '\u{1F600}\u{1F600}',
      'x',
    ]);
    expect(split(pieces({}), '')).toEqual([]);
  });

  it('takes an unused piece apart, unless it led to a longer one', () => {
    const known = pieces({ ab: 0, abc: -1, cd: -2 }, ['ab']);
    expect(split(known, 'ab')).toEqual(['a', 'b']);
    expect(split(known, 'abc')).toEqual(['abc']);
  });

  it('does what the definition says', () => {
    const piece = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 2, maxLength: 5 });
    const vocabulary = fc.array(fc.tuple(piece, fc.integer({ min: -4, max: 0 })), { maxLength: 20 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 24 });
    fc.assert(
      fc.property(vocabulary, text, (scores, given) => {
        const known = pieces(Object.fromEntries(scores));
        expect(split(known, given)).toEqual(splitSlowly(given, known));
      }),
      { numRuns: 2000 },
    );
  });

  it('looks up three pairs a character at most, in a long text without a gap', () => {
    const known = new CountingMap(pieces({ aa: 0, aaaa: -1, aaaaaaaa: -2 }));
    const length = 1 << 17;
    expect(split(known, 'a'.repeat(length))).toHaveLength(length / 8);
    expect(known.numLookups).toBeLessThan(3.2 * length);
  });

  it('can be interrupted after some thousand steps', () => {
    const known = new CountingMap(pieces({ aa: 0, aaaa: -1, aaaaaaaa: -2 }));
    const work = new PieceMerger(known).split('a'.repeat(1 << 17));
    let numSlices = 1;
    while (work.next().done !== true) expect(known.numLookups).toBeLessThan(10_000 * ++numSlices);
    expect(numSlices).toBeGreaterThan(50);
  });
});

it('mergePairs joins by the list of merges, the leftmost among equals', () => {
  const ranks = new Map([
    ['a b', 0],
    ['b c', 1],
    ['ab c', 2],
    ['b b', 3],
  ]);
  const merge = (text: string): string[] =>
    runToEnd(mergePairs(text, (left, right) => ranks.get(`${left} ${right}`)));
  expect(merge('abc')).toEqual(['abc']);
  expect(merge('bcab')).toEqual(['bc', 'ab']);
  expect(merge('bbb')).toEqual(['bb', 'b']);
  expect(merge('')).toEqual([]);
});
