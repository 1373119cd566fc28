import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LanePool } from '../../../src/scheduler/lane-pool.ts';

it('hands out the lowest free lane, and none twice', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.array(fc.nat(9), { maxLength: 60 }),
      (numLanes, choices) => {
        const pool = new LanePool(numLanes);
        const used = new Set<number>();
        for (const choice of choices) {
          const toFree = [...used][choice];
          if (toFree === undefined) {
            const lowestFree = Array.from({ length: numLanes }, (_, lane) => lane).find(
              (lane) => !used.has(lane),
            );
            const lane = pool.tryAllocate();
            expect(lane).toBe(lowestFree);
            if (lane !== undefined) used.add(lane);
          } else {
            pool.free(toFree);
            used.delete(toFree);
          }
          expect(pool.numUsed).toBe(used.size);
          expect(pool.numFree + pool.numUsed).toBe(numLanes);
        }
      },
    ),
  );
});

it('refuses to free a lane that is free', () => {
  const pool = new LanePool(2);
  const lane = pool.tryAllocate();
  pool.free(lane ?? 0);
  expect(() => pool.free(lane ?? 0)).toThrow(/invariant/);
});
