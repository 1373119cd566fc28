import { LaneCache, type LaneCacheOptions, type LaneCopy } from './lane-cache.ts';
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
 *   3. waiting sequences, oldest first, as long as a lane is free and rows are left. One whose beginning another is
 *      computing waits for it, since it then need not.
 *
 * Pure bookkeeping: no tensors, no promises, no clock.
 */
export interface SchedulerLimits extends LaneCacheOptions {
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
  /** To be done before the step, in this order. */
  copies: readonly LaneCopy[];
  numScheduledTokens: number;
}

export class Scheduler {
  readonly #lanes: LaneCache;
  /** Rows of a step at most. */
  readonly maxNumBatchedTokens: number;
  readonly #waiting: Sequence[] = [];
  readonly #running: Sequence[] = [];

  constructor(limits: SchedulerLimits) {
    this.#lanes = new LaneCache(limits);
    this.maxNumBatchedTokens = Math.max(limits.maxNumBatchedTokens, limits.numLanes + 1);
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
    let budget = this.maxNumBatchedTokens;
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
    const { started, copies } = this.#startWaiting(() => budget > 0, take);
    if (scheduled.length === 0) return undefined;
    return {
      sequences: scheduled,
      started,
      copies,
      numScheduledTokens: this.maxNumBatchedTokens - budget,
    };
  }

  #startWaiting(
    hasRows: () => boolean,
    take: (sequence: Sequence) => void,
  ): Pick<ScheduledStep, 'started' | 'copies'> {
    const started: Sequence[] = [];
    const copies: LaneCopy[] = [];
    while (hasRows() && this.#lanes.hasFreeLane) {
      const [sequence] = this.#waiting;
      if (sequence === undefined) break;
      const match = this.#lanes.find(sequence);
      // Whoever computes it takes rows first, so nobody behind waits longer than for the step that ends it.
      if (this.#lanes.isWorthWaiting(sequence, match, this.#running)) break;
      const copy = this.#lanes.allocate(sequence, match);
      if (copy !== undefined) copies.push(copy);
      this.#waiting.shift();
      this.#running.push(sequence);
      started.push(sequence);
      take(sequence);
    }
    return { started, copies };
  }

  /** Records that a step was computed. */
  advance(step: ScheduledStep): void {
    for (const { sequence, numScheduledTokens } of step.sequences) {
      sequence.numComputedTokens += numScheduledTokens;
      this.#lanes.record(sequence);
    }
  }

  /**
   * Lends a free lane for the length of a call that is no sequence; `undefined` when every lane is in use. What the
   * lane held is forgotten.
   */
  async tryWithLane<T>(use: (lane: number) => Promise<T>): Promise<T | undefined> {
    const lane = this.tryTakeLane();
    if (lane === undefined) return undefined;
    try {
      return await use(lane);
    } finally {
      this.returnLane(lane);
    }
  }

  /** The same for work of several steps; whoever takes it returns it. */
  tryTakeLane(): number | undefined {
    return this.#lanes.tryAllocateBlank();
  }

  returnLane(lane: number): void {
    this.#lanes.free(lane);
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
