import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupOf } from '../../../src/fairness/client-id.ts';
import { ENOUGH_PAGES, Simulation, SLICE } from '../../support/scheduler-simulation.ts';

/** As `expect`, which would take most of the time of the million checks below. */
function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** Takes steps of a simulation and checks each. */
class CheckedSteps {
  readonly #simulation: Simulation;
  readonly #numSeats: number;
  /** Steps one after the other in which a group had no seat. */
  readonly #waits = new Map<string, number>();

  constructor(simulation: Simulation, numSeats: number) {
    this.#simulation = simulation;
    this.#numSeats = numSeats;
  }

  take(): void {
    const { scheduler, here } = this.#simulation;
    const groups = new Set([...here.values()].map(({ clientId }) => groupOf(clientId)));
    const { numFreeSeats, cache } = scheduler.queue;
    const mustAllHaveOne =
      numFreeSeats === 0 && groups.size <= this.#numSeats && cache.numPages === ENOUGH_PAGES;
    const step = this.#simulation.step();
    const withSeat = [
      ...(step?.sequences ?? []).map(({ sequence }) => sequence),
      ...scheduler.queue.running,
    ].map(({ clientId }) => groupOf(clientId));
    for (const group of groups) {
      const numWaits = withSeat.includes(group) ? 0 : (this.#waits.get(group) ?? 0) + 1;
      this.#waits.set(group, numWaits);
      // Where there are too many, four others have slices before it until they were given as much: a round for each
      // 64 of its 260 tokens, each slice with what is computed again for it, 7 tokens a step.
      const bound = mustAllHaveOne ? 0 : 4 * 4 * (SLICE + 260 / 7);
      check(numWaits <= bound, `${group} waits ${numWaits} steps`);
    }
    const held = [...here.values()].flatMap(({ seat }) => seat ?? []);
    check(new Set(held).size === held.length, `two sequences in one of the seats ${held.join()}`);
    check(held.length + scheduler.queue.numFreeSeats === this.#numSeats, 'a seat is lost');
    check(scheduler.numSeatsUsed + scheduler.numWaiting === here.size, 'a sequence is lost');
    const pages = [...here.values()].flatMap(({ holder }) => holder?.pages ?? []);
    check(new Set(pages).size === pages.length, 'two sequences in one page');
    check(pages.length + cache.numFree === cache.numPages, 'a page is lost');
  }
}

describe('a scheduler that preempts, whatever comes and goes', () => {
  const client = fc.constantFrom('a/1', 'a/2', 'a/3', 'b/1', 'b/2', 'c/1', 'd/1', 'e/1');
  const add = fc.record({
    type: fc.constant('add' as const),
    clientId: client,
    count: fc.integer({ min: 1, max: 4 }),
    promptLength: fc.integer({ min: 1, max: 60 }),
    maxTokens: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 60, max: 200 })),
  });
  const cancel = fc.record({ type: fc.constant('cancel' as const), which: fc.nat(20) });
  const steps = fc.record({ type: fc.constant('steps' as const), count: fc.integer({ min: 1, max: 90 }) });
  const action = fc.oneof(
    { weight: 3, arbitrary: add },
    { weight: 1, arbitrary: cancel },
    { weight: 2, arbitrary: steps },
  );
  const limits = fc.record({
    numSeats: fc.integer({ min: 1, max: 8 }),
    // The longest sequence has five pages.
    numPages: fc.oneof(fc.integer({ min: 5, max: 20 }), fc.constant(ENOUGH_PAGES)),
    maxNumBatchedTokens: fc.integer({ min: 8, max: 64 }),
  });

  it('gives each sequence a seat of its own and its end, starts each once, and keeps no group waiting', () => {
    let numPreemptions = 0;
    const actions = fc.array(action, { minLength: 5, maxLength: 30, size: 'max' });
    fc.assert(
      fc.property(limits, actions, ({ numSeats, maxNumBatchedTokens, numPages }, all) => {
        const simulation = new Simulation(numSeats, maxNumBatchedTokens, numPages);
        const checked = new CheckedSteps(simulation, numSeats);
        for (const next of all) {
          if (next.type === 'add') {
            const { clientId, promptLength, maxTokens } = next;
            for (let i = 0; i < next.count; i++) simulation.add(clientId, promptLength, maxTokens);
          } else if (next.type === 'cancel') {
            const sequence = [...simulation.here.values()][next.which];
            if (sequence !== undefined) simulation.remove(sequence);
          } else for (let i = 0; i < next.count; i++) checked.take();
        }
        const numLeft = [...simulation.here.values()]
          .map(({ numPromptTokens, maxTokens }) => numPromptTokens + maxTokens)
          .reduce((sum, count) => sum + count, 0);
        for (let i = 0; simulation.here.size > 0; i++) {
          checked.take();
          check(i <= 10 * numLeft, 'it does not come to an end');
        }
        expect(new Set(simulation.started).size).toBe(simulation.started.length);
        // The bound of SeatShares; a seat is no longer than the longest sequence.
        const numTaken = simulation.started.length + simulation.numPreemptions;
        expect(simulation.numAgain).toBeLessThanOrEqual(9 * simulation.numFirst + 260 * numTaken);
        numPreemptions += simulation.numPreemptions;
      }),
      { numRuns: 80 },
    );
    expect(numPreemptions).toBeGreaterThan(200);
  });
});
