import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ggufTokenizer } from '../../../src/tokenizer/gguf-tokenizer.ts';
import { IncrementalDetokenizer } from '../../../src/tokenizer/incremental-detokenizer.ts';
import { minNumTokens } from '../../../src/tokenizer/tokenizer.ts';
import { readGgufHeader } from '../../../src/weights/gguf/gguf-header.ts';
import { fixturePath, readJsonFixture } from '../../support/fixtures.ts';

/**
 * Vocabularies that SentencePiece made, written into GGUF files by PyPI's `gguf`; see
 * scripts/goldens/tokenizer_vocabularies.py. `llama` has pieces of one score and letters that are no piece, `no-bytes`
 * pieces that are not used, `gemma` tokens that are matched whole and a piece that is U+FEFF.
 */
const NAMES = ['llama', 'gemma', 'no-bytes'];
const METADATA = new Map<string, ReadonlyMap<string, unknown>>();
for (const name of NAMES) {
  METADATA.set(name, (await readGgufHeader(fixturePath('tokenizers', `${name}.gguf`))).metadata);
}

function tokenizerOf(name: string, changes: Record<string, unknown> = {}) {
  return ggufTokenizer(new Map([...(METADATA.get(name) ?? []), ...Object.entries(changes)]));
}

const LLAMA = tokenizerOf('llama');
const GEMMA = tokenizerOf('gemma');
const plain = { addSpecialTokens: false };

describe('ids', () => {
  it.each(NAMES)('are those of SentencePiece, and so are their texts: %s', (name) => {
    const { encode } = readJsonFixture('tokenizers', `${name}.json`) as {
      encode: { text: string; ids: number[]; decoded: string }[];
    };
    const tokenizer = tokenizerOf(name);
    for (const { text, ids, decoded } of encode) {
      expect(tokenizer.encode(text, plain), JSON.stringify(text)).toEqual(ids);
      expect(tokenizer.decode(ids)).toBe(decoded);
    }
  });

  it.each(['llama', 'gemma'])('are those of llama.cpp, round special tokens, too: %s', (name) => {
    const goldens = readJsonFixture('tokenizers', 'llama-cpp.json') as Record<
      string,
      { text: string; ids: number[] }[]
    >;
    for (const { text, ids } of goldens[name] ?? []) {
      expect(tokenizerOf(name).encode(text, plain), JSON.stringify(text)).toEqual(ids);
    }
    expect(goldens[name]).not.toHaveLength(0);
  });

  it('begin and end as the file says, as llama.cpp takes it where the file says nothing', () => {
    const [bos, eos] = [LLAMA.controlTokens.get('<s>'), LLAMA.controlTokens.get('</s>')];
    const river = LLAMA.encode('river', plain);
    expect(LLAMA.encode('river')).toEqual([bos, ...river]);
    expect(LLAMA.encode('')).toEqual([bos]);
    const asks = { 'tokenizer.ggml.add_bos_token': false, 'tokenizer.ggml.add_eos_token': true };
    expect(tokenizerOf('llama', asks).encode('river')).toEqual([...river, eos]);
    const unnamed = { 'tokenizer.ggml.bos_token_id': undefined };
    expect(tokenizerOf('llama', unnamed).encode('river')).toEqual([1, ...river]);
  });

  it('begin with a space unless the file says otherwise', () => {
    expect(LLAMA.decode(LLAMA.encode('river', plain))).toBe('river');
    expect(LLAMA.encode('river', plain)).toEqual(
      tokenizerOf('llama', { 'tokenizer.ggml.add_space_prefix': false }).encode(' river', plain),
    );
    const unnamed = tokenizerOf('gemma', { 'tokenizer.ggml.add_space_prefix': undefined });
    expect(unnamed.encode('river', plain)).toEqual(GEMMA.encode(' river', plain));
  });
});

/** Any text that has no token in it which is found whole, and no U+2581, which is a space here. */
const anyText = fc
  .string({ unit: 'binary', maxLength: 40 })
  .map((text) => text.replaceAll('\u2581', ''))
  .filter((text) => !/<[a-z/_]+>/.test(text));
const wordyText = fc
  .array(
    fc.constantFrom('the', ' ', '  ', 'river', '\n', '\uFEFF', 'm', 'aaa', 'ab', '\u00df', '\u{1F600}'),
    {
      maxLength: 20,
    },
  )
  .map((parts) => parts.join(''));

describe('texts', () => {
  it.each([
    ['llama', LLAMA],
    ['gemma', GEMMA],
  ])('come back from their ids: %s', (_, tokenizer) => {
    fc.assert(
      fc.property(fc.oneof(anyText, wordyText), (text) => {
        expect(tokenizer.decode(tokenizer.encode(text, plain))).toBe(Buffer.from(text).toString());
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    ['llama', LLAMA],
    ['gemma', GEMMA],
  ])('in pieces are the text of all tokens: %s', (_, tokenizer) => {
    const ids = fc.array(fc.nat(tokenizer.vocabSize + 2), { maxLength: 30 });
    fc.assert(
      fc.property(ids, fc.boolean(), (tokenIds, skipSpecialTokens) => {
        const detokenizer = new IncrementalDetokenizer(tokenizer, { skipSpecialTokens });
        const pieces = tokenIds.map((id) => detokenizer.push([id]));
        expect(pieces.join('') + detokenizer.flush()).toBe(tokenizer.decode(tokenIds, { skipSpecialTokens }));
      }),
    );
  });

  it.each([
    ['llama', LLAMA],
    ['gemma', GEMMA],
  ])('go on after a prompt as if both were one: %s', (_, tokenizer) => {
    const ids = fc.array(fc.nat(tokenizer.vocabSize), { maxLength: 20 });
    fc.assert(
      fc.property(
        fc.oneof(wordyText, anyText),
        ids,
        fc.boolean(),
        (prompt, completion, skipSpecialTokens) => {
          const promptIds = tokenizer.encode(prompt);
          const detokenizer = new IncrementalDetokenizer(tokenizer, { skipSpecialTokens, after: promptIds });
          const text = completion.map((id) => detokenizer.push([id])).join('') + detokenizer.flush();
          const options = { skipSpecialTokens };
          expect(tokenizer.decode(promptIds, options) + text).toBe(
            tokenizer.decode([...promptIds, ...completion], options),
          );
        },
      ),
      { numRuns: 300 },
    );
    const [river] = LLAMA.encode('river', plain);
    const textAfter = (prompt: string) =>
      new IncrementalDetokenizer(LLAMA, { after: LLAMA.encode(prompt) }).push([river ?? NaN]);
    expect([textAfter('the'), textAfter('')]).toEqual([' river', 'river']);
  });

  it('never have fewer tokens than promised', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, wordyText, fc.constant('\u2581'.repeat(50))), (text) => {
        for (const tokenizer of [LLAMA, GEMMA]) {
          expect(minNumTokens(text, tokenizer.maxBytesPerToken)).toBeLessThanOrEqual(
            tokenizer.encode(text, plain).length,
          );
        }
      }),
    );
    expect(minNumTokens('x'.repeat(10_000), LLAMA.maxBytesPerToken)).toBeGreaterThan(100);
    // A run of unknown characters is one token.
    expect(minNumTokens('\u16a0'.repeat(10_000), tokenizerOf('no-bytes').maxBytesPerToken)).toBe(0);
  });
});

describe('tokens', () => {
  it('are control tokens, bytes, or text with spaces', () => {
    expect(GEMMA.controlTokens).toEqual(
      new Map([
        ['<pad>', 0],
        ['</s>', 1],
        ['<s>', 2],
        ['<unk>', 3],
        ['<start_of_turn>', 4],
        ['<end_of_turn>', 5],
      ]),
    );
    const [byte] = GEMMA.encode('\u0007', plain);
    expect([...GEMMA.idToBytes(byte ?? NaN)]).toEqual([7]);
    expect(GEMMA.decode(GEMMA.encode('<mask>   <b>', plain))).toBe('<mask>   <b>');
  });

  it('that are unused, or beyond the vocabulary, are no text', () => {
    const tokenizer = tokenizerOf('no-bytes');
    const types = METADATA.get('no-bytes')?.get('tokenizer.ggml.token_type') as number[];
    const unused = types.indexOf(5);
    expect(unused).toBeGreaterThan(0);
    expect(tokenizer.decode([unused, tokenizer.vocabSize, -1])).toBe('');
  });

  it('that end: those that the file names, or llama.cpp takes', () => {
    expect(LLAMA.eosTokenIds).toEqual([2]);
    const ids = {
      'tokenizer.ggml.eos_token_id': 5,
      'tokenizer.ggml.eot_token_id': 4,
      'tokenizer.ggml.eom_token_id': 4,
    };
    expect(tokenizerOf('gemma', ids).eosTokenIds).toEqual([5, 4, 4]);
    expect(tokenizerOf('gemma', { 'tokenizer.ggml.eos_token_id': 1e6 }).eosTokenIds).toEqual([]);
  });
});

describe('a file', () => {
  it.each<[Record<string, unknown>, RegExp]>([
    [{ 'tokenizer.ggml.scores': undefined }, /tokenizer.ggml.scores is missing, or no list of numbers/],
    [{ 'tokenizer.ggml.scores': [1] }, /tokenizer.ggml.scores has 1 numbers for \d+ tokens/],
    [{ 'tokenizer.ggml.token_type': undefined }, /tokenizer.ggml.token_type is missing/],
    [{ 'tokenizer.ggml.add_space_prefix': 1 }, /add_space_prefix is 1, and neither true nor false/],
    [
      { 'tokenizer.ggml.add_bos_token': true, 'tokenizer.ggml.bos_token_id': 1e6 },
      /bos_token_id names no token/,
    ],
  ])('is refused: %j', (changes, message) => {
    expect(() => tokenizerOf('llama', changes)).toThrow(
      expect.objectContaining({
        code: 'weights_invalid',
        message: expect.stringMatching(message) as unknown,
      }),
    );
  });
});
