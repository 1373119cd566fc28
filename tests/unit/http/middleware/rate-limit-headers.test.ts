import { expect, it } from 'vitest';
import { formatDuration, rateLimitHeaders } from '../../../../src/http/middleware/limit-requests.ts';

it.each([
  [0, '0s'],
  [0.2, '1ms'],
  [250, '250ms'],
  [1000, '1s'],
  [8640, '8.64s'],
  [59_999.5, '1m0s'],
  [60_000, '1m0s'],
  [61_001, '1m1.001s'],
])('writes %d ms as %s', (durationMs, text) => {
  expect(formatDuration(durationMs)).toBe(text);
});

it('has the headers of the accounts that there are', () => {
  expect(rateLimitHeaders({})).toEqual({});
  expect(rateLimitHeaders({ tokens: { limit: 100, remaining: 7, resetMs: 1500 } })).toEqual({
    'x-ratelimit-limit-tokens': '100',
    'x-ratelimit-remaining-tokens': '7',
    'x-ratelimit-reset-tokens': '1.5s',
  });
});
