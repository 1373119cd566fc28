import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxLogitRows, Scheduler, type ScheduledStep } from '../../../src/scheduler/scheduler.ts';
import { createSequence, type Sequence } from '../../../src/scheduler/sequence.ts';
import { StepCostModel } from '../../../src/scheduler/step-cost-model.ts';

const promptOf = (length: number): number[] => Array.from({ length }, (_, i) => i);
const scored = (id: number, length: number, clientId = ''): Sequence =>
  createSequence(id, promptOf(length), 1, { readsCache: false, cacheSalt: undefined }, clientId);

function runNext(scheduler: Scheduler, durationMs?: number): ScheduledStep {
  const step = scheduler.schedule();
  if (step === undefined) throw new Error('nothing to run');
  scheduler.advance(step, durationMs);
  for (const { sequence, completesTokens } of step.sequences) if (completesTokens) sequence.tokenIds.push(0);
  return step;
}

describe('prompts that are scored', () => {
  it('are computed in chunks of few rows of logits, however large a step may be', () => {
    const scheduler = new Scheduler({
      numPages: 1024,
      numSeats: 8,
      maxNumBatchedTokens: 4096,
      prefixCache: false,
    });
    for (let id = 0; id < 8; id++) scheduler.add(scored(id, 8190));
    for (let i = 0; i < 100; i++) {
      const { numLogitRows, numRows } = runNext(scheduler).shape;
      expect([numRows, numLogitRows]).toEqual([128, 128]);
    }
  });

  it('leave the rest of a step to other prompts', () => {
    const scheduler = new Scheduler({
      numPages: 1024,
      numSeats: 4,
      maxNumBatchedTokens: 1024,
      prefixCache: false,
    });
    scheduler.add(scored(1, 2000, 'scores'));
    scheduler.add(createSequence(2, promptOf(2000), 1, undefined, 'completes'));
    const rowsOf = ({ sequences }: ScheduledStep): Map<number, number> =>
      new Map(sequences.map(({ sequence, numScheduledTokens }) => [sequence.id, numScheduledTokens]));
    expect(rowsOf(runNext(scheduler))).toEqual(new Map([[1, 128], [2, 896]])); // prettier-ignore
  });

  it('hold up a stream for few rows, whatever these take', () => {
    const costs = new StepCostModel({ perRow: 1, perLogitRow: 1, perScore: 0 });
    const scheduler = new Scheduler({
      numPages: 1024,
      numSeats: 8,
      maxNumBatchedTokens: 4096,
      prefixCache: false,
      costs,
    });
    scheduler.add(createSequence(100, promptOf(2), 1e6));
    for (let i = 0; i < 20; i++) runNext(scheduler, 1);
    for (let id = 0; id < 7; id++) scheduler.add(scored(id, 500));
    for (let i = 0; i < 100; i++) {
      const { shape } = runNext(scheduler, 1000);
      // All seven start with a row at least.
      expect(shape.numLogitRows).toBeLessThanOrEqual(1 + 16 + 7);
      expect(shape.numLogitRows).toBeGreaterThanOrEqual(1 + 16);
    }
  });

  it('go on while all other seats decode, and never beyond the bound', () => {
    const anyStep = fc.record({
      maxNumSeqs: fc.integer({ min: 1, max: 200 }),
      maxNumBatchedTokens: fc.integer({ min: 1, max: 600 }),
      scoredLengths: fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 6 }),
      numOthers: fc.integer({ min: 0, max: 220 }),
    });
    fc.assert(
      fc.property(anyStep, ({ maxNumSeqs, maxNumBatchedTokens, scoredLengths, numOthers }) => {
        const costs = new StepCostModel({ perRow: 1, perLogitRow: 1, perScore: 0 });
        const scheduler = new Scheduler({
          numPages: 1024,
          numSeats: maxNumSeqs,
          maxNumBatchedTokens,
          prefixCache: false,
          costs,
          speculates: true,
        });
        const bound = maxLogitRows(maxNumSeqs, scheduler.maxNumBatchedTokens);
        scoredLengths.forEach((length, id) => scheduler.add(scored(id, length)));
        for (let id = 0; id < numOthers; id++)
          scheduler.add(createSequence(100 + id, promptOf(2), 1e6, undefined, `${id}`));
        const open = new Set(scoredLengths.keys());
        for (let numSteps = 0; open.size > 0; numSteps++) {
          expect(numSteps).toBeLessThan(20_000);
          const { shape, sequences } = runNext(scheduler, 5);
          expect(shape.numLogitRows).toBeLessThanOrEqual(bound);
          expect(sequences.length).toBeGreaterThan(0);
          for (const { sequence } of sequences) {
            // The others come and go, or they would hold all seats.
            const isOver = sequence.tokenIds.length > sequence.numPromptTokens + (sequence.id < 100 ? 0 : 3);
            if (!isOver) continue;
            scheduler.remove(sequence.id);
            open.delete(sequence.id);
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});
