import { describe, expect, it } from 'vitest';
import { ggufTokenizer } from '../../../src/tokenizer/gguf-tokenizer.ts';
import { readGgufHeader } from '../../../src/weights/gguf/gguf-header.ts';
import { fixturePath, readJsonFixture } from '../../support/fixtures.ts';

/** The fixture's tokenizer, written into a GGUF file by PyPI's `gguf`; the ids are those of Hugging Face's `tokenizers`. */
const { metadata } = await readGgufHeader(fixturePath('gguf', 'tiny-gpt2-q8_0.gguf'));
const GOLDENS = readJsonFixture('tiny-gpt2', 'tokenizer-goldens.json') as {
  encode: { text: string; ids: number[] }[];
};
const PRE_TOKENIZERS = readJsonFixture('gguf', 'pre-tokenizers.json') as Record<
  string,
  typeof GOLDENS.encode
>;

function changed(changes: Record<string, unknown>): ReadonlyMap<string, unknown> {
  return new Map([...metadata, ...Object.entries(changes)]);
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

  it('has the chat template of the file, with its tokens, and none where the file has none', async () => {
    const template = '{% for m in messages %}{{ m.role }}: {{ m.content }}{{ eos_token }}{% endfor %}';
    const tokenizer = ggufTokenizer(changed({ 'tokenizer.chat_template': template }));
    const text = await tokenizer.chatTemplate?.render([{ role: 'user', content: 'Hello' }]);
    expect(text).toBe('user: Hello<|endoftext|>');
    expect(ggufTokenizer(metadata).chatTemplate).toBeUndefined();
  });

  it.each<[Record<string, unknown>, RegExp]>([
    [{ 'tokenizer.chat_template': 5 }, /tokenizer.chat_template is not a text/],
    [{ 'tokenizer.ggml.model': 'llama' }, /tokenizer.ggml.model is "llama"; supported: gpt2/],
    [{ 'tokenizer.ggml.model': undefined }, /tokenizer.ggml.model is undefined/],
    [{ 'tokenizer.ggml.pre': 'deepseek-llm' }, /pre is "deepseek-llm"; supported: gpt-2, default, smollm/],
    [{ 'tokenizer.ggml.tokens': undefined }, /tokenizer.ggml.tokens is missing/],
    [{ 'tokenizer.ggml.tokens': ['a', 'b', 'a'] }, /tokenizer.ggml.tokens has "a" twice/],
    [{ 'tokenizer.ggml.merges': [1] }, /tokenizer.ggml.merges is missing, or no list of strings/],
    [{ 'tokenizer.ggml.merges': ['ab'] }, /merges has "ab", which is no pair/],
    [{ 'tokenizer.ggml.token_type': 3 }, /token_type is not a list/],
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
