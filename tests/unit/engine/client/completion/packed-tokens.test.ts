import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PackedTokens } from '../../../../../src/engine/client/completion/packed-tokens.ts';

const id = fc.integer({ min: 0, max: 2 ** 22 });
const logprob = fc.oneof(fc.double({ noNaN: true, max: 0 }), fc.constant(-Infinity));
const token = fc.record(
  {
    tokenId: id,
    logprob,
    topLogprobs: fc.array(fc.record({ tokenId: id, logprob }), { maxLength: 20 }),
  },
  { requiredKeys: ['tokenId'] },
);

it('gives back the tokens that it was given, again and again', () => {
  fc.assert(
    fc.property(fc.array(fc.array(token, { maxLength: 5 }), { maxLength: 30 }), (pieces) => {
      const packed = new PackedTokens();
      for (const tokens of pieces) packed.push(tokens);
      expect([...packed]).toEqual(pieces.flat());
      expect([...packed]).toEqual(pieces.flat());
      expect(packed.length).toBe(pieces.flat().length);
    }),
  );
});
