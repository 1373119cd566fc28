import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CompletionBody } from '../../routes/openai/schemas/completions.ts';
import type { ModelListBody } from '../../routes/openai/schemas/models.ts';
import { BAD_MODELS } from '../support/bad-models.ts';
import { fixturePath } from '../support/fixtures.ts';
import { metric, startTestService, TINY_MODEL, type TestService } from '../support/service.ts';
import { postJson, sseData } from '../support/sse.ts';

/** A folder of good models and of files that are wrong in every way: each is told of, and nothing else is harmed. */

const GOOD = {
  'good.gguf': 'tiny-llama/gqa/model-q8_0.gguf',
  'good-gemma.gguf': 'tiny-gemma3/pattern-6/model-q8_0.gguf',
};
const LOOP = '{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}';

let folder: string;
let service: TestService;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tokenflare-test-'));
  for (const [id, file] of Object.entries(GOOD)) cpSync(fixturePath(file), join(folder, id));
  for (const { id, create } of BAD_MODELS) create(join(folder, id));
  mkdirSync(join(folder, 'empty'));
  cpSync(TINY_MODEL, join(folder, 'loops'), { recursive: true });
  writeFileSync(join(folder, 'loops', 'chat_template.jinja'), LOOP);
  service = await startTestService({ RUNTIME: 'cpu', MODELS_DIR: folder, KV_CACHE_MB: '16' });
});
afterAll(async () => {
  await service.close(0);
  rmSync(folder, { recursive: true });
});

const body = (model: string, more: object = {}) => ({
  model,
  prompt: 'The river',
  max_tokens: 60,
  temperature: 0,
  ignore_eos: true,
  ...more,
});
const complete = (model: string, more?: object): Promise<Response> =>
  postJson(`${service.url}/v1/completions`, body(model, more));

async function textOf(model: string): Promise<string | undefined> {
  const response = await complete(model);
  expect(response.status, await response.clone().text()).toBe(200);
  return ((await response.json()) as CompletionBody).choices[0]?.text;
}

async function streamedText(model: string): Promise<string> {
  let text = '';
  let last = '';
  for await (const data of sseData(await complete(model, { stream: true }))) {
    last = data;
    if (data !== '[DONE]') text += (JSON.parse(data) as CompletionBody).choices[0]?.text ?? '';
  }
  expect(last).toBe('[DONE]');
  return text;
}

async function modelsById(): Promise<Record<string, ModelListBody['data'][number]>> {
  const { data } = (await (await fetch(`${service.url}/v1/models`)).json()) as ModelListBody;
  return Object.fromEntries(data.map((model) => [model.id, model]));
}

/** Streams one completion after the other while something goes on; what each of them said. */
async function streamedMeanwhile(model: string, others: Promise<unknown>): Promise<string[]> {
  const texts: string[] = [];
  const other = { isOver: false };
  const watched = others.finally(() => (other.isOver = true));
  do texts.push(await streamedText(model));
  while (!other.isOver);
  await watched;
  return texts;
}

async function expectRefused(response: Response, code: string, message: RegExp): Promise<void> {
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  const body: unknown = await response.json();
  expect(body).toMatchObject({
    error: { code, message: expect.stringMatching(message) as unknown, type: 'server_error' },
  });
  // Where models lie is the operator's affair.
  expect(JSON.stringify(body)).not.toContain(folder);
  expect(response.status).toBe(500);
}

describe('bad files among good ones', () => {
  it('are listed as failed with what is wrong, as soon as their headers tell', async () => {
    const models = await modelsById();
    for (const { id, code, message, isKnownBefore } of BAD_MODELS) {
      if (isKnownBefore) {
        expect(models[id], id).toMatchObject({ state: 'failed', error: { code } });
        expect(models[id]?.error?.message).toMatch(message);
      } else expect(models[id], id).toMatchObject({ state: 'unloaded', error: null });
    }
    expect(models).not.toHaveProperty('empty');
    for (const id of [...Object.keys(GOOD), 'loops']) expect(models[id]?.state).toBe('unloaded');
  });

  it('are refused one by one, while others stream on as before', async () => {
    const expected = { llama: await textOf('good.gguf'), gemma: await textOf('good-gemma.gguf') };
    const asked = Promise.all(
      BAD_MODELS.map(async ({ id, code, message }) => expectRefused(await complete(id), code, message)),
    );
    const texts = await streamedMeanwhile('good.gguf', asked);
    expect(new Set(texts)).toEqual(new Set([expected.llama]));
    const models = await modelsById();
    for (const { id, code } of BAD_MODELS)
      expect(models[id], id).toMatchObject({ state: 'failed', error: { code } });
    expect(await textOf('good-gemma.gguf')).toBe(expected.gemma);
    expect((await fetch(`${service.url}/ready`)).status).toBe(200);
    expect(await metric(service.url, 'tokenflare_engine_restarts_total')).toBe(0);
    expect(await metric(service.url, 'tokenflare_models_loaded')).toBe(3);
  });

  it('may come on every route', async () => {
    const { id, code, message } = BAD_MODELS[0]!;
    const messages = [{ role: 'user', content: 'Hello' }];
    for (const [path, more] of [
      ['/v1/chat/completions', { messages }],
      ['/v1/embeddings', { input: 'Hello' }],
      ['/v1/attention', { prompt: 'Hello' }],
      ['/tokenize', { prompt: 'Hello' }],
    ] as const) {
      await expectRefused(await postJson(service.url + path, { model: id, ...more }), code, message);
    }
    const response = await postJson(`${service.url}/ai/run/${id}`, { prompt: 'Hello' });
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ success: false, errors: [{ code: 3043 }] });
  });

  it('are not there where nothing is: an empty folder', async () => {
    const response = await complete('empty');
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'model_not_found', param: 'model' } });
  });

  it('fail what they are bad for alone: a template that loops', async () => {
    const expected = await textOf('good.gguf');
    const chat = postJson(`${service.url}/v1/chat/completions`, {
      model: 'loops',
      messages: [{ role: 'user', content: 'Hello' }],
    });
    const refused = chat.then((response) =>
      expectRefused(response, 'weights_invalid', /chat template did not end within 2000 ms/),
    );
    const texts = await streamedMeanwhile('good.gguf', refused);
    expect(texts.length).toBeGreaterThan(1);
    expect(new Set(texts)).toEqual(new Set([expected]));
    expect(await textOf('loops')).toBe(await textOf('tiny-gpt2'));
    expect((await modelsById())['loops']?.state).toBe('loaded');
  });
});
