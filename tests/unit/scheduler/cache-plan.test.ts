import { expect, it } from 'vitest';
import { planNumLanes } from '../../../src/scheduler/cache-plan.ts';

const wanted = { maxNumSeqs: 8, laneLength: 1024, bytesPerToken: 73_728 };

it('makes the lanes that are wanted when they fit', () => {
  expect(planNumLanes({ ...wanted, budgetBytes: 2 ** 30 })).toBe(8);
});

it('makes as many as fit otherwise', () => {
  // GPT-2 small: 72 MiB a lane of 1,024 tokens.
  expect(planNumLanes({ ...wanted, budgetBytes: 300 * 2 ** 20 })).toBe(4);
});

it('says what is missing when not one fits', () => {
  expect(() => planNumLanes({ ...wanted, budgetBytes: 50 * 2 ** 20 })).toThrow(
    /raise KV_CACHE_MB to at least 72/,
  );
});
