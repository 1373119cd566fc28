import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { JsonTokenizer } from '../../../src/tokenizer/json-tokenizer.ts';
import { Tokenizer } from '../../../src/tokenizer/tokenizer.ts';

export const TINY_GPT2 = fileURLToPath(new URL('../../fixtures/tiny-gpt2/', import.meta.url));

export function readTinyJson(name: string): object {
  return JSON.parse(readFileSync(TINY_GPT2 + name, 'utf8')) as object;
}

/** Byte-level BPE with 384 tokens, made by Hugging Face's tokenizers. */
export function byteLevelTokenizer(): Tokenizer {
  return new Tokenizer(new JsonTokenizer(readTinyJson('tokenizer.json')));
}

/** @param missing a token that the vocabulary does not have */
export function byteFallbackTokenizer(missing?: string): Tokenizer {
  return new Tokenizer(new JsonTokenizer(byteFallbackJson(missing)));
}

/** The tokenizer.json of a small SentencePiece BPE with byte fallback, as Llama's is built. */
export function byteFallbackJson(missing?: string) {
  const byteTokens = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  );
  const pieces = ['<unk>', '<s>', '</s>', ...byteTokens, '\u2581', 'a', 'b', 'c', '.', 'ab', '\u2581ab'];
  const added = ['<unk>', '<s>', '</s>'].map((content, id) => ({
    id,
    content,
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  }));
  return {
    version: '1.0',
    added_tokens: added,
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '\u2581' },
        { type: 'Replace', pattern: { String: ' ' }, content: '\u2581' },
      ],
    },
    pre_tokenizer: null,
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } },
    },
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '\u2581' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    },
    model: {
      type: 'BPE',
      unk_token: '<unk>',
      fuse_unk: true,
      byte_fallback: true,
      vocab: Object.fromEntries(
        pieces.map((piece, id) => [piece === missing ? '<gone>' : piece, id] as const),
      ),
      merges: ['a b', '\u2581 ab'],
    },
  };
}
