import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TokenTable } from '../../../src/tokenizer/token-table.ts';

it('finds the tokens that stand in a text', () => {
  const piece = fc.string({ unit: fc.constantFrom('<', '/', 't', '>'), maxLength: 5 });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), piece, (tokens, text) => {
      const table = new TokenTable(TokenTable.pack(tokens.length, (id) => Buffer.from(tokens[id] ?? '')));
      const expected = [...tokens.keys()].filter(
        (id) => tokens[id] !== '' && text.includes(tokens[id] ?? ''),
      );
      expect(table.tokensWithin(Buffer.from(text))).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});
