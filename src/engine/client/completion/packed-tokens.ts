import type { SampledToken, CompletionRequest } from '../../engine.ts';
import type { TokenTrieData } from '../../../grammar/matching/token-trie.ts';
import type { ServedTokenizer } from '../../../text/served-tokenizer.ts';
import type { ToWorker } from '../../protocol.ts';

/** Entries that there is room for at first; the room doubles. */
const FIRST_ENTRIES = 32;
/** In a logarithm's place: the token has none. */
const NONE = NaN;

/**
 * Tokens with their logprobs and alternatives, 12 bytes for each of these numbers and 4 for a token: as objects they take
 * five times as much. An answer that is sent whole keeps all of its tokens until its end.
 */
export class PackedTokens {
  /** A token's id, then those of its alternatives. */
  #ids = new Int32Array(FIRST_ENTRIES);
  #logprobs = new Float64Array(FIRST_ENTRIES);
  #numEntries = 0;
  /** Alternatives of each token; -1 for a token that was asked for none. */
  readonly #numAlternatives: number[] = [];

  get length(): number {
    return this.#numAlternatives.length;
  }

  /** Tokens and alternatives. */
  get numEntries(): number {
    return this.#numEntries;
  }

  push(tokens: readonly SampledToken[]): void {
    for (const { tokenId, logprob = NONE, topLogprobs } of tokens) {
      this.#add(tokenId, logprob);
      for (const alternative of topLogprobs ?? []) this.#add(alternative.tokenId, alternative.logprob);
      this.#numAlternatives.push(topLogprobs?.length ?? -1);
    }
  }

  *[Symbol.iterator](): Generator<SampledToken> {
    let entry = 0;
    for (const numAlternatives of this.#numAlternatives) {
      const { tokenId, logprob } = this.#at(entry++);
      const topLogprobs = Array.from({ length: Math.max(numAlternatives, 0) }, () => this.#at(entry++));
      yield {
        tokenId,
        ...(Number.isNaN(logprob) ? {} : { logprob }),
        ...(numAlternatives < 0 ? {} : { topLogprobs }),
      };
    }
  }

  #at(entry: number): { tokenId: number; logprob: number } {
    return { tokenId: this.#ids[entry] ?? 0, logprob: this.#logprobs[entry] ?? NONE };
  }

  #add(tokenId: number, logprob: number): void {
    if (this.#numEntries === this.#ids.length) this.#grow();
    this.#ids[this.#numEntries] = tokenId;
    this.#logprobs[this.#numEntries] = logprob;
    this.#numEntries++;
  }

  #grow(): void {
    const ids = new Int32Array(2 * this.#ids.length);
    const logprobs = new Float64Array(ids.length);
    ids.set(this.#ids);
    logprobs.set(this.#logprobs);
    this.#ids = ids;
    this.#logprobs = logprobs;
  }
}

/**
 * Sends an engine process what tokens are as text: once, and only where a request needs it, since most engines get by
 * without.
 */
export class SentTokenTexts {
  readonly #send: (message: ToWorker) => void;
  /** To the process that is there now. */
  #vocabulary: TokenTrieData | undefined;
  #tokenizer: ServedTokenizer | undefined;

  constructor(send: (message: ToWorker) => void) {
    this.#send = send;
  }

  /** Another process has taken over. */
  forget(): void {
    this.#vocabulary = undefined;
    this.#tokenizer = undefined;
  }

  /** To be called before a request's sequences are sent. */
  sendFor({ grammar, reasoningSpan }: CompletionRequest, tokenizer: ServedTokenizer): void {
    if (grammar !== undefined && this.#vocabulary !== grammar.vocabulary) {
      this.#vocabulary = grammar.vocabulary;
      this.#send({ type: 'vocabulary', trie: grammar.vocabulary });
    }
    if (reasoningSpan?.maxTokens !== undefined && this.#tokenizer !== tokenizer) {
      this.#tokenizer = tokenizer;
      const { tokenTable: table, specialTokenIds } = tokenizer;
      this.#send({ type: 'tokenTexts', table, specialTokenIds: [...specialTokenIds] });
    }
  }
}
