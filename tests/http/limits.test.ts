import { once } from 'node:events';
import { connect } from 'node:net';
import OpenAI, { APIUserAbortError, RateLimitError } from 'openai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KeyLimits } from '../../src/access/principal.ts';
import { call, type Answer } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { bearer, KeyFile } from '../support/keys.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';
import { until } from '../support/service.ts';

const MODEL = '@test/tiny-gpt2';
/** Its prompt is 4 tokens. */
const BODY = { prompt: 'The river', max_tokens: 2 };
const PROMPT_TOKENS = 4;

const file = new KeyFile();
let engine: ScriptedEngine;
let service: HttpService;
/** A service that reads its keys at the start sees all that were made for the test before. */
async function serve(limits: KeyLimits): Promise<string> {
  const key = await file.create(`key-${performance.now()}`, { limits });
  service = await startHttpService(engine, {}, { keysFile: file.path });
  return key;
}

beforeAll(async () => {
  engine = await ScriptedEngine.create();
});
beforeEach(() => engine.reset());
afterEach(() => service.close());
afterAll(() => file[Symbol.dispose]());

const complete = (key: string, body: object = {}): Promise<Answer> =>
  call(service, 'POST', '/v1/completions', { headers: bearer(key), body: { ...BODY, ...body } });

const openAi = (apiKey: string, maxRetries = 0): OpenAI =>
  new OpenAI({ baseURL: `${service.url}/v1`, apiKey, maxRetries });

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  const iterator = stream[Symbol.asyncIterator]();
  while ((await iterator.next()).done !== true);
}

/** What is left of the key's tokens, as any of its answers says. */
async function remainingTokens(key: string): Promise<number> {
  const { headers } = await call(service, 'GET', '/v1/requests/none', { headers: bearer(key) });
  return Number(headers['x-ratelimit-remaining-tokens']);
}

/** A request settles after the last byte of its answer, which its client may have before. */
const expectSettled = (key: string, numTokens: number): Promise<void> =>
  expect.poll(() => remainingTokens(key), { timeout: 30_000 }).toBe(numTokens);

describe('requests per minute', () => {
  it('lets as many through as there are, and says on each answer how many are left', async () => {
    const key = await serve({ requestsPerMinute: 3 });
    const answers = [await complete(key), await complete(key, { temperature: 9 }), await complete(key)];
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 200]);
    const remaining = answers.map(({ headers }) => headers['x-ratelimit-remaining-requests']);
    expect(remaining).toEqual(['2', '1', '0']);
    for (const { headers } of answers) {
      expect(headers['x-ratelimit-limit-requests']).toBe('3');
      expect(headers['x-ratelimit-reset-requests']).toMatch(/^(1m0s|[\d.]+s)$/);
      expect(headers).not.toHaveProperty('x-ratelimit-limit-tokens');
    }
    const refused = await complete(key);
    expect(refused.status).toBe(429);
    expect(refused.json).toMatchObject({ error: { type: 'rate_limit_error', code: 'rate_limited' } });
    expect(refused.headers).toMatchObject({
      'x-ratelimit-remaining-requests': '0',
      'x-should-retry': 'true',
    });
    const retryAfterMs = Number(refused.headers['retry-after-ms']);
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
    expect(Number(refused.headers['retry-after'])).toBe(Math.ceil(retryAfterMs / 1000));
  });

  it('is one account for all routes of both APIs', async () => {
    const key = await serve({ requestsPerMinute: 2 });
    await call(service, 'GET', '/v1/models', { headers: bearer(key) });
    const run = (): Promise<Answer> =>
      call(service, 'POST', `/ai/run/${MODEL}`, { headers: bearer(key), body: { prompt: 'a' } });
    expect((await run()).status).toBe(200);
    const refused = await run();
    expect(refused).toMatchObject({
      status: 429,
      json: {
        success: false,
        errors: [{ code: 3036, message: expect.stringMatching(/2 requests a minute/) as string }],
      },
    });
    expect(refused.headers['retry-after']).toMatch(/^\d+$/);
  });

  it("is a RateLimitError to OpenAI's client, with its headers", async () => {
    const key = await serve({ requestsPerMinute: 1 });
    const client = openAi(key);
    const { response } = await client.completions.create({ model: MODEL, ...BODY }).withResponse();
    expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    const error = await client.completions
      .create({ model: MODEL, ...BODY })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(RateLimitError);
    const { status, headers, code } = error as RateLimitError;
    expect({ status, code }).toEqual({ status: 429, code: 'rate_limited' });
    expect(headers.get('x-ratelimit-limit-requests')).toBe('1');
  });

  it('is nothing to those who have no limit, or another key', async () => {
    const key = await serve({ requestsPerMinute: 1 });
    await complete(key);
    const free = await file.create('free');
    await until(async () => (await complete(free)).status === 200);
    const { headers } = await complete(free);
    expect(Object.keys(headers).filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);
  });
});

describe('tokens per minute', () => {
  it('reserves what a request may need, and settles for what it used', async () => {
    const key = await serve({ tokensPerMinute: 1000 });
    // The script ends long before the limit of tokens.
    const { headers, json } = await complete(key, { max_tokens: 100, n: 2 });
    const { usage } = json as { usage: { total_tokens: number } };
    expect(headers['x-ratelimit-limit-tokens']).toBe('1000');
    expect(headers['x-ratelimit-remaining-tokens']).toBe(String(1000 - PROMPT_TOKENS - 200));
    expect(usage.total_tokens).toBeLessThan(100);
    await expectSettled(key, 1000 - usage.total_tokens);
  });

  it('holds what running streams may need, so that none can overrun it', async () => {
    const key = await serve({ tokensPerMinute: 100 });
    engine.reset({ stallAfter: 3 });
    const client = openAi(key);
    const create = (): Promise<AsyncIterable<unknown>> =>
      client.completions.create({ model: MODEL, ...BODY, max_tokens: 40, stream: true });
    const results = await Promise.allSettled(Array.from({ length: 6 }, create));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(RateLimitError);
    expect(engine.requests).toHaveLength(2);
    expect(await remainingTokens(key)).toBe(100 - 2 * (PROMPT_TOKENS + 40));
    const numMade = (): number[] => engine.unfinished(2).map(({ usage }) => usage.numGeneratedTokens);
    await until(() => numMade().every((number) => number === 3));
    for (const { id } of engine.requests) engine.cancel(id, 'delete');
    for (const result of results) if (result.status === 'fulfilled') await drain(result.value);
    await expectSettled(key, 100 - 2 * (PROMPT_TOKENS + 3));
  });

  it('settles a stream whose client hangs up, and one that breaks, for what they made', async () => {
    const key = await serve({ tokensPerMinute: 100 });
    engine.reset({ stallAfter: 2 });
    const controller = new AbortController();
    const stream = await openAi(key).completions.create(
      { model: MODEL, ...BODY, max_tokens: 50, stream: true },
      { signal: controller.signal },
    );
    const read = async (): Promise<void> => {
      const chunks: unknown[] = [];
      for await (const chunk of stream) if (chunks.push(chunk) === 2) controller.abort();
    };
    await read().catch((error: unknown) => expect(error).toBeInstanceOf(APIUserAbortError));
    await expectSettled(key, 100 - PROMPT_TOKENS - 2);
    engine.reset({ failAfter: 1 });
    expect((await complete(key, { max_tokens: 50 })).status).toBe(500);
    await expectSettled(key, 100 - 2 * PROMPT_TOKENS - 3);
  });

  it('counts each attempt of a gateway, and its tokens, and no answer of its cache', async () => {
    const key = await serve({ tokensPerMinute: 1000, requestsPerMinute: 10 });
    const ask = (headers: Record<string, string>): Promise<Answer> =>
      call(service, 'POST', '/gateway/a/b/openai/completions', {
        headers: { ...bearer(key), ...headers },
        body: BODY,
      });
    const { headers } = await ask({ 'cf-aig-cache-ttl': '60' });
    expect(headers['x-ratelimit-remaining-requests']).toBe('9');
    await expectSettled(key, 1000 - PROMPT_TOKENS - 2);
    expect((await ask({ 'cf-aig-cache-ttl': '60' })).headers['cf-aig-cache-status']).toBe('HIT');
    await expectSettled(key, 1000 - PROMPT_TOKENS - 2);
    engine.reset({ failAfter: 1 });
    const failed = await ask({ 'cf-aig-max-attempts': '3', 'cf-aig-retry-delay': '1' });
    expect([failed.status, failed.headers['x-ratelimit-remaining-requests']]).toEqual([500, '5']);
    await expectSettled(key, 1000 - PROMPT_TOKENS - 2 - 3 * (PROMPT_TOKENS + 1));
  });

  it('takes nothing for a request that is refused', async () => {
    const key = await serve({ tokensPerMinute: 1000 });
    expect((await complete(key, { max_tokens: 127 })).status).toBe(400);
    engine.numFreeSlots = 0;
    expect((await complete(key)).status).toBe(429);
    await expectSettled(key, 1000);
  });

  it('says at once that a request can never fit', async () => {
    const key = await serve({ tokensPerMinute: 50 });
    const { status, headers, json } = await complete(key, { max_tokens: 60 });
    expect(status).toBe(429);
    expect(headers['x-should-retry']).toBe('false');
    expect(headers).not.toHaveProperty('retry-after');
    expect(json).toMatchObject({
      error: {
        message: expect.stringContaining('50 tokens a minute, and this request may need 64') as string,
      },
    });
    // OpenAI's client obeys.
    const numLines = service.logLines.length;
    const body = { model: MODEL, ...BODY, max_tokens: 60 };
    await expect(openAi(key, 3).completions.create(body)).rejects.toBeInstanceOf(RateLimitError);
    await expect.poll(() => service.logLines.length).toBe(numLines + 1);
  });

  it('counts the tokens of embeddings', async () => {
    const key = await serve({ tokensPerMinute: 2 * PROMPT_TOKENS });
    const embed = (input: string[]): Promise<Answer> =>
      call(service, 'POST', '/v1/embeddings', { headers: bearer(key), body: { input } });
    expect((await embed(['The river', 'The river', 'The river'])).status).toBe(429);
    expect((await embed(['The river', 'The river'])).status).toBe(200);
    expect((await embed(['The river'])).status).toBe(429);
  });
});

describe('concurrency', () => {
  // One service for each: the place of a client that hung up is free a moment after its sequence ended.
  it.each([true, false])('is given back when a client hangs up, stream: %s', async (stream) => {
    const key = await serve({ concurrency: 1 });
    engine.reset({ stallAfter: 1 });
    const { port } = new URL(service.url);
    const body = JSON.stringify({ ...BODY, stream });
    // No client of HTTP, so that nothing reads what has come but the socket.
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      `POST /v1/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n` +
        `x-api-key: ${key}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await until(() => engine.stats().numSequencesRunning === 1);
    const refused = await complete(key);
    expect(refused).toMatchObject({ status: 429, json: { error: { code: 'rate_limited' } } });
    expect(refused.headers['retry-after']).toBe('1');
    socket.destroy();
    await once(socket, 'close');
    await until(() => engine.stats().numSequencesRunning === 0);
    engine.reset();
    await expect.poll(async () => (await complete(key)).status, { timeout: 30_000 }).toBe(200);
  });

  it('is given back when a request ends or fails', async () => {
    const key = await serve({ concurrency: 1 });
    for (const [script, status] of [
      [{ failAfter: 1 }, 500],
      [{}, 200],
      [{}, 200],
    ] as const) {
      engine.reset(script);
      await expect.poll(async () => (await complete(key)).status, { timeout: 30_000 }).toBe(status);
    }
  });

  it('leaves a client at its limit its stored responses', async () => {
    const key = await serve({ requestsPerMinute: 1 });
    expect((await complete(key)).status).toBe(200);
    const ask = (method: 'GET' | 'POST' | 'DELETE', path: string): Promise<Answer> =>
      call(service, method, path, { headers: bearer(key), ...(method === 'POST' ? { body: {} } : {}) });
    for (const path of ['/v1/responses/resp_1', '/v1/responses/resp_1/input_items']) {
      expect((await ask('GET', path)).status).toBe(404);
    }
    expect((await ask('DELETE', '/v1/responses/resp_1')).status).toBe(404);
    expect((await ask('POST', '/v1/responses/resp_1/cancel')).status).toBe(404);
    for (const path of ['/v1/responses', '/v1/responses/input_tokens', '/v1/messages']) {
      expect((await ask('POST', path)).status).toBe(429);
    }
  });

  it('leaves a client at its limit the way to cancel', async () => {
    const key = await serve({ concurrency: 1, requestsPerMinute: 1 });
    engine.reset({ stallAfter: 1 });
    const stream = await openAi(key).completions.create({ model: MODEL, ...BODY, stream: true });
    expect((await complete(key)).status).toBe(429);
    const [{ id } = { id: '' }] = engine.requests;
    const cancelled = await call(service, 'DELETE', `/v1/requests/${id}`, { headers: bearer(key) });
    expect(cancelled).toMatchObject({ status: 200, json: { cancelled: true } });
    expect(cancelled.headers['x-ratelimit-remaining-requests']).toBe('0');
    await drain(stream);
  });
});
