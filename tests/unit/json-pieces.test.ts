import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonList, jsonPieces } from '../../src/json-pieces.ts';

const listOf = <Item>(items: readonly Item[]): JsonList<Item> =>
  new JsonList(() => items, { length: items.length, charactersPerItem: 10_000 });

describe('jsonPieces', () => {
  it('writes what JSON.stringify writes', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 50 }), fc.constant('👩‍👩‍👧é"\\\n'.repeat(400)));
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.jsonValue(),
        text,
        fc.constant(undefined),
        fc.array(tie('value'), { maxLength: 6 }),
        fc.dictionary(text, tie('value'), { maxKeys: 6 }),
        fc.array(tie('value'), { maxLength: 6 }).map(listOf),
      ),
    })).value;
    fc.assert(
      fc.property(fc.record({ value, other: value }), (body) => {
        expect([...jsonPieces(body, 100)].join('')).toBe(JSON.stringify(body));
      }),
      { numRuns: 100 },
    );
  });

  it('splits no character', () => {
    for (const lead of ['', 'a']) {
      const text = lead + '😀'.repeat(10_000);
      expect([...jsonPieces({ text }, 1)].join('')).toBe(JSON.stringify({ text }));
    }
  });

  it('holds no more of a long answer than a piece: its items are made as they are written', () => {
    let numMade = 0;
    function* items(): Generator<object> {
      for (; numMade < 100_000; numMade++)
        yield { token: 'word', bytes: [119, 111, 114, 100], logprob: -1.5 };
    }
    const body = { choices: new JsonList(items, { length: 100_000, charactersPerItem: 50 }) };
    const pieces = jsonPieces(body);
    let longest = 0;
    let numPieces = 0;
    for (const { length } of pieces) {
      longest = Math.max(longest, length);
      expect(numMade).toBeLessThan(2000 * ++numPieces);
    }
    expect(numMade).toBe(100_000);
    expect(longest).toBeLessThan(70_000);
    expect(numPieces).toBeGreaterThan(50);
  });
});
