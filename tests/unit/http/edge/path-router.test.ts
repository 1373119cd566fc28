import { expect, it } from 'vitest';
import { createPathRouter } from '../../../../src/http/route-facts.ts';

const RUN = '/ai/run/:model{.+}';
const ACCOUNT = '/client/v4/accounts/:account_id/ai/v1/completions';
const find = createPathRouter(['/v1/completions', RUN, ACCOUNT]);

it.each([
  ['/v1/completions', '/v1/completions'],
  ['/ai/run/a', RUN],
  ['/ai/run/@cf/meta/llama', RUN],
  ['/ai/run/@cf%2Fmeta%2Fllama', RUN],
  ['/client/v4/accounts/0123abc/ai/v1/completions', ACCOUNT],
])('finds the pattern of %s', (path, pattern) => {
  expect(find(path)).toBe(pattern);
});

it.each([
  '',
  '/',
  '/v1/completions/',
  '/v1/completions?a=b',
  '/ai/run',
  '/ai/run/',
  '/ai/run/a?queueRequest=true',
  '/client/v4/accounts//ai/v1/completions',
  '/client/v4/accounts/a/b/ai/v1/completions',
  '/constructor',
  '/__proto__',
])('finds none for %s', (path) => {
  expect(find(path)).toBeUndefined();
});
