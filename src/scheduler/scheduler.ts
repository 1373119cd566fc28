import { assertInvariant } from '../errors.ts';
import { LanePool } from './lane-pool.ts';
import type { Sequence } from './sequence.ts';

/**
 * Decides which tokens the next step computes. There is no prefill phase and no decode phase: every sequence has
 * tokens (prompt and generated) of which `numComputedTokens` are in the cache, and a step computes some of the rest.
 *
 *   waiting ──lane free──▶ running: prefill (many tokens to compute) ──▶ decode (one token to compute) ──▶ finished
 *
 * A step is filled in this order, up to `maxNumBatchedTokens` rows:
 *   1. every running sequence that decodes: one row each, so that no stream ever waits for a prompt;
 *   2. running sequences in prefill, oldest first: as large a chunk as still fits;
 *   3. waiting sequences, oldest first, as long as a lane is free and rows are left.
 *
 * Pure bookkeeping: no tensors, no promises, no clock.
 */
export interface SchedulerLimits {
  numLanes: number;
  /** Rows of a step. At least one more than lanes, so that prefill moves on while all other lanes decode. */
  maxNumBatchedTokens: number;
}

/** The share of one sequence in a step: its tokens from `numComputedTokens` on. */
export interface ScheduledSequence {
  sequence: Sequence;
  numScheduledTokens: number;
  /** True when the last token is computed, so that the step yields the sequence's next token. */
  completesTokens: boolean;
}

export interface ScheduledStep {
  sequences: readonly ScheduledSequence[];
  /** Sequences that left the queue with this step. */
  started: readonly Sequence[];
  numScheduledTokens: number;
}

export class Scheduler {
  readonly #lanes: LanePool;
  readonly #maxNumBatchedTokens: number;
  readonly #waiting: Sequence[] = [];
  readonly #running: Sequence[] = [];

  constructor(limits: SchedulerLimits) {
    this.#lanes = new LanePool(limits.numLanes);
    this.#maxNumBatchedTokens = Math.max(limits.maxNumBatchedTokens, limits.numLanes + 1);
  }

  get numWaiting(): number {
    return this.#waiting.length;
  }

  get numRunning(): number {
    return this.#running.length;
  }

  /** Tokens that running sequences hold in the cache. */
  get numCachedTokens(): number {
    return this.#running.reduce((sum, sequence) => sum + sequence.numComputedTokens, 0);
  }

  add(sequence: Sequence): void {
    this.#waiting.push(sequence);
  }

  /** The next step, or `undefined` when there is nothing to compute. */
  schedule(): ScheduledStep | undefined {
    const scheduled: ScheduledSequence[] = [];
    let budget = this.#maxNumBatchedTokens;
    const take = (sequence: Sequence): void => {
      const numOpen = sequence.tokenIds.length - sequence.numComputedTokens;
      const numScheduledTokens = Math.min(numOpen, budget);
      if (numScheduledTokens === 0) return;
      scheduled.push({ sequence, numScheduledTokens, completesTokens: numScheduledTokens === numOpen });
      budget -= numScheduledTokens;
    };

    const decodes = (sequence: Sequence): boolean =>
      sequence.tokenIds.length - sequence.numComputedTokens === 1;
    for (const sequence of this.#running) if (decodes(sequence)) take(sequence);
    for (const sequence of this.#running) if (!decodes(sequence)) take(sequence);
    const started = this.#startWaiting(() => budget > 0, take);
    if (scheduled.length === 0) return undefined;
    return { sequences: scheduled, started, numScheduledTokens: this.#maxNumBatchedTokens - budget };
  }

  #startWaiting(hasRows: () => boolean, take: (sequence: Sequence) => void): Sequence[] {
    const started: Sequence[] = [];
    while (this.#waiting.length > 0 && hasRows()) {
      const lane = this.#lanes.tryAllocate();
      if (lane === undefined) break;
      const sequence = this.#waiting.shift();
      assertInvariant(sequence !== undefined, 'a lane is allocated for a sequence that waits');
      sequence.lane = lane;
      this.#running.push(sequence);
      started.push(sequence);
      take(sequence);
    }
    return started;
  }

  /** Records that a step was computed. */
  advance(step: ScheduledStep): void {
    for (const { sequence, numScheduledTokens } of step.sequences) {
      sequence.numComputedTokens += numScheduledTokens;
    }
  }

  /** Lends a free lane for the length of a call that is no sequence; `undefined` when every lane is in use. */
  async tryWithLane<T>(use: (lane: number) => Promise<T>): Promise<T | undefined> {
    const lane = this.#lanes.tryAllocate();
    if (lane === undefined) return undefined;
    try {
      return await use(lane);
    } finally {
      this.#lanes.free(lane);
    }
  }

  /** Takes a sequence out, wherever it is, and frees its lane. False when it is not here (any more). */
  remove(sequenceId: number): boolean {
    return this.#removeFrom(this.#running, sequenceId) || this.#removeFrom(this.#waiting, sequenceId);
  }

  #removeFrom(list: Sequence[], sequenceId: number): boolean {
    const index = list.findIndex((sequence) => sequence.id === sequenceId);
    const [sequence] = index === -1 ? [] : list.splice(index, 1);
    if (sequence?.lane !== undefined) this.#lanes.free(sequence.lane);
    if (sequence !== undefined) sequence.lane = undefined;
    return sequence !== undefined;
  }
}
