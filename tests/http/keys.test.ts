import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, get, type IncomingMessage } from 'node:http';
import OpenAI, { AuthenticationError, PermissionDeniedError } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeApiKey } from '../../src/access/api-key.ts';
import { revokeKey } from '../../src/access/edit-keys.ts';
import { call, type Answer } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { bearer, KeyFile } from '../support/keys.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';
import { until } from '../support/service.ts';

const comparisons = vi.hoisted(() => ({ number: 0 }));
vi.mock(import('node:crypto'), async (importOriginal) => {
  const crypto = await importOriginal();
  return {
    ...crypto,
    timingSafeEqual: (...hashes: Parameters<typeof crypto.timingSafeEqual>) => {
      comparisons.number++;
      return crypto.timingSafeEqual(...hashes);
    },
  };
});

const MODEL = '@test/tiny-gpt2';
const BODY = { prompt: 'The river', max_tokens: 2 };

const file = new KeyFile();
let engine: ScriptedEngine;
let service: HttpService;
const keys = { alice: '', admin: '', expired: '', revoked: '', other: '', mine: '' };

beforeAll(async () => {
  engine = await ScriptedEngine.create();
  keys.alice = await file.create('alice');
  keys.admin = await file.create('root', { isAdmin: true });
  keys.expired = await file.create('expired', { expiresAt: '2026-01-01T00:00:00.000Z' });
  keys.revoked = await file.create('revoked');
  keys.other = await file.create('other-model', { models: ['owner/other'] });
  keys.mine = await file.create('this-model', { models: [MODEL] });
  await revokeKey(file.path, 'revoked');
  service = await startHttpService(engine, {}, { keysFile: file.path });
});
beforeEach(() => {
  engine.reset();
  service.logLines.length = 0;
});
afterAll(async () => {
  await service.close();
  file[Symbol.dispose]();
});

const complete = (headers: Record<string, string>, body: object = BODY): Promise<Answer> =>
  call(service, 'POST', '/v1/completions', { headers, body });

const metrics = async (headers: Record<string, string> = {}): Promise<string> =>
  (await call(service, 'GET', '/metrics', { headers })).text;

describe('a valid key', () => {
  it.each([
    ['Authorization', () => ({ authorization: `Bearer ${keys.alice}` })],
    ['Authorization in lower case', () => ({ authorization: `bearer  ${keys.alice}` })],
    ['x-api-key', () => ({ 'x-api-key': keys.alice })],
    ['cf-aig-authorization', () => ({ 'cf-aig-authorization': `Bearer ${keys.alice}` })],
    ['X-Auth-Key with X-Auth-Email', () => ({ 'X-Auth-Email': 'a@b.c', 'X-Auth-Key': keys.alice })],
    [
      "a gateway's header beside the key of a provider behind it",
      () => ({ authorization: 'Bearer sk-else', 'cf-aig-authorization': `Bearer ${keys.alice}` }),
    ],
  ])('is read from %s', async (_, headers) => {
    expect((await complete(headers())).status).toBe(200);
    expect(service.logLines.at(-1)).toMatchObject({ key: 'alice', status: 200 });
  });

  it('is wanted on every route but the open ones', async () => {
    const open = ['/health', '/ready', '/openapi.yaml', '/api/version'];
    for (const path of open) expect((await call(service, 'GET', path)).status).toBe(200);
    const closed = [
      '/v1/models',
      `/v1/models/${MODEL}`,
      '/v1/requests/abc',
      '/benchmark',
      '/client/v4/accounts/a/vectorize/v2/indexes',
      '/workers-binding/vectorize/a/info',
      '/nowhere',
      '/api/tags',
      '/api/ps',
      '/health/',
      '/ai-gateway/gateways/a/logs',
      '/client/v4/accounts/a/ai-gateway/gateways/a/logs/b',
      '/workers-binding/ai-gateway/gateways/a/logs/b',
      '/workers-binding/ai-gateway/gateways/a/url/openai',
      '/workers-binding/ai-gateway/gateways/a/run/b/resume',
    ];
    for (const path of closed) expect((await call(service, 'GET', path)).status).toBe(401);
    const posted = [
      '/v1/chat/completions',
      '/v1/responses',
      '/v1/responses/input_tokens',
      '/v1/messages',
      '/v1/messages/count_tokens',
      '/api/chat',
      '/api/generate',
      '/api/embed',
      '/api/embeddings',
      '/api/show',
      '/v1/embeddings',
      '/v1/decisions',
      '/v1/systemone',
      '/ai/run',
      '/ai/v1/messages',
      '/workers-binding/run',
      '/workers-binding/ai-gateway/run',
      '/workers-binding/ai-gateway/universal/run/a',
      '/gateway/a/b',
      '/gateway/a/b/openai/chat/completions',
      '/v1/rerank',
      '/v1/score',
      '/tokenize',
      '/v1/attention',
      '/benchmark',
      '/workers-binding/vectorize/a/query',
    ];
    for (const path of posted) expect((await call(service, 'POST', path, { body: {} })).status).toBe(401);
    expect((await call(service, 'POST', '/health', { body: {} })).status).toBe(401);
  });

  it('is not wanted of the question that a browser asks before', async () => {
    const answer = await fetch(`${service.url}/v1/completions`, { method: 'OPTIONS' });
    expect(answer.status).toBe(204);
  });
});

describe('a request without a valid key', () => {
  it.each([
    ['no key', () => ({}), /no API key came/],
    ['another service’s key', () => bearer('sk-proj-0123456789'), /not one of this service/],
    ['a key that nobody made', () => bearer(makeApiKey().text), /not one of this service/],
    ['another scheme', () => ({ authorization: `Basic ${keys.alice}` }), /no API key came/],
    ['an expired key', () => bearer(keys.expired), /'expired' has expired/],
    ['a revoked key', () => bearer(keys.revoked), /'revoked' is revoked/],
    ['many bytes', () => bearer('x'.repeat(8000)), /not one of this service/],
  ])('is refused: %s', async (_, headers, message) => {
    const { status, headers: answered, json } = await complete(headers());
    expect(status).toBe(401);
    expect(answered['www-authenticate']).toBe('Bearer realm="tokenflare"');
    expect(answered['x-should-retry']).toBe('false');
    expect(json).toMatchObject({
      error: {
        type: 'authentication_error',
        code: 'unauthorized',
        message: expect.stringMatching(message) as string,
      },
    });
    expect(engine.requests).toEqual([]);
    expect(service.logLines.at(-1)).toMatchObject({ ended: 'error: unauthorized' });
    expect(service.logLines.at(-1)).not.toHaveProperty('key');
  });

  it('is refused in the envelope of Workers AI on its paths', async () => {
    for (const path of [`/ai/run/${MODEL}`, `/client/v4/accounts/a/ai/run/${MODEL}`]) {
      const { status, json } = await call(service, 'POST', path, { body: { prompt: 'a' } });
      expect(status).toBe(401);
      expect(json).toMatchObject({ success: false, errors: [{ code: 10_000 }] });
    }
  });

  it("is an AuthenticationError to OpenAI's client, which does not try again", async () => {
    const client = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: 'none', maxRetries: 3 });
    const error = await client.completions
      .create({ model: MODEL, ...BODY })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error).toMatchObject({ status: 401, code: 'unauthorized', type: 'authentication_error' });
    expect(service.logLines).toHaveLength(1);
  });

  it(
    'is refused 10,000 times over, each key compared once and in constant time',
    { timeout: 180_000 },
    async () => {
      const nearMiss = keys.alice.slice(0, -1) + (keys.alice.endsWith('A') ? 'E' : 'A');
      const number = 10_000;
      const agent = new Agent({ keepAlive: true });
      const statusOf = async (key: string): Promise<number | undefined> => {
        const outgoing = get(`${service.url}/v1/models`, { agent, headers: bearer(key) });
        const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
        await once(answer.resume(), 'end');
        return answer.statusCode;
      };
      const statuses = new Map<number | undefined, number>();
      comparisons.number = 0;
      let numSent = 0;
      const send = async (): Promise<void> => {
        while (numSent < number) {
          const i = numSent++;
          const key = [nearMiss, makeApiKey().text, `wrong-${i}`][i % 3] ?? '';
          const status = await statusOf(key);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }
      };
      await Promise.all(Array.from({ length: 8 }, send));
      agent.destroy();
      expect([...statuses]).toEqual([[401, number]]);
      expect(comparisons.number).toBe(number);
      expect((await complete(bearer(keys.alice))).status).toBe(200);
      expect(JSON.stringify(service.logLines)).not.toContain(nearMiss.slice(-43));
    },
  );
});

describe('a key for some models', () => {
  it('is answered with 403 for another, whether or not there is one, before it is loaded', async () => {
    for (const model of [MODEL, 'owner/nowhere', undefined]) {
      const { status, json } = await complete(bearer(keys.other), { ...BODY, model });
      expect(status).toBe(403);
      expect(json).toMatchObject({
        error: {
          type: 'permission_error',
          code: 'forbidden',
          param: 'model',
          message: expect.stringContaining('it may use owner/other') as string,
        },
      });
    }
    const run = await call(service, 'POST', `/ai/run/${MODEL}`, {
      headers: bearer(keys.other),
      body: { prompt: 'a' },
    });
    expect(run).toMatchObject({ status: 403, json: { errors: [{ code: 3041 }] } });
    expect((await complete(bearer(keys.mine))).status).toBe(200);
  });

  it('sees those alone', async () => {
    const client = (apiKey: string): OpenAI =>
      new OpenAI({ baseURL: `${service.url}/v1`, apiKey, maxRetries: 0 });
    const idsOf = async (apiKey: string): Promise<string[]> =>
      (await client(apiKey).models.list()).data.map(({ id }) => id);
    expect(await idsOf(keys.mine)).toEqual([MODEL]);
    expect(await idsOf(keys.other)).toEqual([]);
    await expect(client(keys.other).models.retrieve(MODEL)).rejects.toBeInstanceOf(PermissionDeniedError);
    // One of its own that is not there tells nothing of the others.
    const missing = await complete(bearer(keys.other), { ...BODY, model: 'owner/other' });
    expect(missing.status).toBe(404);
    expect(missing.text).not.toContain(MODEL);
  });
});

describe('/metrics', () => {
  it('is for this machine and for admin keys', async () => {
    expect(await metrics()).toContain('tokenflare_key_requests_total');
    // A proxy on this machine speaks for somebody else.
    const forwarded = { 'x-forwarded-for': '203.0.113.7' };
    const statusOf = async (headers: Record<string, string>): Promise<number> =>
      (await call(service, 'GET', '/metrics', { headers: { ...forwarded, ...headers } })).status;
    expect(await statusOf({})).toBe(401);
    expect(await statusOf(bearer(keys.alice))).toBe(403);
    expect(await statusOf(bearer(keys.admin))).toBe(200);
  });

  it('counts what a key uses, and why it is refused', async () => {
    const value = async (name: string): Promise<number> => {
      const line = (await metrics()).split('\n').find((one) => one.startsWith(`tokenflare_${name} `));
      return Number(line?.split(' ').at(-1) ?? 0);
    };
    const names = ['requests_total', 'prompt_tokens_total', 'generation_tokens_total'];
    const read = (): Promise<number[]> => Promise.all(names.map((name) => value(`key_${name}{key="alice"}`)));
    const before = await read();
    const { json } = await complete(bearer(keys.alice));
    const { usage } = json as { usage: { prompt_tokens: number; completion_tokens: number } };
    await call(service, 'POST', '/v1/embeddings', {
      headers: bearer(keys.alice),
      body: { input: ['The river', 'The river'] },
    });
    const after = await read();
    expect(after.map((number, i) => number - before[i]!)).toEqual([
      2,
      3 * usage.prompt_tokens,
      usage.completion_tokens,
    ]);
    const refusal = 'key_refusals_total{key="(none)",reason="unknown"}';
    const numRefused = await value(refusal);
    await complete(bearer('none'));
    expect(await value(refusal)).toBe(numRefused + 1);
    await complete(bearer(keys.revoked));
    expect(await value('key_refusals_total{key="revoked",reason="revoked"}')).toBeGreaterThan(0);
  });
});

it('runs a benchmark over HTTP for an admin key, by a key of its own that no limit counts', async () => {
  const limited = await file.create('limited-admin', { isAdmin: true, limits: { requestsPerMinute: 1 } });
  const own = await startHttpService(engine, {}, { keysFile: file.path });
  const { status, text } = await call(own, 'POST', '/benchmark', {
    headers: bearer(limited),
    body: { prompt_tokens: 4, max_tokens: 3, concurrency: [2], modes: ['http'] },
  });
  expect(status, text).toBe(200);
  expect(own.logLines.some(({ key }) => key === '(own)')).toBe(true);
  await own.close();
});

it('keeps keys out of the log, the metrics and the answers', async () => {
  const texts: string[] = [];
  for (const key of Object.values(keys)) {
    for (const path of ['/v1/models', '/v1/requests/x', '/nowhere'])
      texts.push((await call(service, 'GET', path, { headers: bearer(key) })).text);
    texts.push((await complete({ 'x-api-key': key })).text);
  }
  texts.push(JSON.stringify(service.logLines), await metrics());
  for (const key of Object.values(keys)) {
    for (const text of texts) expect(text).not.toContain(key.slice(-43));
    expect(readFileSync(file.path, 'utf8')).not.toContain(key.slice(-43));
  }
});

it('takes a new key, and refuses a revoked one, without a restart', async () => {
  const key = await file.create('late');
  await until(async () => (await complete(bearer(key))).status === 200);
  await revokeKey(file.path, 'late');
  await until(async () => (await complete(bearer(key))).status === 401);
  const text = readFileSync(file.path, 'utf8');
  writeFileSync(file.path, text.slice(0, 50));
  expect((await complete(bearer(keys.alice))).status).toBe(200);
  writeFileSync(file.path, text);
});

describe('keys beside requests without one (ALLOW_ANONYMOUS)', () => {
  let mixed: HttpService;
  beforeAll(async () => {
    mixed = await startHttpService(engine, {}, { keysFile: file.path, allowAnonymous: true });
  });
  afterAll(() => mixed.close());

  it('takes both, and no wrong key for none', async () => {
    const statusOf = async (headers: Record<string, string>): Promise<number> =>
      (await call(mixed, 'POST', '/v1/completions', { headers, body: BODY })).status;
    expect(await statusOf({})).toBe(200);
    expect(await statusOf(bearer(keys.alice))).toBe(200);
    expect(await statusOf(bearer('none'))).toBe(401);
  });
});

it('looks at no header where there are no keys', async () => {
  const plain = await startHttpService(engine);
  const answer = await call(plain, 'POST', '/v1/completions', { headers: bearer('none'), body: BODY });
  expect(answer.status).toBe(200);
  await plain.close();
});
