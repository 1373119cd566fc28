import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { useEdge, send } from '../support/edge.ts';

/** Who may call the service, and from where. */

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
const on = useEdge();

describe.each(FAMILIES)('%s', (path, misdirected, forbidden) => {
  it('refuses another host, before any work', async () => {
    const service = await on.start();
    const answer = await send(service, 'POST', path, {
      headers: { host: 'evil.example:80' },
      body: { prompt: 'a' },
    });
    expect([answer.status, answer.json]).toMatchObject([421, misdirected]);
    expect(answer.text).toContain('ALLOWED_HOSTS');
    expect(on.engine.requests).toHaveLength(0);
    expect(service.logLines.at(-1)).toMatchObject({ status: 421, ended: 'error: misdirected_request' });
  });

  it('refuses pages of other sites, before any work', async () => {
    const service = await on.start();
    for (const headers of [FOREIGN, { origin: 'http://evil.example' }, { origin: 'null' }]) {
      const answer = await send(service, 'POST', path, { headers, body: { prompt: 'a' } });
      expect([answer.status, answer.json]).toMatchObject([403, forbidden]);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
    expect(on.engine.requests).toHaveLength(0);
  });
});

describe('Host', () => {
  it('may be an address, localhost, or what ALLOWED_HOSTS names, on every route', async () => {
    const service = await on.start({ allowedHosts: ['llm.example.com'] });
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
    const service = await on.start();
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
    const service = await on.start();
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
    const service = await on.start();
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
      const service = await on.start({ corsOrigins });
      for (const [path, method] of [
        ['/v1/completions', 'POST'],
        ['/v1/requests/x', 'DELETE'],
        ['/ai-gateway/gateways/a/logs/x', 'PATCH'],
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
      const service = await on.start({ corsOrigins });
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
      const service = await on.start({ corsOrigins });
      const options = await send(service, 'OPTIONS', '/v1/completions', { headers });
      expect([options.status, options.headers['allow']]).toEqual([204, 'POST, OPTIONS']);
      expect((await send(service, 'GET', '/health')).status).toBe(200);
    });

    it('lets such a page run no benchmark and look at no attention', async () => {
      const service = await on.start({ corsOrigins });
      for (const path of ['/benchmark', '/v1/attention']) {
        expect((await send(service, 'POST', path, { headers, body: { prompt: 'a' } })).status).toBe(403);
      }
    });
  });

  it('of sites that CORS_ORIGINS leaves out stay refused', async () => {
    const service = await on.start({ corsOrigins: [APP] });
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
    const service = await on.start({ allowedHosts: ['llm.example.com'] });
    expect((await send(service, 'POST', path, { body })).status).toBe(200);
    for (const headers of [...PROXIED, { host: 'llm.example.com' }]) {
      const answer = await send(service, 'POST', path, { body, headers });
      expect(answer.status).toBe(403);
      expect(answer.text).toContain(`${setting.toUpperCase()}=on`);
    }
    const trusting = await on.start({ trustProxy: readConfig({ TRUST_PROXY: '127.0.0.1' }, []).trustProxy });
    expect((await send(trusting, 'POST', path, { body })).status).toBe(403);
  });

  it.each(ROUTES)('%s can be switched on and off', async (path, setting, body) => {
    const switchedOn = await on.start({ [setting]: 'on' });
    expect(
      (await send(switchedOn, 'POST', path, { body, headers: { 'x-forwarded-for': '192.0.2.7' } })).status,
    ).toBe(200);
    const off = await on.start({ [setting]: 'off' });
    expect((await send(off, 'POST', path, { body })).status).toBe(403);
  });
});
