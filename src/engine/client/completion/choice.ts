import type { FinishReason, SampledToken } from '../../engine.ts';
import { ReasoningMeter, type ReasoningTags } from '../../reasoning-meter.ts';
import { IncrementalDetokenizer, type TokenVocabulary } from '../../../tokenizer/incremental-detokenizer.ts';
import { shownBytes } from '../../../tokenizer/token-bytes.ts';
import { StopStrings } from '../../../tokenizer/stop-strings.ts';

export interface ChoiceOptions {
  index: number;
  sequenceId: number;
  tokenizer: TokenVocabulary;
  /** What the text goes on after. */
  promptTokenIds: readonly number[];
  stop: readonly string[];
  shownTokenIds: ReadonlySet<number> | undefined;
  minTokens: number;
  /** The stop string that ends the text belongs to it. */
  includesStopString?: boolean | undefined;
  skipsSpecialTokens?: boolean | undefined;
  /** Where it reasons; undefined: it does not. */
  reasoningTags?: ReasoningTags | undefined;
}

/** The text that became final, and the stop string that ended it. */
export interface ChoiceText {
  text: string;
  stopString?: string;
}

/** One choice of a request in the HTTP process: tokens come in, text that will not change any more goes out. */
export class Choice {
  readonly index: number;
  readonly sequenceId: number;
  readonly #detokenizer: IncrementalDetokenizer;
  readonly #reasoning: ReasoningMeter | undefined;
  readonly #bytesOf: (tokenId: number) => Uint8Array;
  readonly #stopStrings: StopStrings;
  readonly #minTokens: number;
  readonly #includesStopString: boolean;
  numGeneratedTokens = 0;
  started = false;
  /** Prompt tokens that were in the cache when it started. */
  numCachedTokens = 0;
  /** Logprobs of the tokens asked for behind its prompt. */
  scores: readonly number[] | undefined;
  finishReason: FinishReason | undefined;

  constructor(options: ChoiceOptions) {
    const {
      tokenizer,
      promptTokenIds,
      shownTokenIds,
      skipsSpecialTokens: skipSpecialTokens = true,
    } = options;
    this.index = options.index;
    this.sequenceId = options.sequenceId;
    const shown = { shownTokenIds, skipSpecialTokens };
    this.#detokenizer = new IncrementalDetokenizer(tokenizer, { ...shown, after: promptTokenIds });
    this.#bytesOf = shownBytes(tokenizer, shown);
    this.#reasoning = options.reasoningTags && new ReasoningMeter(options.reasoningTags);
    this.#stopStrings = new StopStrings(options.stop);
    this.#minTokens = options.minTokens;
    this.#includesStopString = options.includesStopString ?? false;
  }

  get isClosed(): boolean {
    return this.finishReason !== undefined;
  }

  get numReasoningTokens(): number {
    return this.#reasoning?.numTokens ?? 0;
  }

  push(token: SampledToken): ChoiceText {
    this.numGeneratedTokens++;
    this.#reasoning?.push(this.#bytesOf(token.tokenId));
    const text = this.#detokenizer.push([token.tokenId]);
    return this.numGeneratedTokens < this.#minTokens ? { text } : this.#pushText(text);
  }

  #pushText(text: string): ChoiceText {
    const pushed = this.#stopStrings.push(text);
    const { stopString } = pushed;
    if (stopString === undefined || !this.#includesStopString) return pushed;
    return { text: pushed.text + stopString, stopString };
  }

  /** What was held back, once no more tokens come. */
  flush(): ChoiceText {
    const last = this.#pushText(this.#detokenizer.flush());
    if (last.stopString !== undefined) return last;
    return { text: last.text + this.#stopStrings.flush() };
  }
}
