import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LanePool } from '../../../src/scheduler/lane-cache.ts';

it('gives away empty lanes first, the lowest in front, then the one that was freed longest ago', () => {
  const action = fc.record({ choice: fc.nat(9), isEmpty: fc.boolean() });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(action, { maxLength: 60 }), (numLanes, actions) => {
      const pool = new LanePool(numLanes);
      const used = new Set<number>();
      /** When each lane that keeps something was freed. */
      const freedAt = new Map<number, number>();
      for (const [time, { choice, isEmpty }] of actions.entries()) {
        const toFree = [...used][choice];
        if (toFree === undefined) {
          const free = Array.from({ length: numLanes }, (_, lane) => lane).filter((lane) => !used.has(lane));
          const next = free.sort(
            (a, b) => (freedAt.get(a) ?? a - numLanes) - (freedAt.get(b) ?? b - numLanes),
          );
          expect(pool.freeLanes).toEqual(next);
          const [lane] = next;
          if (lane === undefined) continue;
          pool.allocate(lane);
          used.add(lane);
        } else {
          pool.free(toFree, isEmpty);
          used.delete(toFree);
          freedAt.delete(toFree);
          if (!isEmpty) freedAt.set(toFree, time);
        }
        expect(pool.numFree).toBe(numLanes - used.size);
      }
    }),
  );
});

it('refuses to free a lane that is free, and to give one away that is not', () => {
  const pool = new LanePool(2);
  pool.allocate(1);
  pool.free(1, true);
  expect(() => pool.free(1, true)).toThrow(/invariant/);
  pool.allocate(0);
  expect(() => pool.allocate(0)).toThrow(/invariant/);
});
