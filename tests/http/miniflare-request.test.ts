import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { call } from '../support/http-client.ts';
import { useScriptedService } from '../support/scripted-service.ts';
import { until } from '../support/service.ts';

const MODEL = '@test/tiny-gpt2';
const on = useScriptedService({ model: { contextLength: 1024 } });
const BODY = JSON.stringify({ inputs: { prompt: 'The river', max_tokens: 5 }, options: {} });
const RUN = 'https://workers-binding.ai/run?version=3';

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** As Miniflare sends it: by any method, with every header below a name of its own. */
async function send({ method = 'POST', path = '/workers-binding', headers = {}, body = BODY }: Sent) {
  const { port } = on.service.server.address() as AddressInfo;
  const own = {
    'mf-binding': 'AI',
    'mf-header-content-type': 'application/json',
    'mf-header-cf-consn-model-id': MODEL,
  };
  return new Promise<{ status: number; headers: Record<string, unknown>; json: unknown }>(
    (resolve, reject) => {
      const outgoing = request({ port, method, path, headers: { ...own, ...headers } }, (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (piece: string) => (text += piece));
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, json: JSON.parse(text) }),
        );
      });
      outgoing.on('error', reject);
      outgoing.end(method === 'GET' ? undefined : body);
    },
  );
}

describe('a request of Miniflare', () => {
  it('is answered as the one that it stands for', async () => {
    const answer = await send({ headers: { 'mf-url': RUN } });
    const direct = await call(on.service, 'POST', '/workers-binding/run?version=3', {
      body: BODY,
      headers: { 'cf-consn-model-id': MODEL },
    });
    expect([answer.status, answer.json]).toEqual([200, direct.json]);
    expect(answer.headers['cf-ai-req-id']).toBe(answer.headers['x-request-id']);
  });

  it('has the method of that one', async () => {
    const answer = await send({ method: 'PUT', headers: { 'mf-url': RUN } });
    expect(answer).toMatchObject({ status: 405, json: { internalCode: 7001 } });
  });

  it('has the query of its own URL, and one line in the log by that path', async () => {
    const url = 'https://workers-binding.ai/ai-api/models/search?search=nothing';
    const { json } = await send({ method: 'GET', headers: { 'mf-url': url } });
    expect(json).toMatchObject({ result: [] });
    const lines = (): object[] =>
      on.service.logLines.filter((line) => JSON.stringify(line).includes('/ai-api/models/search'));
    await until(() => lines().length > 0);
    expect(lines()).toHaveLength(1);
  });

  it.each([
    ['no URL', {}],
    ['a URL that is none', { 'mf-url': 'run' }],
    [
      'a URL that leaves the routes of the binding',
      { 'mf-url': 'https://workers-binding.ai/../../v1/models' },
    ],
    ['a URL of nothing', { 'mf-url': 'https://workers-binding.ai/nothing' }],
    [
      'an upgrade, by which Miniflare would call methods',
      {
        connection: 'upgrade',
        upgrade: 'websocket',
        'sec-websocket-key': 'a',
        'sec-websocket-version': '13',
      },
    ],
  ])('with %s is answered plainly', async (_, headers) => {
    const answer = await send({ method: 'GET', path: '/workers-binding?MF-Binding=AI', headers });
    expect(answer).toMatchObject({
      status: 404,
      json: { name: 'InferenceUpstreamError', internalCode: 7000 },
    });
  });

  it.each([
    ['a page of another site', { origin: 'https://example.com' }, 403],
    ['one that hides its origin', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 403],
    ['a name that leads here', { host: 'rebound.example.com' }, 421],
  ])('by %s is refused, whatever headers stand in it', async (_, headers, status) => {
    const inside = {
      'mf-url': RUN,
      'mf-header-origin': 'http://127.0.0.1',
      'mf-header-host': 'localhost',
      'mf-header-sec-fetch-site': 'same-origin',
    };
    expect((await send({ headers: { ...inside, ...headers } })).status).toBe(status);
  });
});
