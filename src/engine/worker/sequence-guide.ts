import { EngineError } from '../../errors.ts';
import type { Configuration } from '../../grammar/matching/configuration.ts';
import { MAX_END_BYTES, type TokenGrammar } from '../../grammar/matching/token-grammar.ts';
import type { AllowedTokens } from '../../sampling/allowed-tokens.ts';
import type { DraftGuide } from '../../scheduler/sequence.ts';

/** Of the shortest end of a text; a longer one has room only where there is a token for each byte. */
const MAX_SOUGHT_BYTES = 2048;

/**
 * Units of work (see Fuel) that a text may take, and for each of its tokens: 0.8 s and 8 ms. All other texts wait
 * meanwhile. Natural grammars take a tenth of it.
 */
const TEXT_UNITS = { atStart: 20_000_000, aToken: 200_000 };

/** Frames that are made, by any text of the grammar, before this text's own are counted again. */
const FRAMES_A_COUNT = 10_000;

/**
 * Keeps one sequence within its grammar, and within its number of tokens: the tokens that are left are always enough to
 * make the text whole. A token after which they would not be is replaced by the first of the shortest end, and the rest
 * of that end follows.
 */
export class SequenceGuide implements Omit<DraftGuide, 'takeWorkMs'> {
  readonly #grammar: TokenGrammar;
  #at: Configuration;
  /** Behind the token that was asked for last: a token that is drawn is first looked at, then taken. */
  #ahead: { tokenId: number; at: Configuration | undefined } | undefined;
  #numLeft: number;
  readonly #units: typeof TEXT_UNITS;
  #numUnitsLeft: number;
  /** Frames of the grammar when those of this text were counted. */
  #numFramesAtCount: number;
  /** The tokens that end the text, once there is room for nothing else. */
  #end: number[] | undefined;

  /** @param maxTokens of the text */
  constructor(grammar: TokenGrammar, maxTokens: number, units = TEXT_UNITS) {
    this.#grammar = grammar;
    this.#units = units;
    this.#numUnitsLeft = units.atStart;
    this.#at = grammar.start;
    this.#numLeft = maxTokens;
    this.#numFramesAtCount = grammar.numFramesMade;
  }

  /** Whether the sequence may end here. */
  get mayEnd(): boolean {
    return this.#at.isComplete;
  }

  /** Whether nothing can follow, or may since there is no room for it. */
  get isOver(): boolean {
    if (this.#end !== undefined) return this.#end.length === 0;
    return this.#at.isComplete && this.#at.threads.length === 0 && this.#at.specials.length === 0;
  }

  /** Whether the text was ended since its tokens were. */
  get isCut(): boolean {
    return this.#end !== undefined;
  }

  /**
   * The tokens that may be drawn; those that end the sequence are not among them.
   * @throws EngineError `invalid_request` where no token can write what must come; `format_too_complex`
   */
  allowed(): AllowedTokens {
    const [planned] = this.#end ?? [];
    if (planned !== undefined) return { type: 'list', tokenIds: Int32Array.of(planned) };
    const allowed = this.#spend(() => this.#grammar.allowed(this.#at));
    if (allowed.type === 'list' && allowed.tokenIds.length === 0 && !this.mayEnd) {
      throw new EngineError(
        'invalid_request',
        "the model's vocabulary cannot write what the format asks for next",
      );
    }
    return allowed;
  }

  /** The token that is taken where this one was drawn: itself, or the first of the end; undefined: none. */
  redirect(tokenId: number): number | undefined {
    if (this.#end !== undefined) return tokenId;
    const next = this.#behind(tokenId);
    if (next === undefined || this.#leavesRoom(next)) return tokenId;
    if (this.#grammar.numBytesToEnd(this.#at) > MAX_END_BYTES) return tokenId;
    const end = this.#grammar.tokensToEnd(this.#at);
    if (end === undefined || end.length > this.#numLeft) return tokenId;
    this.#end = end;
    return end[0];
  }

  #leavesRoom(next: Configuration): boolean {
    const numLeft = this.#numLeft - 1;
    const numBytes = this.#grammar.numBytesToEnd(next);
    if (numBytes <= numLeft) return true;
    // Its tokens would be sought after each token of the text.
    if (numBytes > MAX_SOUGHT_BYTES) return false;
    const end = this.#grammar.tokensToEnd(next);
    return end !== undefined && end.length <= numLeft;
  }

  /** Goes on behind a token of the text; one that ends the sequence is none. */
  accept(tokenId: number): void {
    this.#numLeft--;
    this.#numUnitsLeft += this.#units.aToken;
    if (this.#end?.[0] === tokenId) this.#end.shift();
    this.#at = this.#behind(tokenId) ?? this.#at;
    this.#ahead = undefined;
    this.#countFrames();
  }

  /** @throws EngineError `format_too_complex` once the text has taken more work than it may */
  #spend<T>(ask: () => T): T {
    const numSpent = this.#grammar.numUnitsSpent;
    const answer = ask();
    this.#numUnitsLeft -= this.#grammar.numUnitsSpent - numSpent;
    if (this.#numUnitsLeft >= 0) return answer;
    const { atStart, aToken } = this.#units;
    const complaint = `the format is too complex: its text takes more than ${atStart} units of work, and ${aToken} a token`;
    throw new EngineError('format_too_complex', complaint);
  }

  /** What a text holds grows by no more than what is made. */
  #countFrames(): void {
    const { numFramesMade } = this.#grammar;
    if (numFramesMade - this.#numFramesAtCount < FRAMES_A_COUNT) return;
    this.#numFramesAtCount = numFramesMade;
    this.#grammar.checkSize(this.#at);
  }

  #behind(tokenId: number): Configuration | undefined {
    if (this.#ahead?.tokenId !== tokenId) {
      this.#ahead = { tokenId, at: this.#spend(() => this.#grammar.step(this.#at, tokenId)) };
    }
    return this.#ahead.at;
  }

  /** The next token, where there is no choice. */
  forced(): number | undefined {
    if (this.#end !== undefined) return this.#end[0];
    if (this.mayEnd) return undefined;
    const allowed = this.allowed();
    return allowed.type === 'list' && allowed.tokenIds.length === 1 ? allowed.tokenIds[0] : undefined;
  }

  forcedTokens(): readonly number[] {
    return this.#end ?? this.#spend(() => this.#grammar.forcedTokens(this.#at));
  }

  numAllowed(tokenIds: readonly number[]): number {
    return this.#spend(() => {
      let at: Configuration | undefined = this.#at;
      const end = tokenIds.findIndex((tokenId) => (at = at && this.#grammar.step(at, tokenId)) === undefined);
      return end === -1 ? tokenIds.length : end;
    });
  }
}
