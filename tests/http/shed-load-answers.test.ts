import { Agent, request as httpRequest } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { call, type Answer } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { bearer, KeyFile } from '../support/keys.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';
import { until } from '../support/service.ts';

/** A full queue: a plain request is refused at the door, one with an id of its own by the application. */

const PATHS = [
  '/v1/completions',
  '/v1/chat/completions',
  '/v1/responses',
  '/v1/messages',
  '/v1/embeddings',
  '/ai/v1/chat/completions',
  '/client/v4/accounts/0123abc/ai/v1/completions',
];
const WORKERS_AI_PATHS = ['/ai/run/@test/tiny-gpt2', '/client/v4/accounts/0123abc/ai/run/@cf%2Fmeta%2Fllama'];
const BY_APP = { 'x-request-id': 'mine' };

let engine: ScriptedEngine;
let service: HttpService;
beforeAll(async () => {
  engine = await ScriptedEngine.create();
});
beforeEach(async () => {
  engine.reset();
  engine.numFreeSlots = 0;
  service = await startService();
});
afterEach(() => service.close());

/** A service that knows its only model: as long as there may be others, a request's body says which queue it is for. */
async function startService(
  access: Parameters<typeof startHttpService>[2] = {},
  headers: Record<string, string> = {},
): Promise<HttpService> {
  const started = await startHttpService(engine, {}, access);
  const options = { headers: { ...headers, ...BY_APP }, body: {} };
  await until(async () => (await call(started, 'POST', '/v1/completions', options)).status === 429);
  started.logLines.length = 0;
  return started;
}

const ask = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  call(service, 'POST', path, { headers, body: {} });

async function countRefusals(): Promise<number> {
  const { text } = await call(service, 'GET', '/metrics');
  const labels = 'method="POST",route="/v1/completions",status="429"';
  return Number(new RegExp(`http_requests_total\\{${labels}\\} (\\d+)`).exec(text)?.[1]);
}

const OWN_HEADERS = new Set([
  'date',
  'x-request-id',
  'request-id',
  'server-timing',
  'x-total-time',
  'content-length',
]);

/** Without what no two requests share. */
function comparable({ status, headers, json }: Answer): unknown {
  const plain = Object.entries(headers).filter(([name]) => !OWN_HEADERS.has(name));
  return {
    status,
    plain: new Map(plain),
    names: Object.keys(headers).sort(),
    body: JSON.stringify(json).replace(requestIdOf(json), ''),
  };
}

/** Anthropic's envelope has it beside the error, OpenAI's in it, Cloudflare's nowhere. */
function requestIdOf(json: unknown): string {
  const { error, request_id: besideError } = json as { error?: { request_id?: string }; request_id?: string };
  return besideError ?? error?.request_id ?? '';
}

describe('a request that there is no room for', () => {
  it.each(PATHS)('is answered at the door as the application would: %s', async (path) => {
    const atDoor = await ask(path);
    const byApp = await ask(path, BY_APP);
    expect(comparable(atDoor)).toEqual(comparable(byApp));
    expect(atDoor.status).toBe(429);
    expect(requestIdOf(atDoor.json)).toBe(atDoor.headers['x-request-id']);
    expect(Number(atDoor.headers['content-length'])).toBe(Buffer.byteLength(atDoor.text));
  });

  it.each(WORKERS_AI_PATHS)('is answered so in the envelope of Cloudflare: %s', async (path) => {
    const atDoor = await ask(path);
    const byApp = await ask(path, BY_APP);
    expect(comparable(atDoor)).toEqual(comparable(byApp));
    expect(atDoor.json).toEqual(byApp.json);
    expect(atDoor.json).toMatchObject({ success: false, errors: [{ code: 3040 }] });
    const [lineAtDoor, lineByApp] = service.logLines.filter(({ method }) => method === 'POST');
    expect(lineAtDoor).toMatchObject({ path: lineByApp?.['path'], error: lineByApp?.['error'] });
  });

  it('is not refused for the queue where it does not enter it: a batch job', async () => {
    const path = '/ai/run/@test/tiny-gpt2?queueRequest=true';
    const body = { requests: [{ prompt: 'a' }] };
    expect((await call(service, 'POST', path, { body })).status).toBe(200);
  });

  it('has the same line in the log, and counts in the metrics', async () => {
    const numBefore = await countRefusals();
    await ask('/v1/completions');
    await ask('/v1/completions', BY_APP);
    expect(await countRefusals()).toBe(numBefore + 2);
    const [atDoor, byApp] = service.logLines
      .filter(({ method }) => method === 'POST')
      .map((line) => ({
        ...line,
        time: 0,
        requestId: '',
        durationMs: 0,
      }));
    expect(atDoor).toEqual(byApp);
  });

  it('leaves its connection to the next one', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const { port } = new URL(service.url);
    const send = (): Promise<[number | undefined, number | undefined]> =>
      new Promise((resolve, reject) => {
        const headers = { 'content-type': 'application/json' };
        const sent = httpRequest(
          { port, path: '/v1/completions', method: 'POST', headers, agent },
          (answer) => {
            const { localPort } = answer.socket;
            answer.resume().on('end', () => resolve([answer.statusCode, localPort]));
          },
        );
        sent.on('error', reject);
        sent.end(JSON.stringify({ prompt: 'a'.repeat(10_000), max_tokens: 1 }));
      });
    const answers = [await send(), await send(), await send()];
    agent.destroy();
    expect(answers.map(([status]) => status)).toEqual([429, 429, 429]);
    expect(new Set(answers.map(([, localPort]) => localPort)).size).toBe(1);
  });
});

describe('what is wrong beside is said first', () => {
  it.each([
    [421, { host: 'other.example' }],
    [403, { origin: 'http://other.example' }],
    [403, { 'sec-fetch-site': 'cross-site' }],
  ])('%d: %o', async (status, headers) => {
    expect((await ask('/v1/completions', headers)).status).toBe(status);
  });

  it('401 where a key is asked for', async () => {
    using file = new KeyFile();
    const key = await file.create('one');
    await service.close();
    service = await startService({ keysFile: file.path }, bearer(key));
    expect((await ask('/v1/completions')).status).toBe(401);
    expect((await ask('/v1/completions', bearer('wrong'))).status).toBe(401);
    expect((await ask('/v1/completions', bearer(key))).status).toBe(429);
  });

  it('503 while the engine is not ready', async () => {
    engine.state = 'loading';
    expect((await ask('/v1/completions')).status).toBe(503);
  });
});

describe('with room', () => {
  it('a request is computed', async () => {
    engine.numFreeSlots = 1;
    const answer = await call(service, 'POST', '/v1/completions', { body: { prompt: 'a', max_tokens: 2 } });
    expect(answer.status).toBe(200);
  });
});

afterAll(() => {
  engine.reset();
});
