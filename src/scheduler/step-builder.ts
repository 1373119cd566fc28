import { scoresOf } from './step-budgets.ts';
import type { Sequence } from './sequence.ts';
import type { StepShape } from './step-cost-model.ts';

/** The share of one sequence in a step: its tokens from `numComputedTokens` on. */
export interface ScheduledSequence {
  sequence: Sequence;
  /** Rows: its tokens, and those of its draft. */
  numScheduledTokens: number;
  /** Behind its own tokens: how it may go on. The step's logits tell which of them it draws itself. */
  draftTokenIds: readonly number[];
  /** True when the last token is computed, so that the step yields the sequence's next token. */
  completesTokens: boolean;
}

/** A step while it is being decided. */
export class StepBuilder {
  readonly #maxRows: number;
  readonly #sequences: ScheduledSequence[] = [];
  #shape: StepShape = { numRows: 0, numLogitRows: 0, numScores: 0 };

  constructor(maxRows: number) {
    this.#maxRows = maxRows;
  }

  get sequences(): readonly ScheduledSequence[] {
    return this.#sequences;
  }

  get shape(): StepShape {
    return this.#shape;
  }

  get numFreeRows(): number {
    return this.#maxRows - this.#shape.numRows;
  }

  /** Takes a sequence's next tokens, and behind its last a draft; there are as many, and rows for them. */
  take(sequence: Sequence, numTokens: number, draftTokenIds: readonly number[] = []): void {
    const { numComputedTokens } = sequence;
    const numScheduledTokens = numTokens + draftTokenIds.length;
    const completesTokens = numTokens === numOpenTokens(sequence);
    this.#sequences.push({ sequence, numScheduledTokens, draftTokenIds, completesTokens });
    const { numRows, numLogitRows, numScores } = this.#shape;
    const numNewLogitRows = scoresPrompt(sequence)
      ? numScheduledTokens
      : Number(completesTokens) + draftTokenIds.length;
    this.#shape = {
      numRows: numRows + numScheduledTokens,
      numLogitRows: numLogitRows + numNewLogitRows,
      numScores: numScores + scoresOf(numComputedTokens, numScheduledTokens),
    };
  }
}

/** Whether every row of a sequence's next chunk has logits: one that does not read the cache is one whose prompt is scored. */
export const scoresPrompt = ({ readsCache, numComputedTokens, numPromptTokens }: Sequence): boolean =>
  !readsCache && numComputedTokens < numPromptTokens;

/** Tokens of a sequence that are still to be computed. */
export const numOpenTokens = ({ tokenIds, numComputedTokens }: Sequence): number =>
  tokenIds.length - numComputedTokens;
