import { describe, expect, it } from 'vitest';
import { call, post, postOk } from '../support/http-client.ts';
import { publishedTemplate } from '../support/published-templates.ts';
import { useScriptedService } from '../support/scripted-service.ts';

/**
 * What open-webui sends to an Ollama, written down from its `routers/ollama.py` and `utils/payload.py`: it needs Python 3.11
 * and some gigabytes, so it is not run here.
 */

const on = useScriptedService({
  template: publishedTemplate('qwen3'),
  model: { contextLength: 2048, chatTemplate: 'own' },
  script: { text: ' runs past the old mill' },
});

interface Listed {
  models: { name: string; model: string; expires_at?: string }[];
}

const list = async (path: string): Promise<Listed['models']> =>
  ((await call(on.service, 'GET', path, { headers: { 'content-type': 'application/json' } })).json as Listed)
    .models;

/** It puts a tag behind a name that has none, and refuses what is not in the list then. */
async function nameOfModel(): Promise<string> {
  const [listed] = await list('/api/tags');
  const name = listed?.model.split(':')[0] ?? '';
  expect(`${name}:latest`).toBe(listed?.model);
  return `${name}:latest`;
}

/** Of its settings of a chat, each with a value that a user may give it. */
const OPTIONS = {
  temperature: 0.7,
  top_p: 0.9,
  top_k: 40,
  min_p: 0.05,
  seed: 42,
  stop: ['###'],
  num_predict: 16,
  repeat_penalty: 1.1,
  presence_penalty: 0,
  frequency_penalty: 0,
  mirostat: 0,
  mirostat_eta: 0.1,
  mirostat_tau: 5,
  tfs_z: 1,
  repeat_last_n: -1,
  num_ctx: 2048,
  num_batch: 512,
  num_keep: 24,
  num_thread: 2,
  num_gpu: 0,
  use_mmap: true,
  use_mlock: false,
};

const USER = { role: 'user', content: 'The river' };
const CALL = { index: 0, id: 'call_1', function: { name: 'f', arguments: { a: 1 } } };
const TOOL = { type: 'function', function: { name: 'f', description: 'F', parameters: { type: 'object' } } };

describe('open-webui', () => {
  it('finds a version of numbers, and models that are loaded until a time', async () => {
    const { version } = (await call(on.service, 'GET', '/api/version')).json as { version: string };
    for (const number of version.replaceAll(/^v|-.*/g, '').split('.')) expect(number).toMatch(/^\d+$/);
    const [listed] = await list('/api/tags');
    const [loaded] = await list('/api/ps');
    expect(loaded?.name).toBe(listed?.name);
    expect(new Date(loaded?.expires_at ?? '').getTime()).toBeGreaterThan(Date.now());
    await postOk(on.service, '/api/show', { name: listed?.model, model: listed?.model });
  });

  it.each([
    ['a chat with all settings', { messages: [USER], stream: true, options: OPTIONS }],
    ['the title of a chat', { messages: [USER], stream: false, options: { num_predict: 1000 } }],
    ['tools', { messages: [USER], stream: true, options: {}, tools: [TOOL] }],
    [
      'the result of a tool',
      {
        messages: [
          USER,
          { role: 'assistant', content: '', tool_calls: [CALL] },
          { role: 'tool', tool_call_id: 'call_1', content: 'five' },
        ],
        stream: true,
        tools: [TOOL],
      },
    ],
    [
      'what stands beside the options',
      { messages: [USER], stream: false, format: 'json', keep_alive: '5m', think: false },
    ],
  ])('is answered: %s', async (_, body) => {
    const answer = await post(on.service, '/api/chat', { model: await nameOfModel(), ...body });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.text).toContain('"done":true');
  });

  it('is answered: completion, unloading, embeddings', async () => {
    const model = await nameOfModel();
    await postOk(on.service, '/api/generate', { model, prompt: 'The river', stream: false });
    await postOk(on.service, '/api/generate', { model, keep_alive: 0, prompt: '' });
    const { embeddings } = await postOk<{ embeddings: number[][] }>(on.service, '/api/embed', {
      model,
      input: ['The river', 'The mill'],
    });
    expect(embeddings).toHaveLength(2);
  });
});
