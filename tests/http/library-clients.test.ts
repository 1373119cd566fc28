import { serve } from '@hono/node-server';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createService, type TokenflareService } from '../../src/library/index.ts';
import { watchedLogger } from '../support/log-watch.ts';
import { makeChatModel } from '../support/chat-model.ts';

/** Whom a mounted service answers, by which names, and what one caller has of another, with and without a socket. */

const model = makeChatModel();
let service: TokenflareService;
let server: Server;

beforeAll(async () => {
  service = await createService(
    { MODEL: model.path, RUNTIME: 'cpu', ALLOWED_HOSTS: 'app.example' },
    {
      logger: watchedLogger('info'),
      clientOf: ({ headers }) => headers.get('x-user') ?? undefined,
    },
  );
  server = serve({ fetch: service.app.fetch, port: 0, hostname: '127.0.0.1' }) as Server;
  await once(server, 'listening');
});
afterAll(async () => {
  server.close();
  await service.close();
  model.remove();
});

interface Asked {
  method?: string;
  body?: object;
  headers?: Record<string, string>;
}

const initOf = ({ method, body, headers = {} }: Asked): RequestInit => ({
  method: method ?? (body === undefined ? 'GET' : 'POST'),
  headers: { 'content-type': 'application/json', ...headers },
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
});

/** As a framework without sockets calls it. */
const withoutSocket = async (path: string, asked: Asked = {}, host = 'localhost'): Promise<Response> =>
  service.app.request(`http://${host}${path}`, initOf(asked));

const overSocket = (path: string, asked: Asked = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, initOf(asked));

const RESPONSE = { input: 'a', max_output_tokens: 2 };
const JOB = { requests: [{ prompt: 'a', max_tokens: 2 }] };

async function idOf(response: Response): Promise<string> {
  const { id } = (await response.json()) as { id: string };
  return id;
}

describe('by default', () => {
  it('answers to addresses, to localhost, and to names in ALLOWED_HOSTS', async () => {
    for (const host of ['localhost:3000', '192.0.2.7', 'app.example']) {
      expect((await withoutSocket('/v1/models', {}, host)).status).toBe(200);
    }
    for (const host of ['evil.example', 'app.example.evil.example']) {
      const refused = await withoutSocket('/v1/models', {}, host);
      expect([refused.status, await refused.text()]).toEqual([421, expect.stringContaining('ALLOWED_HOSTS')]);
    }
  });

  it('is the same caller over a socket who comes back from the same address', async () => {
    const id = await idOf(await overSocket('/v1/responses', { body: RESPONSE }));
    expect((await overSocket(`/v1/responses/${id}`)).status).toBe(200);
    expect((await withoutSocket(`/v1/responses/${id}`)).status).toBe(404);
  });
});

describe('a caller without a socket and without a name', () => {
  it('has nothing of another, nor of the program itself', async () => {
    const own = await service.fetch('http://localhost/v1/responses', initOf({ body: RESPONSE }));
    const id = await idOf(own);
    expect((await service.fetch(`http://localhost/v1/responses/${id}`)).status).toBe(200);
    for (const path of [`/v1/responses/${id}`, `/v1/requests/${id}`, `/v1/streams/${id}`]) {
      expect((await withoutSocket(path)).status, path).toBe(404);
    }
    expect((await withoutSocket(`/v1/requests/${id}`, { method: 'DELETE' })).status).toBe(404);
    const headers = { 'x-request-id': 'mine' };
    const body = { prompt: 'a', max_tokens: 60, ignore_eos: true };
    const both = await Promise.all([1, 2].map(() => withoutSocket('/v1/completions', { body, headers })));
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect((await withoutSocket('/v1/requests/mine')).status).toBe(404);
  });

  it('is told where something would be kept for it, and gets answers that are not kept', async () => {
    const plain = await withoutSocket('/v1/responses', { body: RESPONSE });
    expect(await plain.json()).toMatchObject({ status: expect.any(String) as string, store: false });
    for (const [path, asked, param] of [
      ['/v1/responses', { body: { ...RESPONSE, store: true } }, 'store'],
      [
        '/v1/completions',
        { body: { prompt: 'a' }, headers: { 'x-stream-resumable': 'true' } },
        'x-stream-resumable',
      ],
    ] as const) {
      const refused = await withoutSocket(path, asked);
      expect([refused.status, await refused.json()]).toMatchObject([400, { error: { param } }]);
    }
    const job = await withoutSocket(`/ai/run/${service.model.id}?queueRequest=true`, { body: JOB });
    expect([job.status, await job.text()]).toEqual([400, expect.stringContaining('clientOf')]);
  });
});

describe('a caller whom the application names', () => {
  const as = (user: string): Record<string, string> => ({ 'x-user': user });

  it.each(['user 7', '192.0.2.7', '2001:db8::7'])(
    'keeps what is its own, apart from others: %s',
    async (user) => {
      const id = await idOf(await withoutSocket('/v1/responses', { body: RESPONSE, headers: as(user) }));
      expect((await withoutSocket(`/v1/responses/${id}`, { headers: as(user) })).status).toBe(200);
      for (const other of [as('user 8'), as('program'), {}]) {
        expect((await withoutSocket(`/v1/responses/${id}`, { headers: other })).status).toBe(404);
      }
      expect((await overSocket(`/v1/responses/${id}`, { headers: as(user) })).status).toBe(200);
      expect((await overSocket(`/v1/responses/${id}`)).status).toBe(404);
    },
  );
});
