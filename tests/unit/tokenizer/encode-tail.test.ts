import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from '../../../src/text/load-tokenizer.ts';
import { encodeInSlices, encodeTail } from '../../../src/tokenizer/encode-in-slices.ts';
import { runToEnd } from '../../../src/process/in-slices.ts';
import { PRE_TOKENIZERS } from '../../../src/tokenizer/gguf-pre-tokenizers.ts';
import { ggufTokenizer } from '../../../src/tokenizer/gguf-tokenizer.ts';
import { JsonTokenizer } from '../../../src/tokenizer/json-tokenizer.ts';
import { LOCAL_PATTERNS } from '../../../src/tokenizer/space-cuts.ts';
import { isolate, type TokenizerJson } from '../../../src/tokenizer/tokenizer-json.ts';
import { Tokenizer } from '../../../src/tokenizer/tokenizer.ts';
import { readGgufHeader } from '../../../src/weights/gguf/gguf-header.ts';
import { fixturePath } from '../../support/fixtures.ts';
import { byteFallbackTokenizer, byteLevelTokenizer, readTinyJson } from './tiny-tokenizers.ts';

/** Long texts of words, digits, signs, marks, white space of all kinds, and special tokens. */
const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('the', 'River', 'a', 'x9', '2024', '7', "it's", 'WORD', 'ab c') },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ' ',
      '  ',
      '\n',
      '\n\n ',
      '\t',
      '\u3000',
      '\u00a0 ',
      '\u2581',
      ' \u0301',
      '. ',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\u00e9', 'e\u0301', '\u4e2d\u6587', '\u{1F600}', '<s>', '<|endoftext|>'),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
);
const longText = fc
  .tuple(fc.array(piece, { minLength: 5, maxLength: 60 }), fc.integer({ min: 1, max: 120 }), fc.boolean())
  .map(([pieces, times, joinsBySpaces]) => `${pieces.join(joinsBySpaces ? ' ' : '')} `.repeat(times));

/** The tiny byte-level BPE behind another way to cut texts. */
function withPreTokenizer(patterns: readonly string[], normalizer: object | null = null): Tokenizer {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, use_regex: false };
  const json: TokenizerJson = {
    ...readTinyJson('tokenizer.json'),
    normalizer: normalizer as TokenizerJson['normalizer'] & object,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [...patterns.map(isolate), byteLevel] },
  };
  return new Tokenizer(new JsonTokenizer(json));
}

const files = await Promise.all(
  readdirSync(fixturePath('tokenizers'))
    .filter((name) => name.endsWith('.gguf'))
    .map(async (name) => {
      const { metadata } = await readGgufHeader(fixturePath('tokenizers', name));
      return [name, ggufTokenizer(metadata)] as const;
    }),
);
const families = [
  ...new Map([...PRE_TOKENIZERS].map(([name, { patterns }]) => [patterns.join(), name] as const)),
];
const TOKENIZERS: (readonly [string, Tokenizer])[] = [
  ['the tiny byte-level BPE', byteLevelTokenizer()],
  ['byte fallback with a space put in front', byteFallbackTokenizer()],
  ["the embedded model's", await loadTokenizer('model-weights')],
  ['NFC', withPreTokenizer([], { type: 'NFC' })],
  ...files,
  ...families.map(
    ([, name]) => [`cut as ${name}`, withPreTokenizer(PRE_TOKENIZERS.get(name)?.patterns ?? [])] as const,
  ),
];

describe('the tail of a text', () => {
  it.each(TOKENIZERS)('has the last tokens of the whole text: %s', (_, tokenizer) => {
    fc.assert(
      fc.property(longText, fc.nat(200), fc.boolean(), (text, numKept, addSpecialTokens) => {
        const whole = tokenizer.encode(text, { addSpecialTokens });
        const { tokenIds, numTokens } = runToEnd(encodeTail(tokenizer, text, numKept, { addSpecialTokens }));
        expect(tokenIds).toEqual(whole.slice(Math.max(whole.length - numKept, 0)));
        expect([undefined, whole.length]).toContain(numTokens);
      }),
      { numRuns: 25 },
    );
  });

  it('is all that is encoded of a long text, but where a token spans words or a character may be unknown', () => {
    const text = 'The river runs past the old mill. '.repeat(3000);
    const cutting = TOKENIZERS.filter(([, { cutsAtSpaces }]) => cutsAtSpaces);
    expect(TOKENIZERS.filter((it) => !cutting.includes(it)).map(([name]) => name)).toEqual([
      'byte-level.gguf',
      'gemma.gguf',
      'no-bytes.gguf',
    ]);
    for (const [, tokenizer] of cutting) {
      const lengths: number[] = [];
      const counting = {
        cutsAtSpaces: tokenizer.cutsAtSpaces,
        encode: (part: string, options: object) => tokenizer.encode(part, options),
        encodeInSlices: (part: string, options: object) => {
          lengths.push(part.length);
          return tokenizer.encodeInSlices(part, options);
        },
      };
      expect(runToEnd(encodeTail(counting, text, 50, {})).numTokens).toBeUndefined();
      expect(Math.max(...lengths)).toBeLessThan(10_000);
    }
  });

  it('counts the tokens of a short text, and keeps as many as there are', () => {
    const tokenizer = byteLevelTokenizer();
    const whole = tokenizer.encode('The river');
    expect(runToEnd(encodeTail(tokenizer, 'The river', 2, {}))).toEqual({
      tokenIds: whole.slice(-2),
      numTokens: whole.length,
    });
    expect(runToEnd(encodeTail(tokenizer, 'The river', 999, {})).tokenIds).toEqual(whole);
    expect(runToEnd(encodeTail(tokenizer, 'The river', 0, {})).tokenIds).toEqual([]);
  });
});

/** Words of any length without a place to cut, and what they stand between. */
const unbroken = fc
  .array(
    fc.constantFrom(
      'the',
      'River',
      'a',
      'x9',
      '2024',
      "it's",
      '.',
      '\n',
      '\u00e9',
      '\u4e2d\u6587',
      '\u{1F600}',
    ),
    {
      minLength: 1,
      maxLength: 30,
    },
  )
  .chain((pieces) => fc.nat(40).map((times) => pieces.join('').repeat(times)));
const mixedText = fc.array(fc.oneof(longText, unbroken), { maxLength: 3 }).map((parts) => parts.join(''));

describe('a text in slices', () => {
  it.each(TOKENIZERS)('has the tokens of the whole text, wherever it is cut: %s', (_, { model }) => {
    fc.assert(
      fc.property(
        mixedText,
        fc.boolean(),
        fc.integer({ min: 8, max: 300 }),
        (text, addSpecialTokens, length) => {
          const inSlices = encodeInSlices(
            model,
            text.replace(/\p{Surrogate}/gu, '?'),
            addSpecialTokens,
            length,
          );
          expect(runToEnd(inSlices)).toEqual(
            model.encode(text.replace(/\p{Surrogate}/gu, '?'), addSpecialTokens),
          );
        },
      ),
      { numRuns: 25 },
    );
  });

  it.each(TOKENIZERS.filter(([, { cutsAtSpaces }]) => cutsAtSpaces))(
    'can be interrupted in a text with spaces and in one without: %s',
    (_, { model }) => {
      const mostCharacters = (text: string): number => {
        let numSlices = 1;
        const work = encodeInSlices(model, text, true);
        while (work.next().done !== true) numSlices++;
        return text.length / numSlices;
      };
      expect(mostCharacters('The river runs past the old mill. '.repeat(2000))).toBeLessThan(10_000);
      expect(mostCharacters('theriverrunspasttheoldmill'.repeat(2000))).toBeLessThan(10_000);
      expect(mostCharacters('the.river.runs.past.'.repeat(2000))).toBeLessThan(10_000);
    },
  );
});

describe('tokenizers whose texts are encoded whole', () => {
  it.each([
    ['a pattern that is not known', withPreTokenizer(['.{1,7}'])],
    ['a normalizer that may do anything', withPreTokenizer([], { type: 'Lowercase' })],
  ])('%s', (_, tokenizer) => {
    expect(tokenizer.cutsAtSpaces).toBe(false);
  });

  it('a token that goes on behind a space', () => {
    const json = readTinyJson('tokenizer.json') as { model: { vocab: Record<string, number> } };
    const vocab = { ...json.model.vocab, 'a\u0120b': 384 };
    expect(new JsonTokenizer({ ...json, model: { ...json.model, vocab } }).cutsAtSpaces).toBe(false);
  });

  it('a merge that makes no token', () => {
    const json = readTinyJson('tokenizer.json') as { model: { merges: unknown[] } };
    const merges = [...json.model.merges, ['a', '\u0120']];
    expect(new JsonTokenizer({ ...json, model: { ...json.model, merges } }).cutsAtSpaces).toBe(false);
  });
});

describe('the patterns that cut at spaces', () => {
  it('match nothing that goes on behind a letter and a space, and look at nothing before', () => {
    for (const pattern of LOCAL_PATTERNS) {
      expect(pattern).not.toMatch(/\(\?<[=!]|\\b|\\B|\^(?![^[]*\])/);
      const regex = new RegExp(pattern.replaceAll(/\(\?i:([^)]*)\)/g, '(?:$1)'), 'gu');
      fc.assert(
        fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
          for (const [match] of pieces.join('').matchAll(regex)) expect(match).not.toMatch(/[A-Za-z0-9] /);
        }),
        { numRuns: 200 },
      );
    }
  });
});
