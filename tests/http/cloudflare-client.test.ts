import Cloudflare, { BadRequestError, NotFoundError, RateLimitError } from 'cloudflare';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CheckedFetch } from '../support/checked-fetch.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { bearer, KeyFile } from '../support/keys.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';
import { until } from '../support/service.ts';

/** Cloudflare's own client against the service: it percent-encodes the model's id, and reads Cloudflare's envelopes. */

const MODEL = '@test/tiny-gpt2';
const TEXT = ' runs past the old mill and down to the sea';
const account_id = '0123abc';

let engine: ScriptedEngine;
let service: HttpService;
let client: Cloudflare;
const checked = new CheckedFetch();

const clientOf = (url: string, apiToken = 'none'): Cloudflare =>
  new Cloudflare({ baseURL: `${url}/client/v4`, apiToken, maxRetries: 0, fetch: checked.fetch });

beforeAll(async () => {
  engine = await ScriptedEngine.create();
  engine.model.contextLength = 1024;
  service = await startHttpService(engine);
  client = clientOf(service.url);
});
beforeEach(() => engine.reset());
afterEach(() => checked.settled());
afterAll(async () => {
  await service.close();
  expect(checked.numChecked).toBeGreaterThan(5);
});

describe('ai.run', () => {
  it('reads a text', async () => {
    const result = await client.ai.run(MODEL, { account_id, prompt: 'The river' });
    expect(result).toMatchObject({ response: TEXT, usage: { prompt_tokens: 4 } });
    expect(engine.requests[0]?.prompts[0]).toEqual(engine.ownTokenizer.encode('The river'));
  });

  it('reads embeddings', async () => {
    const result = await client.ai.run(MODEL, { account_id, text: ['The river', 'The mill', 'a'] });
    expect(result).toMatchObject({ shape: [3, 8], pooling: 'mean' });
    const { data } = result as { data: number[][] };
    expect(data.map((embedding) => embedding.length)).toEqual([8, 8, 8]);
    const one = await client.ai.run(MODEL, { account_id, text: 'The river' });
    expect((one as { data: number[][] }).data).toEqual([data[0]]);
  });

  it('reads JSON as the object that it is', async () => {
    engine.reset({ text: '{"river":"Rhine","km":1233}' });
    const body = { account_id, prompt: 'The river', response_format: { type: 'json_object' } };
    // The client's types have no `response_format`.
    const result = await client.ai.run(MODEL, body);
    expect(result).toMatchObject({ response: { river: 'Rhine', km: 1233 } });
  });

  it('throws 5024 where the JSON does not come to its end', async () => {
    engine.reset({ text: '{"river":"Rhine","km":1233}' });
    const body = { account_id, prompt: 'a', max_tokens: 5, response_format: { type: 'json_object' } };
    const error: unknown = await client.ai
      .run(MODEL, body as Cloudflare.AI.AIRunParams)
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ errors: [{ code: 5024, source: { pointer: '/max_tokens' } }] });
    expect(String(error)).toContain('max_tokens (5) was reached');
  });

  it.each([
    [{ prompt: 'a', temperature: 9 }, BadRequestError, 5004],
    [{ prompt: 'a', max_tokens: 2000 }, Cloudflare.APIError, 5021],
    [{ query: 'a', contexts: [] }, BadRequestError, 5004],
  ])('throws the error of %j', async (body, type, code) => {
    const error: unknown = await client.ai
      .run(MODEL, { account_id, ...body })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({ errors: [{ code }] });
  });

  it('throws 5007 for a model that there is not', async () => {
    const asked = client.ai.run('@cf/meta/llama-3.1-8b-instruct', { account_id, prompt: 'a' });
    await expect(asked).rejects.toMatchObject({ status: 400, errors: [{ code: 5007 }] });
  });

  it('throws 3040 where it may not wait', async () => {
    engine.reset({ stallAfter: 1 });
    const { maxNumSeqs } = engine.stats();
    const running = Array.from({ length: maxNumSeqs }, () =>
      client.ai.run(MODEL, { account_id, prompt: 'a' }),
    );
    await until(() => engine.requests.length === maxNumSeqs);
    const body = { account_id, prompt: 'a', options: { rejectIfBusy: true } };
    const refused: unknown = await client.ai
      .run(MODEL, body as Cloudflare.AI.AIRunParams)
      .catch((caught: unknown) => caught);
    expect(refused).toBeInstanceOf(RateLimitError);
    expect(refused).toMatchObject({
      errors: [{ code: 3040, message: 'Capacity temporarily exceeded, please try again.' }],
    });
    const [first] = engine.requests;
    expect(engine.cancel(first?.id ?? '', 'delete')).toBe(true);
    engine.script.stallAfter = undefined;
    await expect(client.ai.run(MODEL, body as Cloudflare.AI.AIRunParams)).resolves.toMatchObject({
      response: TEXT,
    });
    for (const { id } of engine.requests) engine.cancel(id, 'delete');
    await Promise.all(running);
  });
});

describe('batch jobs', () => {
  const options = { query: { queueRequest: 'true' } };

  it('are taken, and read once they are done', async () => {
    const requests = [
      { prompt: 'The river', external_reference: 'one' },
      { prompt: 'The river', temperature: 9, external_reference: 'two' },
      { text: 'The river' },
    ];
    const job = await client.ai.run(MODEL, { account_id, requests } as Cloudflare.AI.AIRunParams, options);
    expect(job).toMatchObject({ status: 'queued', model: MODEL });
    const { request_id } = job as { request_id: string };
    const poll = (): Promise<unknown> =>
      client.ai.run(MODEL, { account_id, request_id } as Cloudflare.AI.AIRunParams, options);
    await until(async () => 'responses' in ((await poll()) as object));
    const { responses, usage } = (await poll()) as { responses: unknown[]; usage: unknown };
    expect(responses).toMatchObject([
      { id: 0, success: true, external_reference: 'one', result: { response: TEXT } },
      { id: 1, success: false, external_reference: 'two', result: null, errors: [{ code: 5004 }] },
      { id: 2, success: true, external_reference: null, result: { shape: [1, 8] } },
    ]);
    const numGenerated = engine.ownTokenizer.encode(TEXT).length;
    expect(usage).toEqual({
      prompt_tokens: 8,
      completion_tokens: numGenerated,
      total_tokens: 8 + numGenerated,
    });
  });

  it('that there are not are not found', async () => {
    const body = { account_id, request_id: 'none' } as Cloudflare.AI.AIRunParams;
    await expect(client.ai.run(MODEL, body, options)).rejects.toBeInstanceOf(NotFoundError);
  });
});

describe('ai.models.list', () => {
  it('reads all pages', async () => {
    const names: unknown[] = [];
    for await (const model of client.ai.models.list({ account_id, per_page: 1 })) {
      names.push((model as { name: string }).name);
    }
    expect(names).toEqual([MODEL]);
  });

  it.each([
    [{ search: 'TINY' }, 1],
    [{ search: 'llama' }, 0],
    [{ task: 'Text Generation', author: 'test', source: 1, hide_experimental: true }, 1],
    [{ task: 'Text Embeddings' }, 0],
    [{ author: 'meta' }, 0],
    [{ source: 2 }, 0],
    [{ page: 2 }, 0],
  ])('filters by %j', async (filter, number) => {
    const { result } = await client.ai.models.list({ account_id, ...filter });
    expect(result).toHaveLength(number);
  });

  it('shows the context', async () => {
    const { result } = await client.ai.models.list({ account_id });
    expect(result).toMatchObject([
      { name: MODEL, task: { name: 'Text Generation' }, properties: [{ property_id: 'context_window' }] },
    ]);
  });

  it('refuses a format that there is not', async () => {
    await expect(client.ai.models.list({ account_id, format: 'openrouter' })).rejects.toMatchObject({
      errors: [{ code: 5004, source: { pointer: '/format' } }],
    });
  });
});

describe('a key for some models', () => {
  const file = new KeyFile();
  let locked: HttpService;
  beforeAll(async () => {
    await file.create('first');
    locked = await startHttpService(engine, {}, { keysFile: file.path });
  });
  afterAll(async () => {
    await locked.close();
    file[Symbol.dispose]();
  });

  it('may use a model by its encoded id, and no other by an id that is encoded twice', async () => {
    const mine = await file.create('mine', { models: [MODEL] });
    const all = await file.create('all');
    await until(async () => (await fetch(`${locked.url}/v1/models`, { headers: bearer(all) })).ok);
    const run = clientOf(locked.url, mine).ai.run(MODEL, { account_id, prompt: 'a' });
    await expect(run).resolves.toMatchObject({ response: TEXT });
    const codeOf = async (path: string, key: string): Promise<number | undefined> => {
      const answer = await checked.fetch(`${locked.url}/client/v4/accounts/a/ai/run/${path}`, {
        method: 'POST',
        headers: { ...bearer(key), 'content-type': 'application/json' },
        body: '{"prompt":"a"}',
      });
      const { errors } = (await answer.json()) as { errors: { code: number }[] };
      return errors[0]?.code;
    };
    // The id is decoded once, for the check as for the engine.
    expect(await codeOf('%40test%2Ftiny-gpt2', all)).toBeUndefined();
    expect(await codeOf('%2540test%252Ftiny-gpt2', all)).toBe(5007);
    expect(await codeOf('%2540test%252Ftiny-gpt2', mine)).toBe(3041);
    expect(await codeOf('%252540test%25252Ftiny-gpt2', mine)).toBe(3041);
    expect(await codeOf('%40test%2Ftiny-gpt2%00', mine)).toBe(3041);
    expect(await codeOf('x/..%2F%40test%2Ftiny-gpt2', mine)).toBe(3041);
  });

  it('finds those alone', async () => {
    const none = await file.create('none', { models: ['owner/other'] });
    await until(async () => (await fetch(`${locked.url}/v1/models`, { headers: bearer(none) })).ok);
    const { result } = await clientOf(locked.url, none).ai.models.list({ account_id });
    expect(result).toEqual([]);
  });
});

describe('aiGateway', () => {
  const gateway_id = 'of-the-client';
  const ask = (body: object): Promise<Response> =>
    fetch(`${service.url}/gateway/any/${gateway_id}/openai/completions`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'cf-aig-metadata': '{"user":7}',
        authorization: 'Bearer none',
      },
      body: JSON.stringify({ prompt: 'The river', max_tokens: 4, ...body }),
    });

  it('lists logs by pages, reads one, and takes feedback', async () => {
    const ids: unknown[] = [];
    for (let index = 0; index < 5; index++) {
      const answer = await ask(index === 0 ? { model: 'nobody' } : {});
      await answer.text();
      ids.unshift(answer.headers.get('cf-aig-log-id'));
    }
    const listed: string[] = [];
    for await (const log of client.aiGateway.logs.list(gateway_id, { account_id, per_page: 2 })) {
      listed.push(log.id);
      expect(JSON.parse(log.metadata ?? '{}')).toEqual({ user: 7 });
    }
    expect(listed).toEqual(ids);
    const failed = await client.aiGateway.logs.get(listed[4] ?? '', { account_id, gateway_id });
    expect(failed).toMatchObject({ status_code: 404, success: false, model: 'nobody' });
    const id = listed[0] ?? '';
    await client.aiGateway.logs.edit(id, { account_id, gateway_id, feedback: 1, score: 90 });
    const log = await client.aiGateway.logs.get(id, { account_id, gateway_id });
    expect(log).toMatchObject({
      id,
      provider: 'openai',
      success: true,
      tokens_out: 4,
      feedback: 1,
      score: 90,
    });
  });

  it('says where a provider is, and that a log is not there', async () => {
    const url = await client.aiGateway.urls.get('openai', { account_id, gateway_id });
    expect(url).toBe(`${service.url}/gateway/local/${gateway_id}/openai`);
    const openai = new OpenAI({ baseURL: url, apiKey: 'none', maxRetries: 0, fetch: checked.fetch });
    const completion = await openai.completions.create({ model: MODEL, prompt: 'The river', max_tokens: 99 });
    expect(completion.choices[0]?.text).toBe(TEXT);
    const none = client.aiGateway.logs.get('none', { account_id, gateway_id });
    await expect(none).rejects.toThrow(NotFoundError);
  });
});

describe.each(['/ai/v1', '/client/v4/accounts/0123abc/ai/v1'])("OpenAI's client below %s", (base) => {
  const openai = (): OpenAI =>
    new OpenAI({ baseURL: service.url + base, apiKey: 'none', maxRetries: 0, fetch: checked.fetch });

  it('completes, embeds and lists models', async () => {
    const completion = await openai().completions.create({
      model: MODEL,
      prompt: 'The river',
      max_tokens: 99,
    });
    expect(completion.choices[0]?.text).toBe(TEXT);
    const embeddings = await openai().embeddings.create({ model: MODEL, input: ['a', 'b'] });
    expect(embeddings.data).toHaveLength(2);
    expect((await openai().models.list()).data.map(({ id }) => id)).toEqual([MODEL]);
    expect((await openai().models.retrieve(MODEL)).id).toBe(MODEL);
  });

  it("throws OpenAI's errors", async () => {
    const chat = openai().chat.completions.create({
      model: MODEL,
      messages: [{ role: 'user', content: 'a' }],
    });
    await expect(chat).rejects.toMatchObject({ status: 400, param: 'messages', code: 'invalid_request' });
    const completion = openai().completions.create({ model: 'none', prompt: 'a' });
    await expect(completion).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
  });
});
