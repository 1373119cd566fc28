import { expect, it } from 'vitest';
import { attemptStep } from '../../../routes/gateway/attempt.ts';
import type { AppContext } from '../../../src/http/app-env.ts';
import { RequestScope } from '../../../src/http/request-scope.ts';
import { until } from '../../support/service.ts';

const encoder = new TextEncoder();

/** A stream that says `text` again and again, until it is cancelled. */
function endless(text: string): { response: Response; isCancelled: () => boolean } {
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      if (!isCancelled) controller.enqueue(encoder.encode(text));
    },
    cancel() {
      isCancelled = true;
    },
  });
  const headers = { 'content-type': 'text/event-stream' };
  return { response: new Response(body, { headers }), isCancelled: () => isCancelled };
}

const STEP = {
  provider: 'openai',
  path: 'v1/chat/completions',
  model: 'm',
  target: { kind: 'here', path: '/v1/chat/completions', api: 'openai' },
  headers: [],
  body: {},
  numBytes: 2,
  options: {},
} as const;

/** One attempt, whose answer is that stream: a route's streams hold a model until they are read to their end, or cancelled. */
function attempt(response: Response, gone: AbortSignal, timeoutMs: number | undefined) {
  const scope = new RequestScope('a', 'POST', '/', () => undefined);
  const c = { req: { raw: { signal: gone } }, get: () => scope, env: {} } as unknown as AppContext;
  const dependencies = { dispatch: () => Promise.resolve(response) };
  const options = { timeoutMs, isFirst: true, awaitsBeginning: true, gone, deadlineMs: Infinity };
  return attemptStep(c, STEP, dependencies, options);
}

it('cancels a stream that says nothing in time', async () => {
  const { response, isCancelled } = endless(': ping\n\n');
  const { signal } = new AbortController();
  await expect(attempt(response, signal, 30)).rejects.toMatchObject({ code: 'request_timeout' });
  await until(isCancelled);
});

it('cancels a stream that has begun, and is discarded', async () => {
  const { response, isCancelled } = endless('data: {}\n\n');
  const answer = await attempt(response, new AbortController().signal, 10_000);
  expect(isCancelled()).toBe(false);
  answer.discard();
  await until(isCancelled);
});

it('waits no longer than its client', async () => {
  const { response, isCancelled } = endless(': ping\n\n');
  const answer = await attempt(response, AbortSignal.timeout(20), undefined);
  answer.discard();
  await until(isCancelled);
});
