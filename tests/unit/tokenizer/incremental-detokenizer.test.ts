import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IncrementalDetokenizer } from '../../../src/tokenizer/incremental-detokenizer.ts';
import type { TokenVocabulary } from '../../../src/tokenizer/incremental-detokenizer.ts';
import { byteFallbackTokenizer, byteLevelTokenizer } from './tiny-tokenizers.ts';

/** A vocabulary whose token ids are bytes. */
const byteVocabulary: TokenVocabulary = {
  specialTokenIds: new Set(),
  stripsLeadingSpace: false,
  idToBytes: (byte) => Uint8Array.of(byte),
};

/** The text after each push, and after the flush. */
function pieces(vocabulary: TokenVocabulary, tokenIds: readonly number[]): string[] {
  const detokenizer = new IncrementalDetokenizer(vocabulary, { skipSpecialTokens: false });
  return [...tokenIds.map((tokenId) => detokenizer.push([tokenId])), detokenizer.flush()];
}

/** Bytes dense in the interesting ones: lead bytes, continuations, and those that UTF-8 never has. */
const trickyByte = fc.oneof(
  fc.constantFrom(0x00, 0x41, 0x7f, 0x80, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xe2, 0xed, 0xef),
  fc.constantFrom(0xf0, 0xf4, 0xf5, 0xff, 0x90, 0x8f, 0xbb, 0x82, 0xac),
  fc.nat(255),
);

describe('IncrementalDetokenizer', () => {
  it('gives the euro sign when it is whole, not before', () => {
    expect(pieces(byteVocabulary, [0x41, 0xe2, 0x82, 0xac, 0x42])).toEqual(['A', '', '', '\u20ac', 'B', '']);
  });

  it('writes U+FFFD as soon as a character cannot become whole', () => {
    expect(pieces(byteVocabulary, [0xe2, 0x82, 0x42])).toEqual(['', '', '\uFFFDB', '']);
    expect(pieces(byteVocabulary, [0x80, 0x41])).toEqual(['\uFFFD', 'A', '']);
    expect(pieces(byteVocabulary, [0xf0, 0x9f, 0x98])).toEqual(['', '', '', '\uFFFD']);
  });

  it('takes a token of any length', () => {
    const long = 'a'.repeat(1_000_000);
    const vocabulary = { ...byteVocabulary, idToBytes: () => Buffer.from(long) };
    expect(pieces(vocabulary, [0, 0])).toEqual([long, long, '']);
  });

  it('joins to the decoding of all bytes at once, and each piece is well-formed', () => {
    fc.assert(
      fc.property(fc.array(trickyByte, { maxLength: 12 }), (bytes) => {
        const parts = pieces(byteVocabulary, bytes);
        expect(parts.join('')).toBe(Buffer.from(bytes).toString('utf8'));
        for (const part of parts) expect(Buffer.from(part).toString()).toBe(part);
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['byte-level', byteLevelTokenizer()],
    ['byte-fallback', byteFallbackTokenizer()],
  ])('pieces and flush join to decode of the whole: %s', (_, tokenizer) => {
    const ids = fc.array(fc.nat(tokenizer.vocabSize - 1), { maxLength: 30 });
    fc.assert(
      fc.property(ids, fc.boolean(), fc.integer({ min: 1, max: 4 }), (tokenIds, skip, pieceSize) => {
        const options = { skipSpecialTokens: skip };
        const detokenizer = new IncrementalDetokenizer(tokenizer, options);
        let text = '';
        for (let i = 0; i < tokenIds.length; i += pieceSize) {
          text += detokenizer.push(tokenIds.slice(i, i + pieceSize));
        }
        expect(text + detokenizer.flush()).toBe(tokenizer.decode(tokenIds, options));
      }),
    );
  });

  it('shows those special tokens that it is told to show, and no others', () => {
    const vocabulary = { ...byteVocabulary, specialTokenIds: new Set([0x3c, 0x3e]) };
    const detokenizer = new IncrementalDetokenizer(vocabulary, { shownTokenIds: new Set([0x3c, 0x41]) });
    expect(detokenizer.push([0x3c, 0x41, 0x3e])).toBe('<A');
  });

  it('skips special tokens by default, even inside a character', () => {
    const tokenizer = byteLevelTokenizer();
    const [first, ...rest] = tokenizer.encode('\u{1F600}');
    const ids = [first ?? NaN, 0, ...rest];
    expect(new IncrementalDetokenizer(tokenizer).push(ids)).toBe('\u{1F600}');
  });
});
