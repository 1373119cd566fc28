import { Tokenizer } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BytePairEncoder, END_OF_TEXT } from '../../../training/byte-pair-encoder.ts';
import { trainMerges } from '../../../training/train-merges.ts';
import { BYTE_CHARACTERS, splitWords } from '../../../training/byte-level.ts';

const TEXT = `The hare laughed at the tortoise. “Let us race,” said the tortoise, “and we’ll see.”
The hare ran, the hare slept; the tortoise didn't sleep, and the tortoise won — in 17 minutes!  \n\n\tNaïve hare. 🐇`;

const encoder = new BytePairEncoder(trainMerges([TEXT], 60));
const library = new Tokenizer(encoder.toTokenizerJson(), { eos_token: END_OF_TEXT });
const libraryIds = (text: string): number[] => library.encode(text, { add_special_tokens: false }).ids;

describe('byte-pair encoding', () => {
  it('joins the most frequent pair first, the lowest ids among equals', () => {
    const [a, b, c] = [...Buffer.from('abc')];
    // "ab" occurs three times; then a space with "ab" and "ab" with "c" twice each, and the space has the lower id.
    expect(trainMerges(['ab abc abc'], 10)).toEqual([
      [a, b],
      [32, 256],
      [257, c],
    ]);
  });

  it('learns no pair that occurs once', () => {
    expect(trainMerges(['xyz'], 10)).toEqual([]);
  });

  it('has the alphabet of GPT-2', () => {
    expect(new Set(BYTE_CHARACTERS).size).toBe(256);
    expect([32, 10, 65, 255].map((byte) => BYTE_CHARACTERS[byte])).toEqual(['Ġ', 'Ċ', 'A', 'ÿ']);
  });

  it('splits text into words that add up to it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(splitWords(text).join('')).toBe(text);
      }),
    );
  });

  it('gives the ids that the tokenizers library reads out of its tokenizer.json', () => {
    expect([...encoder.encode(TEXT)]).toEqual(libraryIds(TEXT));
    expect(encoder.encode(TEXT).length).toBeLessThan(Buffer.byteLength(TEXT) * 0.75);
    expect(libraryIds(END_OF_TEXT)).toEqual([encoder.endOfTextId]);
    const words = fc.constantFrom(
      'the',
      ' tortoise',
      'hare',
      '  ',
      '\n',
      '’',
      '🐇',
      'ï',
      '7',
      '\t',
      '\0',
      "'ll",
    );
    fc.assert(
      fc.property(fc.array(words), (parts) => {
        const text = parts.join('');
        const ids = [...encoder.encode(text)];
        expect(ids).toEqual(libraryIds(text));
        if (ids.length > 0) expect(library.decode(ids)).toBe(text);
      }),
    );
  });
});
