import { Drafter } from './drafter.ts';
import { RunQueue, type RunQueueOptions, type Starts } from './admission/run-queue.ts';
import type { Changes } from './admission/queue-changes.ts';
import type { PageCopy } from './pages/page-holder.ts';
import {
  GuideBudget,
  NO_PROMPTS,
  prefillBudget,
  prefillRows,
  rowsBetweenSteps,
  type PrefillBudget,
  type RowsBetween,
} from './step-budgets.ts';
import type { Sequence } from './sequence.ts';
import { numOpenTokens, scoresPrompt, StepBuilder, type ScheduledSequence } from './step-builder.ts';
import type { StepCostModel, StepShape } from './step-cost-model.ts';

/**
 * Decides which tokens the next step computes. There is no prefill phase and no decode phase: every sequence has
 * tokens (prompt and generated) of which `numComputedTokens` are in the cache, and a step computes some of the rest.
 *
 *   waiting ──has room──▶ running: prefill (many tokens to compute) ──▶ decode (one token to compute) ──▶ finished
 *      ▲                      │
 *      └─────preempted────────┘
 *
 * Seats and pages of the cache are shared equally (fair-shares). Where none are free, a client that has less than its
 * share takes some from a client that has more: a sequence of the other is preempted, and goes on later with the same
 * tokens (run-queue).
 *
 * A step is filled in this order, up to `maxNumBatchedTokens` rows:
 *   1. every running sequence that decodes: one row each, so that no stream ever waits for a prompt; and where there is
 *      no prompt to compute, rows of drafts, as far as they pay (drafter). Those whose formats took too long before wait
 *      meanwhile (guide-budget);
 *   2. prompts: as large a chunk as still fits, and as the decodes allow (prefill-budget). It is the turn of the client who
 *      was given the fewest tokens (client-shares); of its sequences those in prefill come first, then those that wait,
 *      as long as there is room that they may have, oldest first. One for which another was just stopped
 *      comes before all, so that a newcomer waits for no more than a step. One whose beginning another is computing waits
 *      for it, since it then need not, and with it those of its client behind it.
 *
 * Pure bookkeeping: no tensors, no promises, no clock; how long steps take it is told.
 */
export interface SchedulerLimits extends RunQueueOptions {
  /** Rows of a step. At least one more than seats, so that prefill moves on while all other seats decode. */
  maxNumBatchedTokens: number;
  /** By it decodes are protected from prefill; without it a step is as large as may be. */
  costs?: StepCostModel;
  /** By `costs` it decides when sequences are drafted; without it none is. */
  speculates?: boolean;
}

export interface ScheduledStep extends Changes {
  sequences: readonly ScheduledSequence[];
  shape: StepShape;
  /** Sequences that left the queue with this step; not those that were preempted and go on. */
  started: readonly Sequence[];
  /** To be done before the step, in this order. */
  copies: readonly PageCopy[];
}

/**
 * Rows of logits of a step, beyond which no more of a prompt is scored and no more drafts are computed. A row is as long
 * as the vocabulary, and one whose prompt is scored is read in JavaScript: without a bound of its own a step of
 * `maxNumBatchedTokens` of them would take a gigabyte, and seconds.
 */
const ENOUGH_LOGIT_ROWS = 128;
/** Of these, rows of prompts that a step computes in any case beside decodes, as prefill-budget has it of all rows. */
const LEAST_SCORED_ROWS = ENOUGH_LOGIT_ROWS / 8;

/** Rows of logits that a step may have at most: each seat has one in any case. */
export const maxLogitRows = (numSeats: number, maxRows: number): number =>
  Math.min(Math.max(ENOUGH_LOGIT_ROWS, numSeats) + numSeats, maxRows);

/** Clients without enough pages for what they wait for, after which a step starts nothing more. */
const MOST_LACKING = 32;

export class Scheduler {
  readonly queue: RunQueue;
  readonly #costs: StepCostModel | undefined;
  readonly #drafter: Drafter | undefined;
  readonly #guideBudget = new GuideBudget();
  /** Rows of a step at most. */
  readonly maxNumBatchedTokens: number;
  readonly #numSeats: number;
  /** Work beside the sequences was computed before the next step, or prompts have the turn after it. */
  #turn: 'any' | 'taken' | 'prompts' = 'any';

  constructor(limits: SchedulerLimits) {
    this.queue = new RunQueue(limits);
    this.#costs = limits.costs;
    if (limits.speculates && limits.costs !== undefined) this.#drafter = new Drafter(limits.costs);
    this.maxNumBatchedTokens = Math.max(limits.maxNumBatchedTokens, limits.numSeats + 1);
    this.#numSeats = limits.numSeats;
  }

  get numWaiting(): number {
    return this.queue.waiting.size;
  }

  get numSeatsUsed(): number {
    return this.#running.length;
  }

  get #running(): readonly Sequence[] {
    return this.queue.running;
  }

  add(sequence: Sequence): void {
    this.queue.add(sequence);
  }

  /** The next step, or `undefined` when there is nothing to compute. */
  schedule(): ScheduledStep | undefined {
    if (this.#running.length === 0 && this.numWaiting === 0) return undefined;
    const step = new StepBuilder(this.maxNumBatchedTokens);
    const starts: Starts = { started: [], copies: [] };
    this.queue.makeRoom();
    const preempting = this.queue.startByStopping(starts);
    const prefills = this.#running.filter((sequence) => !decodes(sequence));
    const numPrefills = prefills.length + Math.min(this.numWaiting, this.queue.numFreeSeats);
    const decoding = this.#guideBudget.inTime(this.#running).filter(decodes);
    this.#decode(step, decoding, numPrefills === 0);
    const budget = this.#takeTurn(decoding.length > 0, numPrefills > 0)
      ? prefillBudget(this.#costs, step.shape, numPrefills, this.maxNumBatchedTokens)
      : NO_PROMPTS;
    const isPreempting = (sequence: Sequence): boolean => preempting.includes(sequence);
    this.#prefillPreempting(step, prefills.filter(isPreempting), budget);
    const others = prefills.filter((sequence) => !isPreempting(sequence));
    this.#prefill(step, others, budget, starts);
    // Slow formats hold up no other text here.
    if (step.sequences.length === 0) this.#decode(step, this.#running.filter(decodes), false);
    const { sequences, shape } = step;
    if (sequences.length === 0) return undefined;
    return {
      sequences,
      shape,
      ...starts,
      ...this.queue.takeChanges(),
    };
  }

  /** Prompts count for certain and drafts by chance, so a step has drafts only where it has no prompts. */
  #decode(step: StepBuilder, sequences: readonly Sequence[], mayDraft: boolean): void {
    const numFree = Math.min(step.numFreeRows, this.#enoughLogitRows) - sequences.length;
    const drafts = mayDraft ? this.#drafter?.plan(sequences, this.#decodeShape(), numFree) : undefined;
    for (const [i, sequence] of sequences.entries()) {
      const draft = drafts?.[i] ?? [];
      // A draft is worth no page that another would have to give up.
      const hasRoom = draft.length === 0 || this.queue.tryExtend(sequence, draft.length);
      this.#take(step, sequence, 1, hasRoom ? draft : []);
    }
  }

  /** A step of nothing but decodes. */
  #decodeShape(): StepShape {
    const step = new StepBuilder(this.maxNumBatchedTokens);
    for (const sequence of this.#running) if (decodes(sequence)) step.take(sequence, 1);
    return step.shape;
  }

  /**
   * Rows that work beside the sequences may take in a step of its own, before the next of theirs. Where streams run, it
   * takes turns with prompts, so that a stream waits for one of both and not for both.
   */
  rowsBetween(): RowsBetween {
    if (this.#turn === 'prompts') return () => 0;
    return rowsBetweenSteps(this.#costs, this.#decodeShape(), this.maxNumBatchedTokens);
  }

  /** Such a step was computed. */
  tookBetween(): void {
    this.#turn = 'taken';
  }

  /** Whether the next step may have prompts. */
  #takeTurn(hasDecodes: boolean, hasPrompts: boolean): boolean {
    const isTaken = this.#turn === 'taken' && hasDecodes;
    this.#turn = isTaken && hasPrompts ? 'prompts' : 'any';
    return !isTaken;
  }

  /** A step as large as there can be one, of sequences of that length. */
  largestShape(maxModelLen: number): StepShape {
    const numRows = this.maxNumBatchedTokens;
    const numLogitRows = maxLogitRows(this.#numSeats, numRows);
    return { numRows, numLogitRows, numScores: numRows * maxModelLen };
  }

  /** @param numReserved rows to leave to others */
  #chunkRows(step: StepBuilder, sequence: Sequence, budget: PrefillBudget, numReserved = 0): number {
    const { shape, numFreeRows } = step;
    const { numComputedTokens } = sequence;
    const numOpen = Math.min(
      numOpenTokens(sequence),
      numFreeRows - numReserved,
      this.queue.numRowsOfWindow(sequence),
    );
    if (!scoresPrompt(sequence)) return prefillRows(this.#costs, budget, shape, numComputedTokens, numOpen);
    // All others of the step have a row of logits at most.
    const numScored = Math.max(shape.numLogitRows - step.sequences.length, 0);
    const leastRows = shape.numRows + Math.max(LEAST_SCORED_ROWS - numScored, 0);
    const scoredBudget = { ...budget, leastRows: Math.min(budget.leastRows, leastRows) };
    const maxRows = Math.min(numOpen, this.#numFreeLogitRows(step));
    return prefillRows(this.#costs, scoredBudget, shape, numComputedTokens, maxRows, true);
  }

  #numFreeLogitRows(step: StepBuilder): number {
    return Math.max(this.#enoughLogitRows - step.shape.numLogitRows, 0);
  }

  get #enoughLogitRows(): number {
    return Math.max(ENOUGH_LOGIT_ROWS, this.#numSeats);
  }

  /** Each has a row at least: there are no more sequences in a step than seats, and more rows. */
  #prefillPreempting(step: StepBuilder, preempting: readonly Sequence[], budget: PrefillBudget): void {
    for (const [i, sequence] of preempting.entries()) {
      const numRows = this.#chunkRows(step, sequence, budget, preempting.length - 1 - i);
      this.#take(step, sequence, Math.max(numRows, 1));
    }
  }

  /** Fills the step with prompts, client by client. */
  #prefill(step: StepBuilder, prefills: Sequence[], budget: PrefillBudget, starts: Starts): void {
    const { shares, waiting } = this.queue;
    const passed = new Set<string>();
    /** Free seats whose turn is that of work on reservations, which is given them between steps. */
    let numReserved = 0;
    let mayStart = true;
    let numLacking = 0;
    while (prefillRows(this.#costs, budget, step.shape, 0, step.numFreeRows) > 0) {
      const hasSeat = mayStart && this.queue.numFreeSeats > numReserved;
      const entitled = hasSeat ? this.queue.entitled(passed) : [];
      const clientIds = [...prefills.map(({ clientId }) => clientId), ...entitled];
      const clientId = shares.next(clientIds.filter((id) => !passed.has(id)));
      if (clientId === undefined) break;
      const index = prefills.findIndex((sequence) => sequence.clientId === clientId);
      const [running] = index === -1 ? [] : prefills.splice(index, 1);
      if (running !== undefined) {
        const numRows = this.#chunkRows(step, running, budget);
        if (numRows > 0) this.#take(step, running, numRows);
        else passed.add(clientId);
      } else if (!this.#tryStart(step, clientId, budget, starts)) {
        passed.add(clientId);
        if (waiting.firstOf(clientId) === undefined) numReserved++;
        if (!this.queue.lacksPages(clientId)) continue;
        // Otherwise free pages would always go to sequences that need fewer.
        mayStart = !this.queue.isOwedPages(clientId) && ++numLacking < MOST_LACKING;
      }
    }
  }

  /** Starts the client's first sequence that waits; false when it cannot start now. */
  #tryStart(step: StepBuilder, clientId: string, budget: PrefillBudget, starts: Starts): boolean {
    const first = this.queue.waiting.firstOf(clientId);
    if (first !== undefined && scoresPrompt(first) && this.#numFreeLogitRows(step) === 0) return false;
    const sequence = this.queue.tryStart(clientId, starts);
    if (sequence === undefined) return false;
    // It has a row at least: a sequence that starts in a step is part of it.
    this.#take(step, sequence, Math.max(this.#chunkRows(step, sequence, budget), 1));
    return true;
  }

  #take(step: StepBuilder, sequence: Sequence, numTokens: number, draft?: readonly number[]): void {
    this.queue.openWindow(sequence, numTokens + (draft?.length ?? 0));
    step.take(sequence, numTokens, draft);
    this.queue.shares.serve(sequence.clientId, numTokens);
  }

  /**
   * Records that a step was computed, and how long it took, where that was measured.
   *
   * @param numAccepted of each of the step's sequences: tokens of its draft that it drew itself, which it has by now.
   *   What lies behind them in the cache is of no use, and is overwritten. -1: its last token is to be computed once more
   */
  advance(step: ScheduledStep, durationMs?: number, numAccepted: readonly number[] = []): void {
    if (durationMs !== undefined) {
      this.#costs?.record(step.shape, durationMs);
      this.#guideBudget.record(this.#running, durationMs);
    }
    for (const [i, { sequence, numScheduledTokens, draftTokenIds }] of step.sequences.entries()) {
      const numKept = numAccepted[i] ?? 0;
      sequence.numComputedTokens += numScheduledTokens - draftTokenIds.length + numKept;
      this.queue.record(sequence);
      this.queue.shares.serve(sequence.clientId, Math.max(numKept, 0));
    }
  }

  /** Takes a sequence out, wherever it is, and frees what it has. False when it is not here (any more). */
  remove(sequenceId: number): boolean {
    this.#drafter?.forget(sequenceId);
    return this.queue.remove(sequenceId) !== undefined;
  }

  /** Takes out a sequence that ended by a fault: its pages may hold anything, so that no sequence goes on behind them. */
  discard(sequence: Sequence): boolean {
    this.queue.forget(sequence);
    return this.remove(sequence.id);
  }
}

const decodes = (sequence: Sequence): boolean => numOpenTokens(sequence) === 1;
