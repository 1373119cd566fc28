import { serve } from '@hono/node-server';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Hono, type MiddlewareHandler } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppEnv } from '../../src/http/app-env.ts';
import { handleError } from '../../src/http/middleware/error-handlers.ts';
import { readJsonBody } from '../../src/http/edge/json-body.ts';
import { RequestScope } from '../../src/http/request-scope.ts';
import { mountable } from '../../src/library/create-service.ts';

/** Bodies sent to a service that another application has mounted. It waits before it reads, as for a file of keys. */

const LIMIT_BYTES = 200_000;
const SMALL = { prompt: 'Once upon a time' };

/** Answers with the body that came. */
function createEcho(): Hono<AppEnv> {
  const echo = new Hono<AppEnv>();
  echo.use(async (c, next) => {
    c.set('scope', new RequestScope('r', c.req.method, c.req.path, () => undefined));
    await sleep(20);
    await next();
  });
  echo.onError(handleError);
  echo.post('/echo', async (c) => c.json(await readJsonBody(c, LIMIT_BYTES)));
  return echo;
}

/** What an application may do with a body before the service has it. */
const BEFORE: Record<string, MiddlewareHandler> = {
  nothing: async (_, next) => next(),
  'read as JSON': async (c, next) => {
    await c.req.json();
    await next();
  },
  'read as text': async (c, next) => {
    await c.req.text();
    await next();
  },
  'read from a clone': async (c, next) => {
    await c.req.raw.clone().text();
    await next();
  },
  'cloned, not read yet': async (c, next) => {
    const clone = c.req.raw.clone();
    await next();
    await clone.text();
  },
};

function applicationWith(before: MiddlewareHandler, application = new Hono()): Hono {
  application.use(before);
  const service = mountable(createEcho());
  application.route('/deep/llm', service);
  application.route('/', service);
  return application;
}

describe.each(Object.entries(BEFORE))('a body that the application has: %s', (_, before) => {
  const application = applicationWith(before);
  let server: Server;
  let base: string;
  beforeAll(async () => {
    server = serve({ fetch: application.fetch, port: 0, hostname: '127.0.0.1' }) as Server;
    await once(server, 'listening');
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  const init = (body: RequestInit['body']): RequestInit => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: body ?? null,
    duplex: 'half',
  });

  describe.each(['/deep/llm', ''])("below '%s'", (mountPath) => {
    const path = `${mountPath}/echo`;

    it.each([17, 150_000])('arrives whole: %d characters', async (length) => {
      const text = JSON.stringify({ prompt: 'a'.repeat(length) });
      const overSocket = await (await fetch(`${base}${path}`, init(text))).text();
      expect(overSocket === text, overSocket.slice(0, 200)).toBe(true);
      const inProgram = await (await application.request(path, init(text))).text();
      expect(inProgram === text, inProgram.slice(0, 200)).toBe(true);
    });

    it('is cut off where a chunked one is too large', async () => {
      const chunk = new TextEncoder().encode(`{"prompt":"${'a'.repeat(LIMIT_BYTES)}"}`);
      const chunks = new ReadableStream({
        start(controller) {
          controller.enqueue(chunk);
          controller.close();
        },
      });
      const answer = await fetch(`${base}${path}`, init(chunks));
      expect(answer.status).toBe(413);
      expect(await (await fetch(`${base}${path}`, init(JSON.stringify(SMALL)))).json()).toEqual(SMALL);
    });
  });
});

it.each(['/deep/llm', ''])(
  "is found below '%s' by an application with another copy of Hono",
  async (mountPath) => {
    const copy = await mkdtemp(join(tmpdir(), 'hono-'));
    await cp(new URL('..', import.meta.resolve('hono')), copy, { recursive: true });
    const other = (await import(join(copy, 'dist/index.js'))) as { Hono: typeof Hono };
    expect(other.Hono).not.toBe(Hono);
    const application = applicationWith(async (_, next) => next(), new other.Hono());
    const answer = await application.request(`${mountPath}/echo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(SMALL),
    });
    expect(await answer.json()).toEqual(SMALL);
    await rm(copy, { recursive: true });
  },
);

it('lets go of a stream that is too large, where no socket is behind it', async () => {
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(50_000)),
    cancel: () => {
      isCancelled = true;
      throw new Error('not now');
    },
  });
  const headers = { 'content-type': 'application/json' };
  const service = mountable(createEcho());
  const answer = await service.request('/echo', { method: 'POST', headers, body, duplex: 'half' });
  expect(answer.status).toBe(413);
  expect(isCancelled).toBe(true);
});

it('refuses TRACE, of which no request can be made', async () => {
  const server = serve({ fetch: applicationWith(async (_, next) => next()).fetch, port: 0 }) as Server;
  await once(server, 'listening');
  const asked = request({
    port: (server.address() as AddressInfo).port,
    method: 'TRACE',
    path: '/deep/llm/echo',
  });
  const [answer] = (await once(asked.end(), 'response')) as [IncomingMessage];
  answer.resume();
  server.close();
  expect(answer.statusCode).toBe(501);
});
