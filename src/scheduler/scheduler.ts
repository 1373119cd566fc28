import { LaneCache, type LaneCacheOptions, type LaneCopy } from './lane-cache.ts';
import { prefillPace, prefillRows, rowsBetweenSteps, type PrefillPace } from './prefill-pace.ts';
import type { Sequence } from './sequence.ts';
import { numOpenTokens, StepBuilder, type ScheduledSequence } from './step-builder.ts';
import type { StepCostModel, StepShape } from './step-cost-model.ts';

/**
 * Decides which tokens the next step computes. There is no prefill phase and no decode phase: every sequence has
 * tokens (prompt and generated) of which `numComputedTokens` are in the cache, and a step computes some of the rest.
 *
 *   waiting ──lane free──▶ running: prefill (many tokens to compute) ──▶ decode (one token to compute) ──▶ finished
 *
 * A step is filled in this order, up to `maxNumBatchedTokens` rows:
 *   1. every running sequence that decodes: one row each, so that no stream ever waits for a prompt;
 *   2. running sequences in prefill, oldest first: as large a chunk as still fits, and as the decodes allow (prefill-pace);
 *   3. waiting sequences, oldest first, as long as a lane is free and rows are left. One whose beginning another is
 *      computing waits for it, since it then need not.
 *
 * Pure bookkeeping: no tensors, no promises, no clock; how long steps take it is told.
 */
export interface SchedulerLimits extends LaneCacheOptions {
  /** Rows of a step. At least one more than lanes, so that prefill moves on while all other lanes decode. */
  maxNumBatchedTokens: number;
  /** By it decodes are protected from prefill; without it a step is as large as may be. */
  costs?: StepCostModel;
}

export interface ScheduledStep {
  sequences: readonly ScheduledSequence[];
  shape: StepShape;
  /** Sequences that left the queue with this step. */
  started: readonly Sequence[];
  /** To be done before the step, in this order. */
  copies: readonly LaneCopy[];
  numScheduledTokens: number;
}

export class Scheduler {
  readonly #lanes: LaneCache;
  readonly #costs: StepCostModel | undefined;
  /** Rows of a step at most. */
  readonly maxNumBatchedTokens: number;
  readonly #waiting: Sequence[] = [];
  readonly #running: Sequence[] = [];

  constructor(limits: SchedulerLimits) {
    this.#lanes = new LaneCache(limits);
    this.#costs = limits.costs;
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
    const step = new StepBuilder(this.maxNumBatchedTokens);
    const decodes = (sequence: Sequence): boolean => numOpenTokens(sequence) === 1;
    for (const sequence of this.#running) if (decodes(sequence)) step.take(sequence, 1);
    const prefills = this.#running.filter((sequence) => !decodes(sequence));
    const numPrefills = prefills.length + Math.min(this.#waiting.length, this.#lanes.numFreeLanes);
    const pace = prefillPace(this.#costs, step.shape, numPrefills, this.maxNumBatchedTokens);
    for (const sequence of prefills) {
      const numRows = this.#chunkRows(step, sequence, pace);
      if (numRows > 0) step.take(sequence, numRows);
    }
    const { started, copies } = this.#startWaiting(step, pace);
    const { sequences, shape } = step;
    if (sequences.length === 0) return undefined;
    return { sequences, shape, started, copies, numScheduledTokens: shape.numRows };
  }

  /** Rows that work beside the sequences may take in a step of its own, before the next of theirs. */
  numRowsBetween(): number {
    const step = new StepBuilder(this.maxNumBatchedTokens);
    for (const sequence of this.#running) if (numOpenTokens(sequence) === 1) step.take(sequence, 1);
    return rowsBetweenSteps(this.#costs, step.shape, this.maxNumBatchedTokens);
  }

  #chunkRows(step: StepBuilder, sequence: Sequence, pace: PrefillPace): number {
    const maxRows = Math.min(numOpenTokens(sequence), step.numFreeRows);
    return prefillRows(this.#costs, pace, step.shape, sequence.numComputedTokens, maxRows);
  }

  #startWaiting(step: StepBuilder, pace: PrefillPace): Pick<ScheduledStep, 'started' | 'copies'> {
    const started: Sequence[] = [];
    const copies: LaneCopy[] = [];
    while (this.#lanes.numFreeLanes > 0) {
      const [sequence] = this.#waiting;
      if (sequence === undefined) break;
      if (prefillRows(this.#costs, pace, step.shape, 0, step.numFreeRows) === 0) break;
      const match = this.#lanes.find(sequence);
      // Whoever computes it takes rows first, so nobody behind waits longer than for the step that ends it.
      if (this.#lanes.isWorthWaiting(sequence, match, this.#running)) break;
      const copy = this.#lanes.allocate(sequence, match);
      if (copy !== undefined) copies.push(copy);
      this.#waiting.shift();
      this.#running.push(sequence);
      started.push(sequence);
      // It has a row at least: whoever starts in a step is part of it.
      step.take(sequence, Math.max(this.#chunkRows(step, sequence, pace), 1));
    }
    return { started, copies };
  }

  /** Records that a step was computed, and how long it took, where that was measured. */
  advance(step: ScheduledStep, durationMs?: number): void {
    if (durationMs !== undefined) this.#costs?.record(step.shape, durationMs);
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
