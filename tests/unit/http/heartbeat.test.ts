import { Hono } from 'hono';
import { expect, it } from 'vitest';
import type { AppEnv } from '../../../src/http/app-env.ts';
import { withHeartbeat } from '../../../src/http/heartbeat.ts';
import type { RequestScope } from '../../../src/http/request-scope.ts';

/** The part of a scope that answers need. */
function createScope(): { scope: RequestScope; numEnds: () => number } {
  let numEnds = 0;
  const scope = {
    answersWhole: true,
    id: 'one',
    facts: {},
    ignoredFields: [],
    isHeld: true,
    elapsedMs: 0,
    hold: () => undefined,
    end: () => {
      numEnds++;
    },
  } as unknown as RequestScope;
  return { scope, numEnds: () => numEnds };
}

/** An answer whose body breaks before its first byte. */
const brokenAnswer = (): Response =>
  new Response(new ReadableStream({ start: (controller) => controller.error(new Error('cut')) }));

/** What a client gets of an answer that comes after `afterMs`. */
async function askFor(answer: Response, afterMs: number, scope: RequestScope): Promise<Response> {
  const app = new Hono<AppEnv>();
  app.use(async (c, next) => {
    c.set('scope', scope);
    await next();
  });
  app.get(
    '/',
    withHeartbeat(() => new Promise((resolve) => setTimeout(() => resolve(answer), afterMs)), 5),
  );
  return app.request('/');
}

it('a client that leaves before an answer breaks leaves no rejection behind', async () => {
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown): void => void rejections.push(reason);
  process.on('unhandledRejection', onRejection);
  const { scope, numEnds } = createScope();
  const { body } = await askFor(brokenAnswer(), 40, scope);
  await body?.cancel();
  await new Promise((resolve) => setTimeout(resolve, 100));
  process.off('unhandledRejection', onRejection);
  expect(rejections).toEqual([]);
  expect(numEnds()).toBe(1);
});

it('an answer that breaks ends its request', async () => {
  const { scope, numEnds } = createScope();
  const answer = await askFor(brokenAnswer(), 20, scope);
  await expect(answer.text()).rejects.toThrow('cut');
  expect(numEnds()).toBe(1);
});
