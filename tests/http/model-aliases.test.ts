import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelListBody } from '../../routes/openai/schemas/models.ts';
import { call } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { bearer, KeyFile } from '../support/keys.ts';
import { makeChatModel } from '../support/chat-model.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

const MODEL = '@test/tiny-gpt2';
const LLAMA = '@cf/meta/llama-3.1-8b-instruct';
const modelAliases = [
  { name: 'gpt-4o', modelId: MODEL },
  { name: '@cf/*', modelId: MODEL },
  { name: 'lost', modelId: 'nowhere' },
];

const model = makeChatModel();
const file = new KeyFile();
const keys = { mine: '', other: '' };
let open: HttpService;
let closed: HttpService;

beforeAll(async () => {
  keys.mine = await file.create('this-model', { models: [MODEL] });
  keys.other = await file.create('other-model', { models: ['owner/other'] });
  open = await startHttpService(await ScriptedEngine.create(model.path), { modelAliases });
  closed = await startHttpService(await ScriptedEngine.create(), { modelAliases }, { keysFile: file.path });
});
afterAll(async () => {
  await open.close();
  await closed.close();
  file[Symbol.dispose]();
  model.remove();
});

const PROMPT = { prompt: 'The river', max_tokens: 2 };

describe('an alias', () => {
  it.each([
    ['/v1/completions', { model: 'gpt-4o', ...PROMPT }],
    ['/v1/chat/completions', { model: LLAMA, messages: [{ role: 'user', content: 'Hello' }], max_tokens: 2 }],
    ['/v1/responses', { model: LLAMA, input: 'Hello', max_output_tokens: 16 }],
    ['/v1/messages', { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 2 }],
    ['/v1/embeddings', { model: '@cf/baai/bge-m3', input: 'Hello' }],
    [`/ai/run/${LLAMA}`, PROMPT],
    [`/ai/run/${LLAMA}?queueRequest=true`, { requests: [PROMPT] }],
    ['/tokenize', { model: 'gpt-4o', prompt: 'Hello' }],
  ])('is answered by its model: %s', async (path, body) => {
    const { status, text } = await call(open, 'POST', path, { body });
    expect(status, text).toBeLessThan(300);
  });

  it.each(['/v1/completions', '/ai/run', '/v1/responses'])(
    "and an id are found with Ollama's tag behind them, as its lists have them: %s",
    async (path) => {
      for (const name of ['gpt-4o:latest', `${MODEL}:latest`]) {
        const input = path === '/v1/completions' ? PROMPT : { input: path === '/ai/run' ? PROMPT : 'Hello' };
        const { status, text } = await call(open, 'POST', path, { body: { model: name, ...input } });
        expect(status, text).toBe(200);
      }
    },
  );

  it('is told as the model that answered', async () => {
    const { json } = await call(open, 'POST', '/v1/completions', { body: { model: LLAMA, ...PROMPT } });
    expect(json).toMatchObject({ model: MODEL });
  });

  it('whose model is not there is not found, on every API in its words', async () => {
    const { status, json } = await call(open, 'POST', '/v1/completions', {
      body: { model: 'lost', ...PROMPT },
    });
    expect(status).toBe(404);
    const message = expect.stringContaining(
      "'lost' stands for 'nowhere', which is not served here",
    ) as string;
    expect(json).toMatchObject({ error: { code: 'model_not_found', param: 'model', message } });
    const run = await call(open, 'POST', '/ai/run/lost', { body: PROMPT });
    expect(run.status).toBe(400);
    expect(run.json).toMatchObject({ errors: [{ code: 5007, message }] });
  });
});

describe('the models that are listed', () => {
  it('have their aliases, and each alias of one name is listed', async () => {
    const client = new OpenAI({ baseURL: `${open.url}/v1`, apiKey: 'none' });
    const { data } = (await client.models.list()) as unknown as ModelListBody;
    expect(data.map(({ id, root, is_default, aliases }) => [id, root, is_default, aliases])).toEqual([
      [MODEL, MODEL, true, ['gpt-4o', '@cf/*']],
      ['gpt-4o', MODEL, false, ['gpt-4o', '@cf/*']],
    ]);
    expect(await client.models.retrieve('gpt-4o')).toMatchObject({ id: 'gpt-4o', root: MODEL });
    expect(await client.models.retrieve(LLAMA)).toMatchObject({ id: LLAMA, root: MODEL });
    expect(await client.models.retrieve(MODEL)).toMatchObject({ id: MODEL, root: MODEL });
  });

  it('are searched by their aliases, as Cloudflare has it', async () => {
    const search = async (text: string): Promise<string[]> => {
      const { json } = await call(open, 'GET', `/ai/models/search?search=${encodeURIComponent(text)}`);
      return (json as { result: { name: string }[] }).result.map(({ name }) => name);
    };
    expect(await search('gpt-4o')).toEqual(['gpt-4o']);
    expect(await search('tiny')).toEqual([MODEL, 'gpt-4o']);
  });
});

describe('a key that may use some models', () => {
  const complete = (key: string, model: string) =>
    call(closed, 'POST', '/v1/completions', { headers: bearer(key), body: { model, ...PROMPT } });

  it('may use them by their aliases', async () => {
    for (const model of [MODEL, 'gpt-4o', LLAMA]) expect((await complete(keys.mine, model)).status).toBe(200);
  });

  it('may not use others by theirs, and learns of none', async () => {
    for (const model of ['gpt-4o', LLAMA, 'lost', 'unknown']) {
      const { status, json } = await complete(keys.other, model);
      expect(status).toBe(403);
      expect(JSON.stringify(json)).not.toContain(MODEL);
    }
    const { json } = await call(closed, 'GET', '/v1/models', { headers: bearer(keys.other) });
    expect((json as ModelListBody).data).toEqual([]);
  });
});
