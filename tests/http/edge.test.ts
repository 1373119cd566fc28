import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { groupOf } from '../../src/fairness/client-id.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { checkAgainstOpenApi } from '../support/openapi-validator.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';
import { until } from '../support/service.ts';

/** Who may call the service, from where, and what they see of each other. */

const FAMILIES = [
  ['/v1/completions', { error: { code: 'misdirected_request' } }, { error: { code: 'forbidden' } }],
  [
    '/ai/run/@test/tiny-gpt2',
    { success: false, errors: [{ code: 7000 }] },
    { success: false, errors: [{ code: 3041 }] },
  ],
] as const;
const APP = 'https://app.example.com';
const FOREIGN = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' };

let engine: ScriptedEngine;
beforeAll(async () => {
  engine = await ScriptedEngine.create();
});
beforeEach(() => engine.reset());

async function start(config: Parameters<typeof startHttpService>[1] = {}): Promise<HttpService> {
  const service = await startHttpService(engine, config);
  onTestFinished(() => service.close());
  return service;
}

interface SendOptions {
  headers?: Record<string, string>;
  body?: unknown;
  /** Address of this machine that the call comes from. */
  from?: string;
}

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  json: unknown;
}

/** By node:http, since fetch sets the headers itself that this is about. Every answer is held against openapi.yaml. */
async function send(
  { url }: HttpService,
  method: string,
  path: string,
  { headers = {}, body, from }: SendOptions = {},
): Promise<Answer> {
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const outgoing = request(url + path, { method, headers: { ...type, ...headers }, localAddress: from });
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const received = await text(response);
  const { statusCode: status = 0 } = response;
  const contentType = response.headers['content-type'] ?? '';
  if (method !== 'OPTIONS') checkAgainstOpenApi({ method, path, status, contentType, body: received });
  const json: unknown = contentType.startsWith('application/json') ? JSON.parse(received) : undefined;
  return { status, headers: response.headers, text: received, json };
}

describe.each(FAMILIES)('%s', (path, misdirected, forbidden) => {
  it('refuses another host, before any work', async () => {
    const service = await start();
    const answer = await send(service, 'POST', path, {
      headers: { host: 'evil.example:80' },
      body: { prompt: 'a' },
    });
    expect([answer.status, answer.json]).toMatchObject([421, misdirected]);
    expect(answer.text).toContain('ALLOWED_HOSTS');
    expect(engine.requests).toHaveLength(0);
    expect(service.logLines.at(-1)).toMatchObject({ status: 421, ended: 'error: misdirected_request' });
  });

  it('refuses pages of other sites, before any work', async () => {
    const service = await start();
    for (const headers of [FOREIGN, { origin: 'http://evil.example' }, { origin: 'null' }]) {
      const answer = await send(service, 'POST', path, { headers, body: { prompt: 'a' } });
      expect([answer.status, answer.json]).toMatchObject([403, forbidden]);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
    expect(engine.requests).toHaveLength(0);
  });
});

describe('Host', () => {
  it('may be an address, localhost, or what ALLOWED_HOSTS names, on every route', async () => {
    const service = await start({ allowedHosts: ['llm.example.com'] });
    const statuses = async (host: string): Promise<number[]> => {
      const paths = ['/health', '/ready', '/metrics', '/v1/models', '/nowhere'];
      const answers = paths.map((path) => send(service, 'GET', path, { headers: { host } }));
      return (await Promise.all(answers)).map(({ status }) => status);
    };
    for (const host of ['localhost', '10.1.2.3:8787', '[::1]', 'llm.example.com', 'LLM.Example.com:443']) {
      expect(await statuses(host)).toEqual([200, 200, 200, 200, 404]);
    }
    for (const host of ['evil.example', 'llm.example.com.evil.example']) {
      expect(await statuses(host)).toEqual([421, 421, 421, 421, 421]);
    }
  });

  it('is the one in the request line, where that has one', async () => {
    const service = await start();
    const { port } = new URL(service.url);
    const options = {
      port,
      host: '127.0.0.1',
      path: 'http://evil.example/health',
      headers: { host: 'localhost' },
    };
    const status = await new Promise((resolve) =>
      request(options, (response) => resolve(response.resume().statusCode)).end(),
    );
    expect(status).toBe(421);
  });
});

describe('pages', () => {
  it('of the service itself may use it, and links from anywhere work', async () => {
    const service = await start();
    const own = { origin: service.url, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' };
    const body = { prompt: 'a', max_tokens: 1 };
    expect((await send(service, 'POST', '/v1/completions', { headers: own, body })).status).toBe(200);
    const link = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    expect((await send(service, 'GET', '/health', { headers: link })).status).toBe(200);
    expect((await send(service, 'POST', '/benchmark', { headers: link })).status).toBe(403);
  });

  it('of other sites get no preflight', async () => {
    const service = await start();
    const headers = { ...FOREIGN, 'access-control-request-method': 'POST' };
    const preflight = await send(service, 'OPTIONS', '/v1/completions', { headers });
    expect(preflight.status).toBe(403);
    expect(Object.keys(preflight.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  describe.each([
    ['one origin', [APP], APP, 'Origin'],
    ['all origins', ['*'], '*', undefined],
  ])('with CORS for %s', (_, corsOrigins, allowOrigin, vary) => {
    const headers = { origin: APP, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' };

    it('answers the preflight of any route', async () => {
      const service = await start({ corsOrigins });
      for (const [path, method] of [
        ['/v1/completions', 'POST'],
        ['/v1/requests/x', 'DELETE'],
        ['/nowhere', 'GET'],
      ] as const) {
        const preflight = await send(service, 'OPTIONS', path, {
          headers: {
            ...headers,
            'access-control-request-method': method,
            'access-control-request-headers': 'x-a',
          },
        });
        expect(preflight.status).toBe(204);
        expect(preflight.headers).toMatchObject({
          'access-control-allow-origin': allowOrigin,
          'access-control-allow-methods': expect.stringContaining(method) as string,
          'access-control-allow-headers': '*,authorization',
          'access-control-max-age': '600',
          'x-request-id': expect.any(String) as string,
        });
      }
    });

    it('lets the page read answers, streams and errors, with their headers', async () => {
      const service = await start({ corsOrigins });
      for (const [body, status] of [
        [{ prompt: 'a', max_tokens: 1 }, 200],
        [{ prompt: 'a', max_tokens: 1, stream: true }, 200],
        [{ prompt: 5 }, 400],
      ] as const) {
        const answer = await send(service, 'POST', '/v1/completions', { headers, body });
        expect(answer.status).toBe(status);
        expect(answer.headers).toMatchObject({
          'access-control-allow-origin': allowOrigin,
          'access-control-expose-headers': '*',
        });
        expect(answer.headers['vary']).toBe(vary);
      }
    });

    it('leaves OPTIONS that is no preflight, and calls without an origin, as they are', async () => {
      const service = await start({ corsOrigins });
      const options = await send(service, 'OPTIONS', '/v1/completions', { headers });
      expect([options.status, options.headers['allow']]).toEqual([204, 'POST, OPTIONS']);
      expect((await send(service, 'GET', '/health')).status).toBe(200);
    });

    it('lets such a page run no benchmark and look at no attention', async () => {
      const service = await start({ corsOrigins });
      for (const path of ['/benchmark', '/v1/attention']) {
        expect((await send(service, 'POST', path, { headers, body: { prompt: 'a' } })).status).toBe(403);
      }
    });
  });

  it('of sites that CORS_ORIGINS leaves out stay refused', async () => {
    const service = await start({ corsOrigins: [APP] });
    expect((await send(service, 'POST', '/v1/completions', { headers: FOREIGN, body: {} })).status).toBe(403);
  });
});

describe('admin routes', () => {
  const ROUTES = [
    [
      '/benchmark',
      'benchmark',
      { prompt_tokens: 4, max_tokens: 2, concurrency: [1], repeats: 1, modes: ['engine'] },
    ],
    ['/v1/attention', 'attention', { prompt: 'The river' }],
  ] as const;
  const PROXIED = [
    { 'x-forwarded-for': '192.0.2.7' },
    { forwarded: 'for=192.0.2.7' },
    { via: '1.1 x' },
    { 'x-real-ip': '192.0.2.7' },
  ];

  it.each(ROUTES)('%s is for this machine, through no proxy', async (path, setting, body) => {
    const service = await start({ allowedHosts: ['llm.example.com'] });
    expect((await send(service, 'POST', path, { body })).status).toBe(200);
    for (const headers of [...PROXIED, { host: 'llm.example.com' }]) {
      const answer = await send(service, 'POST', path, { body, headers });
      expect(answer.status).toBe(403);
      expect(answer.text).toContain(`${setting.toUpperCase()}=on`);
    }
    const trusting = await start({ trustProxy: readConfig({ TRUST_PROXY: '127.0.0.1' }, []).trustProxy });
    expect((await send(trusting, 'POST', path, { body })).status).toBe(403);
  });

  it.each(ROUTES)('%s can be switched on and off', async (path, setting, body) => {
    const on = await start({ [setting]: 'on' });
    expect((await send(on, 'POST', path, { body, headers: { 'x-forwarded-for': '192.0.2.7' } })).status).toBe(
      200,
    );
    const off = await start({ [setting]: 'off' });
    expect((await send(off, 'POST', path, { body })).status).toBe(403);
  });
});

describe('a client', () => {
  /** The client ids under which the engine was asked for slots. */
  async function clientsOf(service: HttpService, sent: SendOptions[]): Promise<string[]> {
    const reserved: string[] = [];
    const { reserve } = engine;
    onTestFinished(() => void (engine.reserve = reserve));
    engine.reserve = (numSequences, clientId) => {
      reserved.push(String(clientId));
      return reserve.call(engine, numSequences, clientId);
    };
    for (const options of sent) {
      await send(service, 'POST', '/v1/completions', { body: { prompt: 'a', max_tokens: 1 }, ...options });
    }
    return reserved;
  }

  it('is its address, whatever keys and forwarded addresses it invents', async () => {
    const service = await start();
    const clients = await clientsOf(service, [
      {},
      { headers: { authorization: 'Bearer a' } },
      { headers: { 'x-api-key': 'b' } },
      { headers: { 'x-forwarded-for': '192.0.2.7' } },
      { from: '127.0.0.2' },
    ]);
    expect(clients.map(groupOf)).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1', '127.0.0.1', '127.0.0.2']);
    expect(new Set(clients).size).toBe(4);
  });

  it('is what a trusted proxy says', async () => {
    const service = await start({ trustProxy: readConfig({ TRUST_PROXY: '127.0.0.1' }, []).trustProxy });
    const clients = await clientsOf(service, [
      { headers: { 'x-forwarded-for': '6.6.6.6, 192.0.2.7' } },
      { headers: { forwarded: 'for="[2001:db8:1:2:3::4]:99"' } },
      { headers: { 'x-forwarded-for': '192.0.2.7' }, from: '127.0.0.2' },
    ]);
    expect(clients.map(groupOf)).toEqual(['192.0.2.7', '2001:db8:1:2', '127.0.0.2']);
  });
});

describe('a request', () => {
  const ME = { authorization: 'Bearer me' };
  const OTHER = { authorization: 'Bearer other' };
  const body = { prompt: 'a', max_tokens: 2 };

  it('is seen and cancelled by its own client alone', async () => {
    engine.reset({ stallAfter: 0 });
    const service = await start();
    const pending = send(service, 'POST', '/v1/completions', {
      body,
      headers: { ...ME, 'x-request-id': 'mine' },
    });
    await until(() => engine.requests.length === 1);
    for (const method of ['GET', 'DELETE']) {
      for (const stranger of [{ headers: OTHER }, { headers: ME, from: '127.0.0.2' }, {}]) {
        const refused = await send(service, method, '/v1/requests/cmpl-mine', stranger);
        const unknown = await send(service, method, '/v1/requests/cmpl-none', stranger);
        expect(refused.status).toBe(404);
        // As if there were none.
        const withoutIds = (answer: string): string =>
          answer.replaceAll(/"request_id":"[^"]*"|cmpl-\w+/g, '');
        expect(withoutIds(refused.text)).toBe(withoutIds(unknown.text));
      }
    }
    expect(engine.stats().numSequencesRunning).toBe(1);
    const seen = await send(service, 'GET', '/v1/requests/mine', { headers: ME });
    expect(seen.json).toMatchObject({ id: 'cmpl-mine', status: 'running' });
    expect(seen.text).not.toContain('127.0.0.1');
    const list = async (from: object): Promise<unknown> =>
      (await send(service, 'GET', '/v1/requests', from)).json;
    expect(await list({ headers: ME })).toMatchObject({ data: [{ id: 'cmpl-mine' }] });
    // On this machine, as the metrics are.
    expect(await list({ headers: OTHER })).toMatchObject({ data: [{ id: null, status: 'running' }] });
    expect(await list({ headers: { ...OTHER, 'x-forwarded-for': '192.0.2.1' } })).toMatchObject({ data: [] });
    const cancelled = await send(service, 'DELETE', '/v1/requests/mine', { headers: ME });
    expect(cancelled.json).toMatchObject({ cancelled: true });
    expect((await pending).json).toMatchObject({ choices: [{ finish_reason: 'abort' }] });
  });

  it('does not start under the id of one that runs for the same client, and for another does', async () => {
    engine.reset({ stallAfter: 0 });
    const service = await start();
    const headers = { 'x-request-id': 'taken' };
    const pending = send(service, 'POST', '/v1/completions', { body, headers: { ...headers, ...ME } });
    await until(() => engine.requests.length === 1);
    const missing = await send(service, 'GET', '/v1/requests/taken', { headers: OTHER });
    for (const id of ['taken', 'cmpl-taken']) {
      for (const path of ['/v1/completions', '/ai/run/@test/tiny-gpt2']) {
        const options = { body, headers: { ...ME, 'x-request-id': id } };
        const { status, headers: answered } = await send(service, 'POST', path, options);
        expect([status, answered['x-should-retry']]).toEqual([409, 'true']);
        expect(answered['x-request-id']).toMatch(/^[\da-f-]{36}$/);
      }
    }
    expect(engine.requests).toHaveLength(1);
    const strangers = [{ ...headers, ...OTHER }, headers].map((others) =>
      send(service, 'POST', '/v1/completions', { body, headers: others }),
    );
    await until(() => engine.requests.length === 3);
    expect(missing.status).toBe(404);
    // Each sees and ends its own.
    for (const mine of [OTHER, {}, ME]) {
      const { json } = await send(service, 'DELETE', '/v1/requests/taken', { headers: mine });
      expect(json).toMatchObject({ id: 'cmpl-taken', cancelled: true });
    }
    for (const answer of await Promise.all([pending, ...strangers])) {
      expect(answer.json).toMatchObject({ id: 'cmpl-taken', choices: [{ finish_reason: 'abort' }] });
    }
  });
});
