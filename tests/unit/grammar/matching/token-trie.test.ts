import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TokenTrie } from '../../../../src/grammar/matching/token-trie.ts';

it('has the bytes of each token, and none of a token that is no text', () => {
  // Few letters, so that tokens are often beginnings of others, or the same.
  const anyTokens = fc.array(
    fc.array(fc.constantFrom(0, 97, 98, 255), { maxLength: 6 }).map((bytes) => Uint8Array.from(bytes)),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(anyTokens, (tokens) => {
      const empty = new Uint8Array();
      const trie = new TokenTrie(TokenTrie.build(tokens.length, (tokenId) => tokens[tokenId] ?? empty));
      for (const [tokenId, bytes] of tokens.entries()) {
        expect(trie.bytesOf(tokenId)).toEqual(bytes.length === 0 ? undefined : bytes);
      }
      expect(trie.bytesOf(tokens.length)).toBeUndefined();
    }),
  );
});
