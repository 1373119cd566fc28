import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimatePositions } from '../../../src/engine/client/queue/estimate-positions.ts';
import { WaitingList } from '../../../src/scheduler/admission/waiting-list.ts';
import { Scheduler } from '../../../src/scheduler/scheduler.ts';
import { createSequence, type Sequence } from '../../../src/scheduler/sequence.ts';

const PROMPT = [1, 2, 3, 4];
const NUM_TOKENS = 5;

const make = (id: number, clientId: string, priority: number): Sequence =>
  createSequence(id, PROMPT, NUM_TOKENS, undefined, clientId, undefined, priority);

/** Sequences that are alike but for their priorities, in the order in which they start. */
function startsOf(sequences: readonly Sequence[]): Sequence[] {
  const options = { numPages: 1024, numSeats: 2, maxNumBatchedTokens: 64, prefixCache: false };
  const scheduler = new Scheduler(options);
  for (const sequence of sequences) scheduler.add(sequence);
  const started: Sequence[] = [];
  for (let step = scheduler.schedule(); step !== undefined; step = scheduler.schedule()) {
    scheduler.advance(step);
    started.push(...step.started);
    for (const { sequence, completesTokens } of step.sequences) {
      if (!completesTokens) continue;
      sequence.tokenIds.push(0);
      if (sequence.tokenIds.length === PROMPT.length + NUM_TOKENS) scheduler.remove(sequence.id);
    }
  }
  return started;
}

const anyWork = fc.array(
  fc.record({
    clientId: fc.constantFrom('a/1', 'a/2', 'b/1', 'c/1'),
    priority: fc.integer({ min: -2, max: 2 }),
  }),
  { minLength: 1, maxLength: 24 },
);

describe('priority', () => {
  it('orders what one client waits for, and changes no turn of another client', () => {
    fc.assert(
      fc.property(anyWork, (work) => {
        const started = startsOf(work.map(({ clientId, priority }, id) => make(id, clientId, priority)));
        const plain = startsOf(work.map(({ clientId }, id) => make(id, clientId, 0)));
        expect(started.map(({ clientId }) => clientId)).toEqual(plain.map(({ clientId }) => clientId));
        for (const client of new Set(work.map(({ clientId }) => clientId))) {
          const own = started.filter(({ clientId }) => clientId === client);
          const inOrder = own.toSorted((one, other) => one.priority - other.priority || one.id - other.id);
          expect(own).toEqual(inOrder);
        }
      }),
    );
  });

  it('is in the places that clients are told', () => {
    fc.assert(
      fc.property(anyWork, (work) => {
        const places = (priorities: boolean): ReadonlyMap<number, number> =>
          estimatePositions(
            new Map(
              work.map(({ clientId, priority }, id) => [
                id,
                { clientId, started: false, ...(priorities ? { priority } : {}) },
              ]),
            ),
          );
        const clientAt = (all: ReadonlyMap<number, number>): (string | undefined)[] =>
          [...all].toSorted(([, one], [, other]) => one - other).map(([id]) => work[id]?.clientId);
        expect(clientAt(places(true)).toSorted()).toEqual(clientAt(places(false)).toSorted());
        for (const [id, place] of places(true)) {
          for (const [otherId, other] of places(true)) {
            if (work[id]?.clientId !== work[otherId]?.clientId || id === otherId) continue;
            const isBefore = (work[id]?.priority ?? 0) - (work[otherId]?.priority ?? 0) || id - otherId;
            expect(place < other).toBe(isBefore < 0);
          }
        }
      }),
    );
  });

  it('comes after what was stopped, which goes on first', () => {
    const list = new WaitingList();
    const stopped = make(0, 'a/1', 5);
    stopped.numPreemptions = 1;
    list.add(make(1, 'a/1', 0));
    list.addFirst(stopped);
    list.add(make(2, 'a/1', -1));
    const order: (number | undefined)[] = [];
    while (list.size > 0) order.push(list.remove(list.firstOf('a/1')?.id ?? -1)?.id);
    expect(order).toEqual([0, 2, 1]);
  });
});
