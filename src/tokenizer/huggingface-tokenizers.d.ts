/**
 * The part of @huggingface/tokenizers 0.2 that is used here. Its own declarations import each other without file
 * extensions, which Node's module resolution does not follow, so that every type in them is an error.
 */
declare module '@huggingface/tokenizers' {
  export interface AddedToken {
    id: number;
    content: string;
    special: boolean;
    lstrip: boolean;
    rstrip: boolean;
    single_word: boolean;
  }

  /** Cuts a text round the tokens that it finds in it. */
  export interface Splitter {
    split(text: string): string[];
  }

  export interface Normalizer {
    config: {
      type?: unknown;
      strip_left?: boolean;
      strip_right?: boolean;
      clean_text?: unknown;
      handle_chinese_chars?: unknown;
      strip_accents?: boolean | null;
      lowercase?: unknown;
    };
    /** Of a `Sequence`. */
    normalizers?: readonly (Normalizer | null)[];
    normalize(text: string): string;
    /** Of a `BertNormalizer`. */
    clean_text?(text: string): string;
  }

  export interface PreTokenizer {
    config?: { type?: unknown };
    /** Of a `Sequence`. */
    tokenizers?: PreTokenizer[];
    /** Of a `ByteLevel`: how it cuts a text, where it does. */
    pattern?: RegExp;
    /** Of a `Metaspace`. */
    prepend_scheme?: string;
    pre_tokenize(text: string | string[], options?: { section_index?: number }): string[];
    pre_tokenize_text(text: string, options?: { section_index?: number }): string[];
  }

  export interface LibraryModel extends BytePairModel {
    tokens_to_ids: ReadonlyMap<string, number>;
  }

  /** Of `type: "BPE"`; the other kinds of model have no `bpe`. */
  export interface BytePairModel {
    encode?(words: string[]): string[];
    bpe?(word: string): string[];
    /** What words of up to 256 characters were merged to. */
    cache?: { put(word: string, merged: string[]): void };
    /** By a pair as JSON. */
    bpe_ranks: Map<string, number>;
  }

  export class Tokenizer {
    readonly model: LibraryModel;
    readonly normalizer: Normalizer | null;
    readonly pre_tokenizer: PreTokenizer | null;
    readonly added_tokens: readonly AddedToken[];
    readonly added_tokens_map: Map<string, AddedToken>;
    readonly splitter_unnormalized: Splitter;
    readonly splitter_normalized: Splitter;
    constructor(tokenizer: object, config: object);
    encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] };
    decode(
      tokenIds: number[],
      options?: { skip_special_tokens?: boolean; clean_up_tokenization_spaces?: boolean },
    ): string;
    id_to_token(id: number): string | undefined;
    get_vocab(withAddedTokens: boolean): Map<string, number>;
    get_added_tokens_decoder(): Map<number, AddedToken>;
  }
}
