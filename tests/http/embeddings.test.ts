import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { CheckedFetch } from '../support/checked-fetch.ts';
import { call, post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

const PATH = '/v1/embeddings';
const MODEL = '@test/tiny-gpt2';

let service: HttpService;
let counting: HttpService;
const checked = new CheckedFetch();
beforeAll(async () => {
  service = await startHttpService(await ScriptedEngine.create());
  const { trustProxy } = readConfig({ TRUST_PROXY: '127.0.0.1' }, []);
  counting = await startHttpService(await ScriptedEngine.create(), { trustProxy, bodyLimitBytes: 2 ** 20 });
});
afterAll(() => Promise.all([service.close(), counting.close()]));

describe('POST /v1/embeddings', () => {
  it("answers OpenAI's client, which asks for base64, with a vector a text", async () => {
    const client = new OpenAI({
      baseURL: `${service.url}/v1`,
      apiKey: 'none',
      maxRetries: 0,
      fetch: checked.fetch,
    });
    const { data, usage, model } = await client.embeddings.create({
      model: MODEL,
      input: ['The river', 'N'],
    });
    expect(data).toHaveLength(2);
    expect(data[0]?.embedding).toHaveLength(8);
    // The scripted engine puts a one in the place of the first token.
    expect(data.map(({ embedding }) => embedding.filter((value) => value !== 0))).toEqual([[1], [1]]);
    expect(model).toBe(MODEL);
    expect(usage.prompt_tokens).toBeGreaterThan(2);
    await checked.settled();
  });

  it('gives the same numbers as a list and as base64, and takes token ids', async () => {
    const ids = { input: [[5, 6], [11]], encoding: 'model' };
    const list = await post(service, PATH, ids);
    const encoded = await post(service, PATH, { ...ids, encoding_format: 'base64' });
    const of = (json: unknown) =>
      (json as { data: { embedding: unknown }[] }).data.map(({ embedding }) => embedding);
    const decoded = of(encoded.json).map((text) => {
      const bytes = Buffer.from(String(text), 'base64');
      return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(4 * index));
    });
    expect(decoded).toEqual(of(list.json));
    expect(decoded.map((values) => values.indexOf(1))).toEqual([5, 3]);
    expect(list.json).toMatchObject({ usage: { prompt_tokens: 3, total_tokens: 3 } });
  });

  it("takes as many texts as OpenAI, of which LangChain's clients send 1,000 at a time", async () => {
    const input = Array.from({ length: 2048 }, (_, index) => ['The river', 'N'][index % 2]);
    const two = await post(service, PATH, { input: input.slice(0, 2) });
    const { status, json, text } = await post(service, PATH, { input });
    expect(status, text).toBe(200);
    const of = (body: unknown) => (body as { data: { index: number; embedding: number[] }[] }).data;
    expect(of(json).map(({ index }) => index)).toEqual(input.map((_, index) => index));
    expect(of(json).at(-1)?.embedding).toEqual(of(two.json)[1]?.embedding);
    expect((await post(service, PATH, { input: [...input, 'N'] })).status).toBe(400);
    expect((await post(service, '/api/embed', { model: MODEL, input })).status).toBe(200);
  });

  it('counts what texts and their vectors take, and a client that fills the room loses its own requests', async () => {
    const input = Array.from({ length: 2048 }, () => 'a'.repeat(480));
    const stop = new AbortController();
    const ask = async (address: string, body: object): Promise<string> => {
      const answer = await fetch(`${counting.url}${PATH}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
        body: JSON.stringify(body),
        signal: stop.signal,
      });
      return `${answer.status} ${await answer.text()}`;
    };
    const large = Array.from({ length: 24 }, () =>
      ask('192.0.2.1', { input, truncate_prompt_tokens: -1 }).catch(() => 'stopped'),
    );
    expect(await Promise.race(large)).toMatch(/^429 .*texts that are embedded take more than \d+ bytes/);
    expect(await ask('192.0.2.2', { input: 'The river' })).toMatch(/^200 /);
    stop.abort();
    await Promise.all(large);
  });

  it("answers Ollama's older route as its newer one, with one vector", async () => {
    const { json } = await post(service, '/api/embed', { model: MODEL, input: 'The river' });
    const [embedding] = (json as { embeddings: number[][] }).embeddings;
    const asked = {
      model: `${MODEL}:latest`,
      prompt: 'The river',
      keep_alive: '5m',
      options: { num_ctx: 8 },
    };
    const older = await post(service, '/api/embeddings', asked);
    expect(older.json).toEqual({ embedding });
    expect((await post(service, '/api/embeddings', { model: MODEL, prompt: '' })).json).toEqual({
      embedding: [],
    });
    const missing = await post(service, '/api/embeddings', { model: 'gpt-9', prompt: 'a' });
    expect([missing.status, missing.json]).toEqual([404, { error: expect.any(String) as string }]);
  });

  it.each([
    [{ input: '' }, 'input[0]'],
    [{ input: ['a', ''] }, 'input[1]'],
    [{ input: [9999], encoding: 'model' }, 'input[0]'],
    [{ input: [5], encoding: 'cl100k_base' }, 'encoding'],
    [{}, 'input'],
    [{ input: 'a', dimensions: 9 }, 'dimensions'],
    [{ input: 'a', dimensions: 0 }, 'dimensions'],
    [{ input: 'a', encoding_format: 'int8' }, 'encoding_format'],
    [{ input: 'a', inputs: 'b' }, 'inputs'],
    [{ input: 'a', truncate_prompt_tokens: 0 }, 'truncate_prompt_tokens'],
    [{ input: 'a', truncate_prompt_tokens: -2 }, 'truncate_prompt_tokens'],
    [{ input: 'a', timeout_ms: 2 ** 31 }, 'timeout_ms'],
  ])('400 for %j, naming the field', async (body, param) => {
    const { status, json } = await post(service, PATH, body);
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { code: 'invalid_request', param } });
  });

  it.each([[[5]], [[[5, 6], [11]]]])('refuses token ids of an unknown vocabulary: %j', async (input) => {
    const { status, json } = await post(service, PATH, { input });
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { code: 'invalid_request', param: 'input' } });
    expect(JSON.stringify(json)).toContain('check_embedding_ctx_length=False');
  });

  it('400 for a text beyond the context, unless it may be cut', async () => {
    const input = 'long '.repeat(2000);
    const { status, json } = await post(service, PATH, { input });
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { code: 'context_length_exceeded', param: 'input' } });
    const cut = await post(service, PATH, { input, truncate_prompt_tokens: -1 });
    expect(cut.status).toBe(200);
    expect(cut.json).toMatchObject({ usage: { prompt_tokens: 128 } });
  });

  it('404 for another model, 405 for another method', async () => {
    expect((await post(service, PATH, { model: 'gpt-9', input: 'a' })).status).toBe(404);
    expect((await call(service, 'GET', PATH)).status).toBe(405);
  });
});
