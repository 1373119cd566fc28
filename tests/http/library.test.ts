import { serve } from '@hono/node-server';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Hono } from 'hono';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createService, EngineError, type TokenflareService } from '../../src/library/index.ts';
import { bearer, KeyFile } from '../support/keys.ts';
import { TINY_MODEL } from '../support/service.ts';

/** The service in a program: mounted below a path of another application, with keys; and asked by the program itself. */

const keys = new KeyFile();
let key: string;
let service: TokenflareService;
let server: Server;
let base: string;

beforeAll(async () => {
  key = await keys.create('a', { isAdmin: true });
  service = await createService({
    MODEL: TINY_MODEL,
    RUNTIME: 'wasm',
    KEYS_FILE: keys.path,
    MAX_NUM_SEQS: 2,
  });
  const app = new Hono();
  app.get('/', (c) => c.text('the application'));
  app.route('/deep/llm', service.app);
  server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server;
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await service.close();
  keys[Symbol.dispose]();
});

const LONG = { prompt: 'The river', max_tokens: 100, ignore_eos: true, temperature: 0 };

describe('mounted below a path', () => {
  const at = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${base}/deep/llm${path}`, init);
  const post = (
    path: string,
    body: object,
    headers: Record<string, string> = bearer(key),
  ): Promise<Response> =>
    at(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  it('leaves the rest to the application', async () => {
    expect(await (await fetch(base)).text()).toBe('the application');
    expect((await fetch(`${base}/v1/models`)).status).toBe(404);
    expect(await (await fetch(`${base}/v1/models`)).text()).toBe('404 Not Found');
  });

  it('serves its page there, with or without the last slash', async () => {
    for (const path of ['', '/', '/docs']) {
      const html = await (await at(path)).text();
      expect(html).toContain('<base href="/deep/llm/" />');
      const [, script = ''] = /src="([^"]+\.js)"/.exec(html) ?? [];
      expect((await fetch(new URL(script, `${base}/deep/llm/`))).status).toBe(200);
    }
  });

  it('keeps its open routes open, and asks for a key on the others', async () => {
    for (const path of ['/health', '/ready', '/openapi.yaml', '/api/version']) {
      expect((await at(path)).status).toBe(200);
    }
    const refused = await post('/v1/completions', LONG, {});
    expect(refused.status).toBe(401);
    expect((await post('/v1/completions', { ...LONG, max_tokens: 2 })).status).toBe(200);
    expect(await (await at('/metrics', { headers: bearer(key) })).text()).toContain(
      'tokenflare_http_requests_total{method="POST",route="/v1/completions",status="200"}',
    );
  });

  it("tells errors in the envelope of each route's family", async () => {
    const openAi = (await (await post('/v1/completions', {})).json()) as object;
    const message = expect.stringContaining('prompt') as string;
    expect(openAi).toMatchObject({ error: { code: 'invalid_request', param: 'prompt', message } });
    const anthropic = (await (await post('/v1/messages', {})).json()) as object;
    expect(anthropic).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
    const workersAi = (await (await post(`/ai/run/${service.model.id}`, {})).json()) as object;
    expect(workersAi).toMatchObject({ success: false, errors: [{ code: 5004 }] });
    const ollama = (await (await post('/api/chat', {})).json()) as object;
    expect(ollama).toEqual({ error: 'model is required' });
    const missing = await post('/v1/nothing', {});
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({ error: { code: 'not_found' } });
    expect((await at('/v1/completions', { headers: bearer(key) })).status).toBe(405);
  });

  it('streams, and stops when its client is gone', async () => {
    const client = new OpenAI({ baseURL: `${base}/deep/llm/v1`, apiKey: key, maxRetries: 0 });
    const stream = await client.completions.create({
      model: service.model.id,
      prompt: 'The river',
      max_tokens: 100,
      stream: true,
    });
    for await (const chunk of stream) if (chunk.choices[0]?.text) break;
    await idle();
  });
});

describe('asked by the program', () => {
  it('needs no key, and gives pieces that make the whole', async () => {
    let text = '';
    let end: unknown;
    for await (const piece of service.complete(LONG)) {
      text += piece.text;
      end = piece.finish_reason ?? end;
    }
    const body = await service.complete(LONG).whole();
    expect(text).toBe(body.choices[0]?.text);
    expect(body).toMatchObject({ usage: { completion_tokens: 100 } });
    expect(end).toBe('length');
  });

  it('stops when the loop is left, and when the signal is aborted', async () => {
    for await (const { text } of service.complete(LONG)) if (text !== '') break;
    await idle();
    const stop = new AbortController();
    const read = async (): Promise<void> => {
      for await (const { delta } of service.chat(
        { messages: [{ role: 'user', content: 'a' }], max_tokens: 100, ignore_eos: true },
        { signal: stop.signal },
      ))
        if (delta.content) stop.abort(new Error('enough'));
    };
    await expect(read()).rejects.toThrow('enough');
    await idle();
  });

  it('throws what the API tells', async () => {
    const error: unknown = await service
      .complete({ prompt: 'a', temperature: 9 })
      .whole()
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({ code: 'invalid_request', param: 'temperature', retryable: false });
    const streamed = service.complete({ prompt: 'a'.repeat(3000) })[Symbol.asyncIterator]();
    await expect(streamed.next()).rejects.toMatchObject({ code: 'context_length_exceeded' });
  });

  it("is what clients' `fetch` reaches", async () => {
    const client = new OpenAI({ baseURL: 'http://anywhere/v1', apiKey: 'none', fetch: service.fetch });
    const { data } = await client.models.list();
    expect(data.map(({ id }) => id)).toEqual([service.model.id]);
    const stream = await client.chat.completions.create({
      model: service.model.id,
      messages: [{ role: 'user', content: 'a' }],
      max_completion_tokens: 5,
      stream: true,
    });
    let numChunks = 0;
    for await (const chunk of stream) numChunks += chunk.choices.length;
    expect(numChunks).toBeGreaterThan(0);
  });
});

describe('settings', () => {
  it.each([
    [{ NO_SUCH: 1 }, /no setting 'NO_SUCH'/],
    [{ PORT: 9000 }, /no setting 'PORT'/],
    [{ MAX_NUM_SEQS: 'many' }, /MAX_NUM_SEQS is 'many': must be a whole number/],
    [{ MODEL: '/nope' }, /MODEL is '\/nope'/],
  ])('%j is refused', async (settings, message) => {
    await expect(createService(settings as object)).rejects.toThrow(message);
  });
});

/** Until nothing runs any more. */
async function idle(): Promise<void> {
  const running = async (): Promise<number> => {
    const response = await service.fetch('http://localhost/v1/requests');
    return ((await response.json()) as { data: unknown[] }).data.length;
  };
  while ((await running()) > 0) await sleep(10);
}
