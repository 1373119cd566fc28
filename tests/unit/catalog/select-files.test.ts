import { describe, expect, it } from 'vitest';
import { selectFiles } from '../../../src/catalog/select-files.ts';

const listing = (...paths: string[]) =>
  paths.map((path) => ({
    path,
    size: 1_500_000,
    checksum: { algorithm: 'sha256' as const, hex: '0'.repeat(64) },
  }));

const select = (paths: string[], selector?: string): string[] =>
  selectFiles('o/n', listing(...paths), selector).files.map(({ path }) => path);

const SHARDS = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];

describe('selectFiles', () => {
  it('takes one file of weights before the shards, as the loader does', () => {
    const index = 'model.safetensors.index.json';
    const all = ['config.json', 'model.safetensors', index, ...SHARDS];
    expect(select(all)).toEqual(['config.json', 'model.safetensors']);
    expect(select(['config.json', index, ...SHARDS])).toEqual(['config.json', index, ...SHARDS]);
  });

  it('takes what describes the model and its tokens, from the root alone', () => {
    const wanted = [
      'config.json',
      'generation_config.json',
      'tokenizer.json',
      'tokenizer_config.json',
      'special_tokens_map.json',
      'added_tokens.json',
      'vocab.json',
      'merges.txt',
      'tokenizer.model',
      'chat_template.jinja',
      'model.safetensors',
    ];
    const others = [
      'README.md',
      'LICENSE',
      'pytorch_model.bin',
      'model.fp16.safetensors',
      'onnx/config.json',
      'x-Q8_0.gguf',
      'tokenflare-model.json',
    ];
    expect(select([...others, ...wanted])).toEqual(wanted);
  });

  it('takes the one GGUF file, the one beside an image projector too', () => {
    expect(select(['README.md', 'config.json', 'a.gguf'])).toEqual(['a.gguf']);
    expect(select(['a.gguf', 'mmproj-a-f16.gguf'])).toEqual(['a.gguf']);
  });

  it.each([
    ['Q4_K_M', 'a-Q4_K_M.gguf'],
    ['q4_k_m', 'a-Q4_K_M.gguf'],
    ['Q4_K', 'b.Q4_K.GGUF'],
    ['c-Q8_0.gguf', 'sub/c-Q8_0.gguf'],
    ['sub/c-Q8_0.gguf', 'sub/c-Q8_0.gguf'],
  ])(':%s is %s, safetensors or not', (selector, file) => {
    const files = ['config.json', 'model.safetensors', 'a-Q4_K_M.gguf', 'b.Q4_K.GGUF', 'sub/c-Q8_0.gguf'];
    expect(select(files, selector)).toEqual([file]);
  });

  it('names what there is when nothing, or more than one, is meant', () => {
    expect(() => select(['a-Q8_0.gguf', 'b-Q8_0.gguf'])).toThrow(
      'o/n has several GGUF files; name one, as in o/n:a-Q8_0.gguf\n      1.5 MB  a-Q8_0.gguf\n      1.5 MB  b-Q8_0.gguf',
    );
    expect(() => select(['a-Q8_0.gguf', 'b-Q8_0.gguf'], 'Q8_0')).toThrow(/several/);
    expect(() => select(['a-Q8_0.gguf'], 'Q4_0')).toThrow(
      /no GGUF file of o\/n is called 'Q4_0'; it has\n.*a-Q8_0/,
    );
    expect(() => select(['config.json', 'pytorch_model.bin'])).toThrow(
      /o\/n has no GGUF file, and no config.json with model.safetensors or its shards; it has\n(.*\n)*.*pytorch_model\.bin/,
    );
    expect(() => select(['mmproj-a.gguf'])).toThrow(/no GGUF file of o\/n is a model by itself/);
  });

  const PARTS = ['sub/a-Q8_0-00001-of-00002.gguf', 'sub/a-Q8_0-00002-of-00002.gguf'];

  it.each([undefined, 'Q8_0', 'a-Q8_0', 'a-Q8_0-00001-of-00002.gguf'])(
    'takes all parts of a file for %s',
    (selector) => expect(select([...PARTS].toReversed(), selector)).toEqual(PARTS),
  );

  it('counts the parts of a file as one, with their bytes together', () => {
    expect(() => select([...PARTS, 'b-Q4_0.gguf'])).toThrow(
      'o/n has several GGUF files; name one, as in o/n:a-Q8_0-00001-of-00002.gguf\n' +
        '        3 MB  sub/a-Q8_0-00001-of-00002.gguf\n      1.5 MB  b-Q4_0.gguf',
    );
    expect(selectFiles('o/n', listing(...PARTS), 'Q8_0').file).toBe(PARTS[0]);
  });

  it.each([
    [0, /o\/n: a-Q8_0-00001-of-00002.gguf, part 1 of 2, is missing/],
    [1, /o\/n: a-Q8_0-00002-of-00002.gguf, part 2 of 2, is missing/],
  ])('names a part that the repository lacks', (index, message) => {
    expect(() => select(PARTS.toSpliced(index, 1), 'Q8_0')).toThrow(message);
  });
});
