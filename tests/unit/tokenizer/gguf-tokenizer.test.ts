import { describe, expect, it } from 'vitest';
import { ggufTokenizer } from '../../../src/tokenizer/gguf-tokenizer.ts';
import { readGgufHeader } from '../../../src/weights/gguf/gguf-header.ts';
import { fixturePath, readJsonFixture } from '../../support/fixtures.ts';

/** The fixture's tokenizer, written into a GGUF file by PyPI's `gguf`; the ids are those of Hugging Face's `tokenizers`. */
const { metadata } = await readGgufHeader(fixturePath('gguf', 'tiny-gpt2-q8_0.gguf'));
const GOLDENS = readJsonFixture('tiny-gpt2', 'tokenizer-goldens.json') as {
  encode: { text: string; ids: number[] }[];
};
const BYTE_LEVEL = (await readGgufHeader(fixturePath('tokenizers', 'byte-level.gguf'))).metadata;
/** Ids by Hugging Face's `tokenizers`, with the patterns of the models' tokenizer.json, by llama.cpp's names of them. */
const FAMILIES = readJsonFixture('tokenizers', 'byte-level.json') as {
  texts: string[];
  ids: Record<string, number[][]>;
};
const PRE_TOKENIZERS = readJsonFixture('gguf', 'pre-tokenizers.json') as Record<
  string,
  typeof GOLDENS.encode
>;

function changed(changes: Record<string, unknown>): ReadonlyMap<string, unknown> {
  return new Map([...metadata, ...Object.entries(changes)]);
}

function byteLevel(changes: Record<string, unknown> = {}) {
  return ggufTokenizer(new Map([...BYTE_LEVEL, ...Object.entries(changes)]));
}

describe('ggufTokenizer', () => {
  it.each(GOLDENS.encode)('encodes as Hugging Face does, and decodes: $text', ({ text, ids }) => {
    const tokenizer = ggufTokenizer(metadata);
    expect(tokenizer.encode(text)).toEqual(ids);
    expect(tokenizer.decode(ids)).toBe(text);
  });

  it('knows its special token', () => {
    const tokenizer = ggufTokenizer(metadata);
    expect(tokenizer.vocabSize).toBe(384);
    expect(tokenizer.specialTokenIds).toEqual(new Set([0]));
    expect(tokenizer.encode('a<|endoftext|>')).toHaveLength(2);
  });

  it.each(Object.entries(PRE_TOKENIZERS))('cuts as Hugging Face does: %s', (pre, goldens) => {
    const tokenizer = ggufTokenizer(changed({ 'tokenizer.ggml.pre': pre }));
    for (const { text, ids } of goldens) expect(tokenizer.encode(text), text).toEqual(ids);
    const gpt2 = ggufTokenizer(metadata);
    expect(goldens.some(({ text, ids }) => gpt2.encode(text).join() !== ids.join())).toBe(true);
  });

  it.each(Object.keys(FAMILIES.ids))('cuts as the tokenizer.json that llama.cpp calls %s', (pre) => {
    const tokenizer = byteLevel({ 'tokenizer.ggml.pre': pre });
    FAMILIES.texts.forEach((text, i) => {
      const ids = tokenizer.encode(text, { addSpecialTokens: false });
      expect(ids, JSON.stringify(text)).toEqual(FAMILIES.ids[pre]?.[i]);
      expect(tokenizer.decode(ids)).toBe(text);
    });
  });

  it("gives llama.cpp's ids", () => {
    const goldens = readJsonFixture('tokenizers', 'llama-cpp.json') as Record<string, typeof GOLDENS.encode>;
    for (const { text, ids } of goldens['byte-level'] ?? []) {
      expect(byteLevel().encode(text, { addSpecialTokens: false }), JSON.stringify(text)).toEqual(ids);
    }
    expect(goldens['byte-level']).not.toHaveLength(0);
  });

  it('knows other names of the same cuts', () => {
    const text = FAMILIES.texts.join('');
    for (const [name, family] of [
      ['llama3', 'llama-bpe'],
      ['falcon3', 'llama-bpe'],
      ['deepseek-r1-qwen', 'qwen2'],
      ['stablelm2', 'qwen2'],
      ['command-r', 'smollm'],
      ['starcoder', 'smollm'],
      ['olmo', 'gpt-2'],
      ['llama4', 'gpt-4o'],
    ]) {
      const [ids, expected] = [name, family].map((pre) =>
        byteLevel({ 'tokenizer.ggml.pre': pre }).encode(text),
      );
      expect(ids).toEqual(expected);
    }
  });

  it('begins with begin-of-text where llama.cpp does for a name, and the file does not forbid it', () => {
    const firstOf = (changes: Record<string, unknown>) => byteLevel(changes).encode('The river')[0];
    const bos = BYTE_LEVEL.get('tokenizer.ggml.bos_token_id');
    for (const pre of ['llama-bpe', 'tekken']) {
      expect(firstOf({ 'tokenizer.ggml.pre': pre })).toBe(bos);
      expect(firstOf({ 'tokenizer.ggml.pre': pre, 'tokenizer.ggml.add_bos_token': false })).not.toBe(bos);
      expect(firstOf({ 'tokenizer.ggml.pre': pre, 'tokenizer.ggml.bos_token_id': undefined })).not.toBe(bos);
    }
    expect(firstOf({ 'tokenizer.ggml.pre': 'qwen2' })).not.toBe(bos);
  });

  it('has no text for what fills the vocabulary up, nor for ids beyond it', () => {
    const tokenizer = byteLevel();
    const [last] = (BYTE_LEVEL.get('tokenizer.ggml.tokens') as string[]).slice(-1);
    expect(last).toBe('[PAD2]');
    expect(tokenizer.decode([tokenizer.vocabSize - 1, tokenizer.vocabSize, tokenizer.vocabSize + 200])).toBe(
      '',
    );
  });

  it('names the ends of text, turn and message that the file names', () => {
    const ids = { 'tokenizer.ggml.eot_token_id': 1n, 'tokenizer.ggml.eom_token_id': 7 };
    expect(byteLevel(ids).eosTokenIds).toEqual([1, 1, 7]);
    expect(byteLevel({ 'tokenizer.ggml.eos_token_id': 99_999 }).eosTokenIds).toEqual([]);
    expect(byteLevel().controlTokens).toEqual(
      new Map([
        ['<|begin|>', 0],
        ['<|im_end|>', 1],
      ]),
    );
  });

  it('takes tokens without a letter for as many different ones', () => {
    const tokens = [...(BYTE_LEVEL.get('tokenizer.ggml.tokens') as string[]).slice(0, -2), '', ''];
    expect(byteLevel({ 'tokenizer.ggml.tokens': tokens }).vocabSize).toBe(tokens.length);
  });

  it('takes "default" where the file names none, as llama.cpp does', () => {
    const tokenizer = ggufTokenizer(changed({ 'tokenizer.ggml.pre': undefined }));
    for (const { text, ids } of PRE_TOKENIZERS['default'] ?? []) expect(tokenizer.encode(text)).toEqual(ids);
  });

  it('puts begin- and end-of-text round a text where the file asks for it', () => {
    const asks = { 'tokenizer.ggml.add_bos_token': true, 'tokenizer.ggml.add_eos_token': true };
    const tokenizer = ggufTokenizer(changed(asks));
    const plain = tokenizer.encode('The river', { addSpecialTokens: false });
    expect(tokenizer.encode('The river')).toEqual([0, ...plain, 0]);
  });

  it('has the chat template of the file, with its tokens, and none where the file has none', () => {
    const template = '{% for m in messages %}{{ m.role }}: {{ m.content }}{{ eos_token }}{% endfor %}';
    const { chatTemplate } = ggufTokenizer(changed({ 'tokenizer.chat_template': template }));
    expect(chatTemplate).toEqual({
      template,
      specialTokens: expect.objectContaining({ eos_token: '<|endoftext|>' }) as object,
    });
    expect(ggufTokenizer(metadata).chatTemplate).toBeUndefined();
  });

  it.each<[Record<string, unknown>, RegExp]>([
    [{ 'tokenizer.chat_template': 5 }, /tokenizer.chat_template is not a text/],
    [
      { 'tokenizer.ggml.model': 'gemma4' },
      /tokenizer.ggml.model is "gemma4"; supported: gpt2 \(.*\), llama \(/,
    ],
    [{ 'tokenizer.ggml.model': undefined }, /tokenizer.ggml.model is missing/],
    [
      { 'tokenizer.ggml.pre': 'deepseek-llm' },
      /pre is "deepseek-llm"; supported: gpt-2, .*llama-bpe, .*qwen2/,
    ],
    [{ 'tokenizer.ggml.tokens': undefined }, /tokenizer.ggml.tokens is missing/],
    [{ 'tokenizer.ggml.tokens': ['a', 'b', 'a'] }, /tokenizer.ggml.tokens has "a" twice/],
    [{ 'tokenizer.ggml.merges': [1] }, /tokenizer.ggml.merges is missing, or no list of strings/],
    [{ 'tokenizer.ggml.merges': ['ab'] }, /merges has "ab", which is no pair/],
    [{ 'tokenizer.ggml.token_type': 3 }, /token_type is missing, or no list of numbers/],
    [
      { 'tokenizer.ggml.add_bos_token': true, 'tokenizer.ggml.bos_token_id': 384 },
      /bos_token_id names no token/,
    ],
  ])('refuses %j', (changes, message) => {
    expect(() => ggufTokenizer(changed(changes))).toThrow(
      expect.objectContaining({
        code: 'weights_invalid',
        message: expect.stringMatching(message) as unknown,
      }),
    );
  });
});
