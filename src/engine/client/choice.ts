import type { FinishReason, SampledToken } from '../engine.ts';
import { IncrementalDetokenizer, type TokenVocabulary } from '../../tokenizer/incremental-detokenizer.ts';
import { StopStrings } from '../../tokenizer/stop-strings.ts';

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
  readonly #stopStrings: StopStrings;
  readonly #minTokens: number;
  readonly #includesStopString: boolean;
  numGeneratedTokens = 0;
  started = false;
  /** Prompt tokens that were in the cache when it started. */
  numCachedTokens = 0;
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
    const shown = { after: promptTokenIds, shownTokenIds, skipSpecialTokens };
    this.#detokenizer = new IncrementalDetokenizer(tokenizer, shown);
    this.#stopStrings = new StopStrings(options.stop);
    this.#minTokens = options.minTokens;
    this.#includesStopString = options.includesStopString ?? false;
  }

  get isClosed(): boolean {
    return this.finishReason !== undefined;
  }

  push(token: SampledToken): ChoiceText {
    this.numGeneratedTokens++;
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
