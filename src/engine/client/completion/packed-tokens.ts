import type { SampledToken } from '../../engine.ts';

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
