import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonTokenizer } from '../../../src/tokenizer/json-tokenizer.ts';
import { minNumTokens, Tokenizer } from '../../../src/tokenizer/tokenizer.ts';
import { readJsonFixture } from '../../support/fixtures.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

/** Ids and texts by Hugging Face's `tokenizers`; see scripts/goldens/tokenizer_vocabularies.py. */
const { texts, vocabularies, cases } = readJsonFixture('tokenizers', 'tokenizer-jsons.json') as {
  texts: string[];
  vocabularies: Record<string, { vocab: object; merges?: string[] }>;
  cases: {
    name: string;
    vocabulary: string;
    json: { model: object };
    ids: number[][];
    decoded: string[];
  }[];
};

function tokenizerOf({ vocabulary, json }: (typeof cases)[number], config: object = {}): Tokenizer {
  const model = { ...json.model, ...vocabularies[vocabulary] };
  return new Tokenizer(new JsonTokenizer({ ...json, model }, { config }));
}

function caseOf(name: string): (typeof cases)[number] {
  const found = cases.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  return found;
}

/** See scripts/goldens/tokenizer_normalizers.py. */
const normalized = readJsonFixture('tokenizers', 'normalizers.json') as {
  texts: string[];
  cases: typeof cases;
};

describe('what comes before the model', () => {
  it.each(normalized.cases)('makes of texts what it makes for Hugging Face: $name', (golden) => {
    const tokenizer = tokenizerOf(golden);
    const found = normalized.texts.map((text) => tokenizer.encode(text));
    found.forEach((ids, i) => expect(ids, JSON.stringify(normalized.texts[i])).toEqual(golden.ids[i]));
  });
});

describe('a tokenizer.json', () => {
  it.each(cases)('has the ids that Hugging Face has: $name', (golden) => {
    const tokenizer = tokenizerOf(golden);
    texts.forEach((text, i) => expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(golden.ids[i]));
    golden.decoded.forEach((text, i) => expect(tokenizer.decode(golden.ids[i] ?? [])).toBe(text));
  });

  it('takes tokens that only tokenizer_config.json adds, once each', () => {
    const golden = caseOf('llama');
    const added_tokens_decoder = {
      1: { content: '<s>', special: false },
      800: { content: '<|turn|>', special: true, normalized: false },
      801: { content: 'plain', special: false, normalized: false },
    };
    const tokenizer = tokenizerOf(golden, { added_tokens_decoder });
    expect(tokenizer.encode('a<|turn|>plain').slice(-2)).toEqual([800, 801]);
    expect(tokenizer.controlTokens.get('<|turn|>')).toBe(800);
    expect(tokenizer.controlTokens.get('plain')).toBeUndefined();
    expect(tokenizer.controlTokens.get('<s>')).toBe(1);
    expect(tokenizer.vocabSize).toBe(802);
  });

  // Gemma 3's files of 270M and 1B: 262,144 tokens are embedded, and the next one stands for pieces of pictures.
  it.each<[string, object, object, boolean]>([
    ['is not embedded', { vocab_size: 802 }, {}, false],
    ['is not embedded by a model that also sees', { text_config: { vocab_size: 802 } }, {}, false],
    ['is not embedded, and fills up', { vocab_size: 802 }, { pad_token: '<picture>' }, false],
    ['is embedded', { vocab_size: 803 }, {}, true],
    ['is written by the template', { vocab_size: 802 }, { chat_template: '<picture>{{ messages }}' }, true],
    ['ends a text', { vocab_size: 802 }, { eos_token: '<picture>' }, true],
    ['is in a file that says nothing', {}, {}, true],
  ])('has a token that no text has, or not, where it %s', async (_, config, tokenizerConfig, isToken) => {
    const golden = caseOf('gemma');
    const picture = { id: 802, content: '<picture>', special: true, normalized: false };
    const added_tokens = [...((golden.json as { added_tokens?: object[] }).added_tokens ?? []), picture];
    const folder = tempDirectory();
    const files = {
      'tokenizer.json': {
        ...golden.json,
        added_tokens,
        model: { ...golden.json.model, ...vocabularies['marked'] },
      },
      'tokenizer_config.json': { ...tokenizerConfig, added_tokens_decoder: { 802: picture } },
      'config.json': config,
    };
    for (const [name, json] of Object.entries(files)) writeFileSync(join(folder, name), JSON.stringify(json));
    const tokenizer = await Tokenizer.load(folder);
    const text = 'a <picture>';
    if (isToken) expect(tokenizer.encode(text).at(-1)).toBe(802);
    else expect(tokenizer.encode(text)).toEqual(tokenizerOf(golden).encode(text));
    expect(tokenizer.vocabSize > 802).toBe(isToken);
  });

  it.each([
    [{ String: 'ab' }, 'MergedWithNext', false],
    [{ String: 'a' }, 'MergedWithNext', true],
    [{ Regex: 'a' }, 'MergedWithPrevious', false],
    [{ String: 'a' }, 'Contiguous', false],
  ])('is refused where it splits as the library cannot: %j %s', (pattern, behavior, invert) => {
    const golden = caseOf('llama');
    const json = { ...golden.json, pre_tokenizer: { type: 'Split', pattern, behavior, invert } };
    expect(() => tokenizerOf({ ...golden, json })).toThrow(
      expect.objectContaining({
        code: 'weights_invalid',
        message: expect.stringContaining(`behavior ${behavior}; supported: Removed,`) as unknown,
      }),
    );
  });

  it.each<[object, RegExp]>([
    [{ normalizer: { type: 'Precompiled', precompiled_charsmap: '' } }, /the normalizer Precompiled is not/],
    [
      { normalizer: { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'Precompiled' }] } },
      /the normalizer Precompiled is not supported/,
    ],
    [
      { model: { type: 'BPE', continuing_subword_prefix: '##' } },
      /a BPE with a continuing_subword_prefix is not supported/,
    ],
  ])('is refused where the library only comes close, or passes over what it says: %j', (fields, message) => {
    const golden = caseOf('llama');
    expect(() => tokenizerOf({ ...golden, json: { ...golden.json, ...fields } })).toThrow(
      expect.objectContaining({
        code: 'weights_invalid',
        message: expect.stringMatching(message) as unknown,
      }),
    );
  });

  it('knows how few tokens a text may have, also where its normalizer shortens the text', () => {
    const long = fc.string({ unit: 'binary', maxLength: 60 });
    // Hangul letters, Kelvin's and Angstrom's signs, marks over vowels: what NFC makes shorter.
    const composed = fc.string({
      unit: fc.constantFrom('\u1112', '\u1161', '\u11ab', '\u212a', 'e', '\u0301'),
      maxLength: 60,
    });
    for (const name of ['llama', 'llama, older', 'gemma', 'qwen', 'smollm']) {
      const tokenizer = tokenizerOf(caseOf(name));
      fc.assert(
        fc.property(fc.oneof(long, composed, fc.constant('\u2581'.repeat(60))), (text) => {
          expect(minNumTokens(text, tokenizer.maxBytesPerToken)).toBeLessThanOrEqual(
            tokenizer.encode(text).length,
          );
        }),
        { numRuns: 50 },
      );
      expect(minNumTokens('x'.repeat(10_000), tokenizer.maxBytesPerToken)).toBeGreaterThan(50);
    }
    expect(
      minNumTokens('x'.repeat(10_000), tokenizerOf(caseOf('merged with previous')).maxBytesPerToken),
    ).toBe(0);
  });

  it('counts on NFC making no character shorter than a third', () => {
    let shrunk = 0;
    // Beyond lie no characters that are made of others.
    for (let codePoint = 0; codePoint <= 0x2ffff; codePoint++) {
      const character = String.fromCodePoint(codePoint);
      const longest = Math.max(Buffer.byteLength(character), Buffer.byteLength(character.normalize('NFD')));
      shrunk = Math.max(shrunk, longest / Buffer.byteLength(character.normalize('NFC')));
    }
    expect(shrunk).toBe(3);
  });
});
