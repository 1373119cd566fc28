import { expect } from 'vitest';
import { groupOf } from '../../src/fairness/client-id.ts';
import { Scheduler, type ScheduledStep } from '../../src/scheduler/scheduler.ts';
import { createSequence, numGeneratedTokens, type Sequence } from '../../src/scheduler/sequence.ts';

export const SLICE = 64;
const FOR_EVER = 1_000_000;
export const ENOUGH_PAGES = 1 << 16;

/** Steps without a model: a sequence whose tokens are complete gets its next, and leaves when it has all of them. */
export class Simulation {
  readonly scheduler: Scheduler;
  readonly here = new Map<number, Sequence>();
  readonly started: Sequence[] = [];
  numPreemptions = 0;
  /** Tokens computed for the first time, and once more. */
  numFirst = 0;
  numAgain = 0;
  readonly #mostComputed = new Map<number, number>();
  #numAdded = 0;

  constructor(numSeats: number, maxNumBatchedTokens = 64, numPages = ENOUGH_PAGES) {
    this.scheduler = new Scheduler({
      numPages,
      numSeats: numSeats,
      maxNumBatchedTokens,
      prefixCache: false,
    });
  }

  add(clientId: string, promptLength = 8, maxTokens = FOR_EVER): Sequence {
    const prompt = Array.from({ length: promptLength }, (_, i) => i);
    const sequence = createSequence(this.#numAdded++, prompt, maxTokens, undefined, clientId);
    this.here.set(sequence.id, sequence);
    this.scheduler.add(sequence);
    return sequence;
  }

  step(): ScheduledStep | undefined {
    const step = this.scheduler.schedule();
    if (step === undefined) return undefined;
    this.started.push(...step.started);
    this.numPreemptions += step.numPreemptions;
    this.scheduler.advance(step);
    for (const { sequence, numScheduledTokens, completesTokens } of step.sequences) {
      const most = this.#mostComputed.get(sequence.id) ?? 0;
      const numFirst = Math.max(sequence.numComputedTokens - most, 0);
      this.numFirst += numFirst;
      this.numAgain += numScheduledTokens - numFirst;
      this.#mostComputed.set(sequence.id, Math.max(most, sequence.numComputedTokens));
      if (!completesTokens) continue;
      sequence.tokenIds.push(0);
      if (numGeneratedTokens(sequence) >= sequence.maxTokens) this.remove(sequence);
    }
    return step;
  }

  steps(count: number): void {
    for (let i = 0; i < count; i++) this.step();
  }

  remove(sequence: Sequence): void {
    expect(this.scheduler.remove(sequence.id)).toBe(this.here.delete(sequence.id));
  }

  numSeatsOf(clientIdOrGroup: string): number {
    return this.scheduler.queue.running.filter(
      ({ clientId }) => clientId === clientIdOrGroup || groupOf(clientId) === clientIdOrGroup,
    ).length;
  }
}
