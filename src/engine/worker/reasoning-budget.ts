import { ReasoningMeter, type ReasoningTags } from '../reasoning-meter.ts';

/** Tokens beyond the budget that may still finish a character; one has four bytes at most. */
const MAX_CHARACTER_TOKENS = 3;

export interface ReasoningBudgetOptions {
  readonly tags: ReasoningTags;
  /** Of the reasoning, the tags not counted. */
  readonly maxTokens: number;
  /** By how many bytes of the closing tag the text ends in: the token that goes on with it. */
  readonly closers: readonly number[];
  /** The bytes that a token adds to the text. */
  readonly bytesOf: (tokenId: number) => Uint8Array;
}

/**
 * Keeps the reasoning of one sequence within a number of tokens: once they are spent, its next tokens are those of the
 * closing tag, or of what is left of it where the text ends in a part. A character that is not whole by then is let end.
 */
export class ReasoningBudget {
  readonly #options: ReasoningBudgetOptions;
  readonly #meter: ReasoningMeter;

  constructor(options: ReasoningBudgetOptions) {
    this.#options = options;
    this.#meter = new ReasoningMeter(options.tags);
  }

  /** Goes on behind a token of the text. */
  accept(tokenId: number): void {
    if (this.#meter.phase !== 'behind') this.#meter.push(this.#options.bytesOf(tokenId));
  }

  /** The next token, where the reasoning must end. */
  forced(): number | undefined {
    const { phase, numTokens, isInsideCharacter, numClosingBytes } = this.#meter;
    const { maxTokens, closers } = this.#options;
    if (phase !== 'inside' || numTokens < maxTokens) return undefined;
    if (isInsideCharacter && numTokens < maxTokens + MAX_CHARACTER_TOKENS) return undefined;
    return closers[numClosingBytes];
  }
}
