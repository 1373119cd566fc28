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
    readonly model: BytePairModel;
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
