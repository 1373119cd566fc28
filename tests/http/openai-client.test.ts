import OpenAI, { APIError, APIUserAbortError, RateLimitError } from 'openai';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CheckedFetch } from '../support/checked-fetch.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

/** OpenAI's own client against the service: what it makes of answers, errors and streams is the contract. */

const MODEL = '@test/tiny-gpt2';
const TEXT = ' runs past the old mill and down to the sea';

let engine: ScriptedEngine;
let service: HttpService;
let client: OpenAI;
const checked = new CheckedFetch();

beforeAll(async () => {
  engine = await ScriptedEngine.create();
  service = await startHttpService(engine);
  client = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: 'none', maxRetries: 0, fetch: checked.fetch });
});
beforeEach(() => engine.reset());
afterEach(() => checked.settled());
afterAll(async () => {
  await service.close();
  expect(checked.numChecked).toBeGreaterThan(5);
});

describe('openai client', () => {
  it('reads a completion, and its request id', async () => {
    const completion = await client.completions.create({
      model: MODEL,
      prompt: 'The river',
      max_tokens: 100,
    });
    expect(completion.choices[0]).toMatchObject({ index: 0, text: TEXT, finish_reason: 'stop' });
    expect(completion.usage).toMatchObject({ prompt_tokens: 4 });
    expect(completion.id).toBe(`cmpl-${completion._request_id}`);
  });

  it('reads a stream with usage', async () => {
    const stream = await client.completions.create({
      model: MODEL,
      prompt: 'The river',
      max_tokens: 100,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let totalTokens: number | undefined;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.text ?? '';
      totalTokens = chunk.usage?.total_tokens ?? totalTokens;
    }
    expect(text).toBe(TEXT);
    expect(totalTokens).toBe(4 + engine.ownTokenizer.encode(TEXT).length);
  });

  it('streams for longer than the timeout that it has, which is for the headers, and tells', async () => {
    engine.reset({ tokenDelayMs: 100 });
    const hasty = client.withOptions({ timeout: 500 });
    const { response, data: stream } = await hasty.completions
      .create({ model: MODEL, prompt: 'a', max_tokens: 100, stream: true })
      .withResponse();
    let text = '';
    for await (const { choices } of stream) text += choices[0]?.text ?? '';
    expect(text).toBe(TEXT);
    const id = response.headers.get('x-request-id') ?? '';
    expect(engine.find(id)).toMatchObject({ status: 'finished' });
  });

  it('takes its own optional fields: user, metadata of the defaults, logprobs, echo', async () => {
    const completion = await client.completions.create({
      model: MODEL,
      prompt: ['The river', 'The river'],
      max_tokens: 2,
      user: 'somebody',
      best_of: 1,
      logprobs: 2,
      echo: true,
    });
    expect(completion.choices).toHaveLength(2);
    expect(completion.choices[1]?.logprobs?.text_offset?.[0]).toBe(0);
  });

  it('finds models, whose ids may hold slashes', async () => {
    const models = await client.models.list();
    expect(models.data.map(({ id }) => id)).toEqual([MODEL]);
    expect((await client.models.retrieve(MODEL)).id).toBe(MODEL);
  });

  it('throws an error that names the field', async () => {
    const error = await client.completions
      .create({ model: MODEL, prompt: 'a', temperature: 9 })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ status: 400, param: 'temperature', code: 'invalid_request' });
    expect((error as APIError).requestID).toMatch(/^[\w-]{36}$/);
  });

  it('throws the error of a stream that breaks', async () => {
    engine.reset({ failAfter: 2 });
    const stream = await client.completions.create({ model: MODEL, prompt: 'a', stream: true });
    const texts: string[] = [];
    const read = async (): Promise<void> => {
      for await (const { choices } of stream) texts.push(choices[0]?.text ?? '');
    };
    await expect(read()).rejects.toMatchObject({ code: 'backend_failure' });
    expect(texts).toHaveLength(2);
  });

  it('waits as long as a busy service says, then comes through', async () => {
    const patient = client.withOptions({ maxRetries: 1 });
    engine.numFreeSlots = 0;
    const startedMs = performance.now();
    const pending = patient.completions.create({ model: MODEL, prompt: 'a' });
    await sleep(500);
    engine.numFreeSlots = 1;
    expect((await pending).choices).toHaveLength(1);
    // The engine says 2500 ms; the client's own first wait would be half a second.
    expect(performance.now() - startedMs).toBeGreaterThan(2400);
    engine.numFreeSlots = 0;
    await expect(client.completions.create({ model: MODEL, prompt: 'a' })).rejects.toBeInstanceOf(
      RateLimitError,
    );
  });

  it('does not retry what would fail again', async () => {
    const stubborn = client.withOptions({ maxRetries: 3 });
    const numLines = service.logLines.length;
    await expect(stubborn.completions.create({ model: MODEL, prompt: 'a', n: 0 })).rejects.toBeInstanceOf(
      APIError,
    );
    expect(service.logLines).toHaveLength(numLines + 1);
  });

  it('cancels by abort and by leaving the loop', async () => {
    // A checked answer would be read to its end.
    const client = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: 'none', maxRetries: 0 });
    engine.reset({ stallAfter: 1 });
    const controller = new AbortController();
    const pending = client.completions.create({ model: MODEL, prompt: 'a' }, { signal: controller.signal });
    while (engine.requests.length === 0) await sleep(5);
    controller.abort();
    await expect(pending).rejects.toBeInstanceOf(APIUserAbortError);
    const stream = await client.completions.create({ model: MODEL, prompt: 'a', stream: true });
    for await (const chunk of stream) if (chunk.choices.length > 0) break;
    while (engine.stats().numSequencesRunning > 0) await sleep(5);
    const records = engine.requests.map(({ id }) => engine.find(id));
    expect(records.map((record) => record?.cancelCause)).toEqual(['disconnect', 'disconnect']);
  });
});
