import type { CausalLm } from '../model/causal-lm.ts';
import { inspectAttention, type AttentionWeights } from '../model/inspect-attention.ts';
import { buildStepBatch, type SegmentInput } from '../runtime/build-step-batch.ts';
import type { KvCache, Runtime } from '../runtime/runtime.ts';
import type { Segment, StepBatch } from '../runtime/step-batch.ts';
import type { ScheduledStep } from '../scheduler/scheduler.ts';
import { assertInvariant } from '../errors.ts';

/**
 * Row counts that a step is padded to: fine where a row weighs much, coarse where it does not, so that a runtime
 * meets a few dozen shapes and pads less than a third.
 */
export const ROW_BUCKETS: readonly number[] = [
  1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512,
];

/** What a step cost beyond its time; see EngineStats. */
export interface StepCost {
  numRows: number;
  numPaddedRows: number;
  numScores: number;
  numRectangularScores: number;
}

export interface StepResult {
  /** For each scheduled sequence, the rows of logits it asked for: all of its tokens, the last, or none. */
  logits: readonly (readonly Float32Array[])[]; // [sequences][logitRows][vocab]
  cost: StepCost;
}

/** Turns a decided step into one padded batch, runs the transformer on it, and hands each sequence its logits. */
export class ModelRunner {
  readonly #model: CausalLm;
  readonly #runtime: Runtime;
  readonly #cache: KvCache;

  constructor(model: CausalLm, runtime: Runtime, cache: KvCache) {
    this.#model = model;
    this.#runtime = runtime;
    this.#cache = cache;
  }

  /** `wantsAllLogits`: sequences whose prompt tokens are to be scored too. */
  run(step: ScheduledStep, wantsAllLogits: (sequenceId: number) => boolean): StepResult {
    const inputs = step.sequences.map(({ sequence, numScheduledTokens, completesTokens }): SegmentInput => {
      const { lane, numComputedTokens } = sequence;
      assertInvariant(lane !== undefined, 'a scheduled sequence has a lane');
      const tokenIds = sequence.tokenIds.slice(numComputedTokens, numComputedTokens + numScheduledTokens);
      const logits = wantsAllLogits(sequence.id) ? 'all' : completesTokens ? 'last' : 'none';
      return { lane, positionStart: numComputedTokens, tokenIds, logits };
    });
    const batch = buildStepBatch(inputs, ROW_BUCKETS);
    const logits = this.#runtime.runStep(batch, this.#cache, (ops) => this.#model.forward(ops)); // [logitRows, vocab]
    return { logits: this.#splitLogits(logits, inputs), cost: stepCost(batch) };
  }

  /** What every head looks at in a prompt; the lane is overwritten. */
  inspectAttention(tokenIds: readonly number[], lane: number): AttentionWeights {
    return inspectAttention(this.#model, this.#runtime, this.#cache, lane, tokenIds);
  }

  #splitLogits(logits: Float32Array, inputs: readonly SegmentInput[]): Float32Array[][] {
    const { vocabSize } = this.#model.config;
    let row = 0;
    return inputs.map((input) => {
      const numLogitRows = { all: input.tokenIds.length, last: 1, none: 0 }[input.logits];
      const end = row + numLogitRows;
      const rows: Float32Array[] = [];
      for (; row < end; row++) rows.push(logits.subarray(row * vocabSize, (row + 1) * vocabSize)); // [vocab]
      return rows;
    });
  }
}

/**
 * A query at position p scores p + 1 keys. One rectangular batch of the same sequences would score
 * sequences * longest chunk * longest context instead.
 */
export function stepCost(batch: StepBatch): StepCost {
  const scoresOf = ({ numRows, positionStart }: Segment): number =>
    numRows * positionStart + (numRows * (numRows + 1)) / 2;
  const longest = (length: (segment: Segment) => number): number => Math.max(...batch.segments.map(length));
  return {
    numRows: batch.numRows,
    numPaddedRows: batch.tokenIds.length - batch.numRows,
    numScores: batch.segments.reduce((sum, segment) => sum + scoresOf(segment), 0),
    numRectangularScores:
      batch.segments.length *
      longest((segment) => segment.numRows) *
      longest((segment) => segment.positionStart + segment.numRows),
  };
}
