import { shownBytes, type ShownTokens, type TokenBytes } from './token-bytes.ts';

/** What detokenizing needs of a tokenizer. */
export interface TokenVocabulary extends TokenBytes {
  readonly stripsLeadingSpace: boolean;
}

export interface IncrementalDetokenizerOptions extends ShownTokens {
  /** Tokens that the text goes on after: where they are text themselves, a space that it begins with belongs to it. */
  after?: readonly number[];
}

/**
 * Turns the tokens of one sequence into text as they come. What it returns is final: a character whose bytes are
 * spread over tokens waits until it is whole, and bytes that can be no character become U+FFFD. All pieces and the
 * flush together are the text of all tokens; behind the text of `after` they are that of both.
 */
export class IncrementalDetokenizer {
  readonly #bytesOf: (tokenId: number) => Uint8Array;
  // A byte order mark is a character of the text like any other.
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #atStart: boolean;

  constructor(vocabulary: TokenVocabulary, { after = [], ...shown }: IncrementalDetokenizerOptions = {}) {
    this.#bytesOf = shownBytes(vocabulary, shown);
    this.#atStart = vocabulary.stripsLeadingSpace && !after.some((id) => this.#bytesOf(id).length > 0);
  }

  /** The text that became final with these tokens. */
  push(tokenIds: readonly number[]): string {
    let text = '';
    for (const tokenId of tokenIds) {
      text += this.#decoder.decode(this.#bytesOf(tokenId), { stream: true });
    }
    return this.#withoutLeadingSpace(text);
  }

  /** What is left when no more tokens come: U+FFFD for a character that was never finished. */
  flush(): string {
    return this.#decoder.decode();
  }

  #withoutLeadingSpace(text: string): string {
    if (!this.#atStart || text === '') return text;
    this.#atStart = false;
    return text.startsWith(' ') ? text.slice(1) : text;
  }
}
