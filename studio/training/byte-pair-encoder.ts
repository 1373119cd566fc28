import { assertInvariant } from '../../src/errors.ts';
import { BYTE_CHARACTERS, splitWords } from './byte-level.ts';
import { applyMerge, type Merge } from './train-merges.ts';

export const END_OF_TEXT = '<|endoftext|>';

const NUM_BYTES = 256;

/** A byte-level BPE vocabulary: bytes, then merges, then special tokens, of which `<|endoftext|>` is the first. */
export class BytePairEncoder {
  readonly merges: readonly Merge[];
  readonly specialTokens: readonly string[];
  readonly vocabSize: number;
  readonly #ranks = new Map<string, number>();
  readonly #encoded = new Map<string, readonly number[]>();

  /** @param furtherSpecialTokens beside `<|endoftext|>` */
  constructor(merges: readonly Merge[], furtherSpecialTokens: readonly string[] = []) {
    this.merges = merges;
    this.specialTokens = [END_OF_TEXT, ...furtherSpecialTokens];
    this.vocabSize = NUM_BYTES + merges.length + this.specialTokens.length;
    merges.forEach(([left, right], rank) => this.#ranks.set(`${left},${right}`, rank));
  }

  get endOfTextId(): number {
    return this.specialId(END_OF_TEXT);
  }

  specialId(token: string): number {
    const index = this.specialTokens.indexOf(token);
    assertInvariant(index >= 0, `the vocabulary has the special token ${token}`);
    return NUM_BYTES + this.merges.length + index;
  }

  /** Ids of the text; special tokens in it are plain text. */
  encode(text: string): Int32Array {
    return Int32Array.from(splitWords(text).flatMap((word) => this.#encodeWord(word)));
  }

  /**
   * The same vocabulary as a Hugging Face tokenizer.json
   * (https://huggingface.co/docs/tokenizers: a BPE model between ByteLevel pre-tokenizer and decoder).
   */
  toTokenizerJson(): Record<string, unknown> {
    const tokens = [...BYTE_CHARACTERS];
    for (const [left, right] of this.merges) tokens.push(`${tokens[left] ?? ''}${tokens[right] ?? ''}`);
    const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
    return {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: this.specialTokens.map((token) => ({
        id: this.specialId(token),
        content: token,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      })),
      normalizer: null,
      pre_tokenizer: byteLevel,
      post_processor: null,
      decoder: byteLevel,
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        vocab: Object.fromEntries([...tokens, ...this.specialTokens].map((token, id) => [token, id])),
        merges: this.merges.map(([left, right]) => `${tokens[left] ?? ''} ${tokens[right] ?? ''}`),
      },
    };
  }

  #encodeWord(word: string): readonly number[] {
    const known = this.#encoded.get(word);
    if (known !== undefined) return known;
    let symbols = [...Buffer.from(word)];
    for (;;) {
      const rank = this.#lowestRank(symbols);
      const merge = this.merges[rank];
      if (merge === undefined) break;
      symbols = applyMerge(symbols, merge, NUM_BYTES + rank);
    }
    this.#encoded.set(word, symbols);
    return symbols;
  }

  /** The earliest merge that applies to any neighbours, or Infinity. */
  #lowestRank(symbols: readonly number[]): number {
    let lowest = Infinity;
    for (let i = 1; i < symbols.length; i++) {
      lowest = Math.min(lowest, this.#ranks.get(`${symbols[i - 1]},${symbols[i]}`) ?? Infinity);
    }
    return lowest;
  }
}
