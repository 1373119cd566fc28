import { expect, it } from 'vitest';
import { tokenGapsMs } from '../../../../bench/harness/measure-bounds.ts';

it('shares the gap before an event among its tokens, and knows nothing of the first', () => {
  const events = [
    { atMs: 100, numTokens: 5 },
    { atMs: 110, numTokens: 1 },
    { atMs: 122, numTokens: 3 },
  ];
  expect(tokenGapsMs(events)).toEqual([10, 4, 4, 4]);
  expect(tokenGapsMs(events.slice(0, 1))).toEqual([]);
  expect(tokenGapsMs([])).toEqual([]);
});
