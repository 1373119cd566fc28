import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tokenizer as HfTokenizer } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EngineError } from '../../../src/errors.ts';
import { minNumTokens, Tokenizer } from '../../../src/tokenizer/tokenizer.ts';
import { byteFallbackTokenizer, byteLevelTokenizer, readTinyJson, TINY_GPT2 } from './tiny-tokenizers.ts';

interface Goldens {
  encode: { text: string; ids: number[] }[];
  decode: { text: string; ids: number[] }[];
}

const anyText = fc.string({ unit: 'binary' });
const byteLevel = byteLevelTokenizer();
const byteFallback = byteFallbackTokenizer();

describe('against transformers', () => {
  const goldens = readTinyJson('tokenizer-goldens.json') as Goldens;

  it.each(goldens.encode)('encodes $text', ({ text, ids }) => {
    expect(byteLevel.encode(text)).toEqual(ids);
  });

  it.each(goldens.decode)('decodes $ids', ({ text, ids }) => {
    expect(byteLevel.decode(ids)).toBe(text);
  });
});

describe('a byte-level tokenizer', () => {
  it('gives back any text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(byteLevel.decode(byteLevel.encode(text))).toBe(text);
      }),
    );
  });

  it('writes U+FFFD for lone surrogates and keeps pairs', () => {
    expect(byteLevel.decode(byteLevel.encode('a\uD83D b\uDE00 \uD83D\uDE00'))).toBe(
      'a\uFFFD b\uFFFD \uD83D\uDE00',
    );
  });

  it('decodes any ids as the library does', () => {
    const hf = new HfTokenizer(readTinyJson('tokenizer.json'), {});
    const ids = fc.array(fc.nat(byteLevel.vocabSize - 1), { minLength: 1 });
    fc.assert(
      fc.property(ids, fc.boolean(), (tokenIds, skip) => {
        const expected = hf.decode(tokenIds, {
          skip_special_tokens: skip,
          clean_up_tokenization_spaces: false,
        });
        expect(byteLevel.decode(tokenIds, { skipSpecialTokens: skip })).toBe(expected);
      }),
    );
  });

  it('knows its size, its special tokens and every byte', () => {
    expect(byteLevel.vocabSize).toBe(384);
    expect([...byteLevel.specialTokenIds]).toEqual([0]);
    const singleBytes = Array.from({ length: 384 }, (_, id) => byteLevel.idToBytes(id))
      .filter((bytes) => bytes.length === 1)
      .map((bytes) => bytes[0]);
    expect(new Set(singleBytes).size).toBe(256);
  });

  it('has no bytes for ids outside the vocabulary, and no text', () => {
    for (const id of [-1, 384, 1e9, 0.5]) expect(byteLevel.idToBytes(id)).toHaveLength(0);
    expect(byteLevel.decode([384, 66, -1])).toBe(byteLevel.decode([66]));
  });

  it('leaves special tokens out only when told to', () => {
    const ids = byteLevel.encode('one<|endoftext|>two');
    expect(byteLevel.decode(ids)).toBe('one<|endoftext|>two');
    expect(byteLevel.decode(ids, { skipSpecialTokens: true })).toBe('onetwo');
  });

  it('never promises more tokens than there are', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(minNumTokens(text, byteLevel.maxBytesPerToken)).toBeLessThanOrEqual(
          byteLevel.encode(text).length,
        );
      }),
    );
    // The longest token is <|endoftext|> with 13 bytes.
    expect(minNumTokens('x'.repeat(1300), byteLevel.maxBytesPerToken)).toBe(100);
  });
});

describe('a tokenizer with byte fallback', () => {
  it('knows spaces and bytes', () => {
    // Only a space at the very start is dropped, as in Hugging Face's Llama.
    expect(byteFallback.decode(byteFallback.encode('ab c'))).toBe('<s> ab c');
    expect(byteFallback.decode(byteFallback.encode('ab c', { addSpecialTokens: false }))).toBe('ab c');
    const skipped = byteFallback.encode(' \u00e9\u{1F600} ab');
    expect(byteFallback.decode(skipped, { skipSpecialTokens: true })).toBe(' \u00e9\u{1F600} ab');
    expect([...byteFallback.idToBytes(3 + 0xe9)]).toEqual([0xe9]);
  });

  it('gives back any text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        // U+2581 is this scheme's own word for a space.
        fc.pre(!text.includes('\u2581'));
        const ids = byteFallback.encode(text, { addSpecialTokens: false });
        expect(byteFallback.decode(ids)).toBe(text);
      }),
    );
  });

  it('never promises more tokens than there are, a mark of its own counted as a space', () => {
    for (const text of ['x'.repeat(1000), '\u2581'.repeat(1000), 'ab'.repeat(500)]) {
      const { length } = byteFallback.encode(text, { addSpecialTokens: false });
      expect(minNumTokens(text, byteFallback.maxBytesPerToken)).toBeLessThanOrEqual(length);
    }
    expect(minNumTokens('x'.repeat(1500), byteFallback.maxBytesPerToken)).toBe(100);
  });

  it('promises nothing where unknown characters may be one token, however many', () => {
    const tokenizer = byteFallbackTokenizer('<0x41>');
    expect(minNumTokens('x'.repeat(1000), tokenizer.maxBytesPerToken)).toBe(0);
  });
});

describe('loading', () => {
  function inDirectory(
    files: Record<string, string>,
    run: (directory: string) => Promise<void>,
  ): Promise<void> {
    const directory = mkdtempSync(join(tmpdir(), 'tokenizer-'));
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
    return run(directory).finally(() => rmSync(directory, { recursive: true }));
  }

  async function messageOf(directory: string): Promise<string> {
    const error: unknown = await Tokenizer.load(directory).catch((cause: unknown) => cause);
    if (!(error instanceof EngineError)) throw new Error('no EngineError was thrown');
    expect(error.code).toBe('weights_invalid');
    return error.message;
  }

  const tokenizerJson = JSON.stringify(readTinyJson('tokenizer.json'));

  it('needs tokenizer.json alone', async () => {
    expect((await Tokenizer.load(TINY_GPT2)).vocabSize).toBe(384);
  });

  it('names the file that is missing, broken or of another kind', async () => {
    await inDirectory({}, async (directory) => {
      expect(await messageOf(directory)).toContain(join(directory, 'tokenizer.json'));
    });
    await inDirectory({ 'tokenizer.json': '{' }, async (directory) => {
      expect(await messageOf(directory)).toMatch(/tokenizer\.json is not JSON/);
    });
    await inDirectory({ 'tokenizer.json': 'null' }, async (directory) => {
      expect(await messageOf(directory)).toMatch(/tokenizer\.json must hold an object/);
    });
    await inDirectory({ 'tokenizer.json': '{"decoder": {"type": "WordPiece"}}' }, async (directory) => {
      expect(await messageOf(directory)).toMatch(/WordPiece; supported: ByteLevel, ByteFallback/);
    });
    await inDirectory({ 'tokenizer.json': '{"decoder": {"type": "ByteLevel"}}' }, async (directory) => {
      expect(await messageOf(directory)).toMatch(/tokenizer\.json cannot be used: .*model/);
    });
    await inDirectory(
      { 'tokenizer.json': tokenizerJson, 'tokenizer_config.json': 'no' },
      async (directory) => {
        expect(await messageOf(directory)).toMatch(/tokenizer_config\.json is not JSON/);
      },
    );
  });

  it('knows the ends that the files name, by tokenizer_config.json or special_tokens_map.json', async () => {
    const eosOf = async (files: Record<string, string>) => {
      let eosTokenIds: readonly number[] = [];
      await inDirectory({ 'tokenizer.json': tokenizerJson, ...files }, async (directory) => {
        ({ eosTokenIds } = await Tokenizer.load(directory));
      });
      return eosTokenIds;
    };
    const config = (eos_token: unknown) => JSON.stringify({ eos_token });
    expect(await eosOf({})).toEqual([]);
    expect(await eosOf({ 'tokenizer_config.json': config('<|endoftext|>') })).toEqual([0]);
    expect(await eosOf({ 'tokenizer_config.json': config({ content: '<|endoftext|>' }) })).toEqual([0]);
    expect(await eosOf({ 'tokenizer_config.json': config('<other>') })).toEqual([]);
    expect(await eosOf({ 'special_tokens_map.json': config({ content: '<|endoftext|>' }) })).toEqual([0]);
    // What the first says, it says.
    const both = {
      'tokenizer_config.json': config(null),
      'special_tokens_map.json': config('<|endoftext|>'),
    };
    expect(await eosOf(both)).toEqual([]);
  });

  it('gives the chat template the special tokens of both files', async () => {
    const template = '{{ bos_token }}|{{ eos_token }}|{{ messages[0].content }}';
    const files = {
      'tokenizer.json': tokenizerJson,
      'tokenizer_config.json': JSON.stringify({ eos_token: '</s>', chat_template: template }),
      'special_tokens_map.json': JSON.stringify({ bos_token: { content: '<s>' }, eos_token: '<other>' }),
    };
    await inDirectory(files, async (directory) => {
      const { chatTemplate } = await Tokenizer.load(directory);
      expect(chatTemplate).toEqual({ template, specialTokens: { bos_token: '<s>', eos_token: '</s>' } });
    });
  });
});
