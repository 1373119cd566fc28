import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Scheduler, type ScheduledStep, type SchedulerLimits } from '../../../src/scheduler/scheduler.ts';
import { createSequence, type Sequence } from '../../../src/scheduler/sequence.ts';

const createScheduler = (limits: Pick<SchedulerLimits, 'numSeats' | 'maxNumBatchedTokens'>): Scheduler =>
  new Scheduler({ ...limits, numPages: 1024, prefixCache: false });

const promptOf = (length: number): number[] => Array.from({ length }, (_, i) => i);

const sharesOf = (step: ScheduledStep | undefined): [number, number][] =>
  (step?.sequences ?? []).map(({ sequence, numScheduledTokens }) => [sequence.id, numScheduledTokens]);

/** Runs the step as the engine would: a sequence whose tokens are complete gets its next token. */
function run(scheduler: Scheduler, step: ScheduledStep): void {
  scheduler.advance(step);
  for (const { sequence, completesTokens } of step.sequences) if (completesTokens) sequence.tokenIds.push(0);
}

function runNext(scheduler: Scheduler): ScheduledStep {
  const step = scheduler.schedule();
  if (step === undefined) throw new Error('nothing to run');
  run(scheduler, step);
  return step;
}

describe('Scheduler', () => {
  it('has no step when nothing is there', () => {
    expect(createScheduler({ numSeats: 2, maxNumBatchedTokens: 8 }).schedule()).toBeUndefined();
  });

  it('prefills a long prompt in chunks, then decodes', () => {
    const scheduler = createScheduler({ numSeats: 2, maxNumBatchedTokens: 8 });
    scheduler.add(createSequence(1, promptOf(19), 4));
    const shares = Array.from({ length: 5 }, () => runNext(scheduler).sequences[0]?.numScheduledTokens);
    expect(shares).toEqual([8, 8, 3, 1, 1]);
  });

  it('lets decodes go first, so that a long prompt never holds up a stream', () => {
    const scheduler = createScheduler({ numSeats: 3, maxNumBatchedTokens: 8 });
    scheduler.add(createSequence(1, promptOf(2), 9));
    scheduler.add(createSequence(2, promptOf(2), 9));
    runNext(scheduler);
    scheduler.add(createSequence(9, promptOf(30), 9));
    for (const chunk of [6, 6, 6, 6, 6]) {
      expect(sharesOf(runNext(scheduler))).toEqual([[1, 1], [2, 1], [9, chunk]]); // prettier-ignore
    }
    expect(sharesOf(runNext(scheduler))).toEqual([[1, 1], [2, 1], [9, 1]]); // prettier-ignore
  });

  it('starts waiting sequences in order, as seats become free', () => {
    const scheduler = createScheduler({ numSeats: 1, maxNumBatchedTokens: 8 });
    scheduler.add(createSequence(1, promptOf(2), 9));
    scheduler.add(createSequence(2, promptOf(2), 9));
    expect(runNext(scheduler).started.map(({ id }) => id)).toEqual([1]);
    expect(sharesOf(runNext(scheduler))).toEqual([[1, 1]]);
    expect(scheduler.remove(1)).toBe(true);
    expect(runNext(scheduler).started.map(({ id }) => id)).toEqual([2]);
    expect(scheduler.remove(1)).toBe(false);
  });

  it('takes a waiting sequence out without touching a seat', () => {
    const scheduler = createScheduler({ numSeats: 1, maxNumBatchedTokens: 8 });
    scheduler.add(createSequence(1, promptOf(2), 9));
    scheduler.add(createSequence(2, promptOf(2), 9));
    runNext(scheduler);
    expect(scheduler.remove(2)).toBe(true);
    expect([scheduler.numSeatsUsed, scheduler.numWaiting]).toEqual([1, 0]);
  });

  it('leaves a row for prefill when every other seat decodes', () => {
    const scheduler = createScheduler({ numSeats: 4, maxNumBatchedTokens: 1 });
    for (const id of [1, 2, 3]) scheduler.add(createSequence(id, promptOf(1), 9));
    runNext(scheduler);
    scheduler.add(createSequence(4, promptOf(7), 9));
    expect(sharesOf(runNext(scheduler)).at(-1)).toEqual([4, 2]);
  });

  it('keeps its promises under any order of submit, step and cancel', () => {
    const action = fc.oneof(
      fc.record({ type: fc.constant('add' as const), length: fc.integer({ min: 1, max: 40 }) }),
      fc.record({ type: fc.constant('step' as const) }),
      fc.record({ type: fc.constant('remove' as const), which: fc.nat(30) }),
    );
    const limits = fc.record({
      numSeats: fc.integer({ min: 1, max: 5 }),
      maxNumBatchedTokens: fc.integer({ min: 1, max: 16 }),
    });
    fc.assert(
      fc.property(limits, fc.array(action, { maxLength: 120 }), (limit, actions) => {
        const scheduler = createScheduler(limit);
        const budget = Math.max(limit.maxNumBatchedTokens, limit.numSeats + 1);
        const here = new Map<number, Sequence>();
        let numAdded = 0;
        for (const next of actions) {
          if (next.type === 'add') {
            const sequence = createSequence(numAdded++, promptOf(next.length), 9);
            here.set(sequence.id, sequence);
            scheduler.add(sequence);
          } else if (next.type === 'remove') {
            const id = next.which;
            expect(scheduler.remove(id)).toBe(here.delete(id));
          } else {
            const step = scheduler.schedule();
            expect(step === undefined).toBe(here.size === 0);
            if (step === undefined) continue;
            expect(step.shape.numRows).toBeLessThanOrEqual(budget);
            const decoding = [...here.values()].filter(
              ({ seat, tokenIds, numComputedTokens }) =>
                seat !== undefined && tokenIds.length - numComputedTokens === 1,
            );
            const scheduled = new Set(step.sequences.map(({ sequence }) => sequence));
            for (const sequence of decoding) expect(scheduled).toContain(sequence);
            run(scheduler, step);
          }
          const seats = [...here.values()].flatMap(({ seat }) => seat ?? []);
          expect(new Set(seats).size).toBe(seats.length);
          expect(seats.length).toBe(scheduler.numSeatsUsed);
          expect(seats.every((seat) => seat < limit.numSeats)).toBe(true);
          expect(scheduler.numSeatsUsed + scheduler.numWaiting).toBe(here.size);
        }
      }),
      { numRuns: 300 },
    );
  });
});
