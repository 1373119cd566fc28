import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WholeTokens } from '../../../src/tokenizer/sentencepiece-tokenizer.ts';

const TOKENS = new WholeTokens([
  ['<b>', 1],
  ['<b><b>', 2],
  ['\n', 3],
  ['\n\n', 4],
  ['\n\n\n', 5],
  ['bc', 6],
  ['\u{1F600}', 7],
  ['', 8],
]);

describe('WholeTokens', () => {
  it.each([
    ['', []],
    ['plain', ['plain']],
    ['a<b>b', ['a', 1, 'b']],
    ['<b><b><b>', [2, 1]],
    ['\n\n\n\n\n', [5, 4]],
    ['<b', ['<b']],
    ['<<b>>', ['<', 1, '>']],
    ['abcbc', ['a', 6, 6]],
    ['\u{1F600}\u{1F601}', [7, '\u{1F601}']],
  ])('finds the leftmost, and the longest there: %j', (text, parts) => {
    expect(TOKENS.split(text)).toEqual(parts);
  });

  it('cuts as a pattern of all tokens does, the longest first', () => {
    const pattern = /<b><b>|\n\n\n|<b>|\n\n|bc|\n|\u{1F600}/gu;
    const unit = fc.constantFrom('<b>', '<', 'b', 'c', '\n', '\u{1F600}', '\ud83d');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 20 }), (text) => {
        const parts = TOKENS.split(text);
        const tokens = text.match(pattern) ?? [];
        expect(parts.filter((part) => typeof part === 'number')).toEqual(
          tokens.map((token) => TOKENS.split(token)[0]),
        );
        expect(parts.filter((part) => typeof part === 'string')).toEqual(
          text.split(pattern).filter((part) => part !== ''),
        );
      }),
    );
  });
});
