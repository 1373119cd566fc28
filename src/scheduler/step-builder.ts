import { scoresOf } from './prefill-pace.ts';
import type { Sequence } from './sequence.ts';
import type { StepShape } from './step-cost-model.ts';

/** The share of one sequence in a step: its tokens from `numComputedTokens` on. */
export interface ScheduledSequence {
  sequence: Sequence;
  numScheduledTokens: number;
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

  /** Takes a sequence's next tokens; there are as many, and rows for them. */
  take(sequence: Sequence, numScheduledTokens: number): void {
    const { numComputedTokens, readsCache } = sequence;
    const completesTokens = numScheduledTokens === numOpenTokens(sequence);
    this.#sequences.push({ sequence, numScheduledTokens, completesTokens });
    const { numRows, numLogitRows, numScores } = this.#shape;
    // A sequence that does not read the cache is one whose prompt is scored.
    const isScored = !readsCache && numComputedTokens < sequence.numPromptTokens;
    const numNewLogitRows = isScored ? numScheduledTokens : Number(completesTokens);
    this.#shape = {
      numRows: numRows + numScheduledTokens,
      numLogitRows: numLogitRows + numNewLogitRows,
      numScores: numScores + scoresOf(numComputedTokens, numScheduledTokens),
    };
  }
}

/** Tokens of a sequence that are still to be computed. */
export const numOpenTokens = ({ tokenIds, numComputedTokens }: Sequence): number =>
  tokenIds.length - numComputedTokens;
