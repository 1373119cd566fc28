import { describe, expect, it } from 'vitest';
import { call, post, type Answer } from '../support/http-client.ts';
import { startHttpService } from '../support/http-service.ts';
import { publishedTemplate } from '../support/published-templates.ts';
import { RawClient } from '../support/raw-client.ts';
import { useScriptedService } from '../support/scripted-service.ts';
import { until } from '../support/service.ts';

/** Ollama's API over a socket. Its own clients ask in tests/clients. */

const MODEL = '@test/tiny-gpt2';
const TEXT = ' runs past the old mill';
const HELLO = [{ role: 'user', content: 'The river' }];
const TOOLS = [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }];
const COUNTS = {
  total_duration: expect.any(Number) as number,
  load_duration: expect.any(Number) as number,
  prompt_eval_count: expect.any(Number) as number,
  prompt_eval_duration: expect.any(Number) as number,
  eval_count: expect.any(Number) as number,
  eval_duration: expect.any(Number) as number,
};
const HEAD = { model: MODEL, created_at: expect.stringMatching(/^\d{4}-.*Z$/) as string };

interface Line {
  done: boolean;
  response?: string;
  thinking?: string;
  message?: { content: string; thinking?: string; tool_calls?: object[] };
  done_reason?: string;
  error?: string;
}

const linesOf = ({ text }: Answer): Line[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

const on = useScriptedService({
  template: publishedTemplate('qwen3'),
  model: { contextLength: 2048, chatTemplate: 'own' },
  script: { text: TEXT },
});
const ask = (path: string, body: object): Promise<Answer> =>
  post(on.service, path, { model: MODEL, ...body });
const sampling = (): object | undefined => on.engine.requests.at(-1)?.sampling;

describe('POST /api/chat', () => {
  it('answers in one piece where it is asked to', async () => {
    const answer = await ask('/api/chat', { messages: HELLO, stream: false });
    expect(answer.json).toEqual({
      ...HEAD,
      message: { role: 'assistant', content: TEXT },
      done: true,
      done_reason: 'stop',
      ...COUNTS,
    });
    const { prompt_eval_count: count, total_duration: ns } = answer.json as Record<string, number>;
    expect(count).toBe(on.engine.requests[0]?.prompts[0]?.length);
    expect(ns).toBeGreaterThan(1e5);
  });

  it('streams lines of JSON unless it is told otherwise', async () => {
    const answer = await ask('/api/chat', { messages: HELLO });
    expect(answer.headers['content-type']).toBe('application/x-ndjson');
    const lines = linesOf(answer);
    expect(lines.map(({ message }) => message?.content).join('')).toBe(TEXT);
    expect(lines.map(({ done }) => done)).toEqual([...lines.slice(1).map(() => false), true]);
    expect(lines[0]).toEqual({
      ...HEAD,
      message: { role: 'assistant', content: expect.any(String) as string },
      done: false,
    });
    expect(lines.at(-1)).toEqual({
      ...HEAD,
      message: { role: 'assistant', content: '' },
      done: true,
      done_reason: 'stop',
      ...COUNTS,
    });
  });

  it('keeps lines of JSON whatever is asked of streams of events', async () => {
    const headers = { 'x-stream-resumable': 'true' };
    const answer = await call(on.service, 'POST', '/api/chat', {
      body: { model: MODEL, messages: HELLO },
      headers,
    });
    expect(answer.headers['x-stream-resumable']).toBeUndefined();
    expect(linesOf(answer).at(-1)?.done).toBe(true);
  });

  it('tells reasoning apart, and takes think', async () => {
    on.engine.reset({ text: '<think>\nHm</think>\n\nDone' });
    const whole = await ask('/api/chat', { messages: HELLO, stream: false, think: true });
    expect((whole.json as Line).message).toEqual({ role: 'assistant', content: 'Done', thinking: 'Hm' });
    const lines = linesOf(await ask('/api/chat', { messages: HELLO, think: 'low' }));
    expect(lines.map(({ message }) => message?.thinking ?? '').join('')).toBe('Hm');
    expect(lines.map(({ message }) => message?.content).join('')).toBe('Done');
    await ask('/api/chat', { messages: HELLO, think: false });
    expect(on.lastPrompt()).toContain('<think>\n\n</think>');
  });

  it('answers calls of tools as objects, and reads them back', async () => {
    on.engine.reset({ text: '<tool_call>\n{"name": "f", "arguments": {"a": [1]}}\n</tool_call>' });
    const call = {
      id: expect.stringMatching(/^call_/) as string,
      function: { index: 0, name: 'f', arguments: { a: [1] } },
    };
    const whole = await ask('/api/chat', { messages: HELLO, tools: TOOLS, stream: false });
    expect((whole.json as Line).message).toEqual({ role: 'assistant', content: '', tool_calls: [call] });
    expect((whole.json as Line).done_reason).toBe('stop');
    const lines = linesOf(await ask('/api/chat', { messages: HELLO, tools: TOOLS }));
    expect(lines.flatMap(({ message }) => message?.tool_calls ?? [])).toEqual([call]);
    const messages = [
      ...HELLO,
      (whole.json as Line).message,
      { role: 'tool', content: 'five', tool_name: 'f' },
    ];
    expect((await ask('/api/chat', { messages, tools: TOOLS })).status).toBe(200);
    expect(on.lastPrompt()).toContain('{"name": "f", "arguments": {"a": [1]}}');
    expect(on.lastPrompt()).toContain('<tool_response>\nfive\n</tool_response>');
  });

  it('goes on with a last message of the assistant, as Ollama does', async () => {
    await ask('/api/chat', { messages: [...HELLO, { role: 'assistant', content: 'It runs' }] });
    expect(on.lastPrompt()).toMatch(/It runs$/);
  });

  it('hands the options to the engine, and has defaults for what is not said', async () => {
    const options = {
      num_predict: 7,
      temperature: 0.5,
      top_k: 3,
      top_p: 0.7,
      min_p: 0.1,
      seed: 5,
      stop: ['x', 'y'],
      repeat_penalty: 1.2,
      presence_penalty: 0.3,
      frequency_penalty: 0.4,
      num_ctx: 512,
    };
    await ask('/api/chat', { messages: HELLO, options, keep_alive: '5m' });
    expect(on.engine.requests.at(-1)).toMatchObject({
      maxTokens: 7,
      stop: ['x', 'y'],
      sampling: {
        temperature: 0.5,
        topK: 3,
        topP: 0.7,
        minP: 0.1,
        seed: 5,
        repetitionPenalty: 1.2,
        presencePenalty: 0.3,
        frequencyPenalty: 0.4,
      },
    });
    await ask('/api/chat', { messages: HELLO, options: { num_predict: -1, seed: -1 } });
    const { maxTokens = 0, prompts } = on.engine.requests.at(-1) ?? {};
    expect(maxTokens + (prompts?.[0]?.length ?? 0)).toBe(2048);
    expect(sampling()).toMatchObject({ temperature: 0.8, topK: 40, topP: 0.9, seed: undefined });
    await ask('/api/chat', { messages: HELLO, options: { top_p: 0 } });
    expect(sampling()).toMatchObject({ temperature: 0, topP: 1 });
  });

  it('holds the answer to a format', async () => {
    const schema = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] };
    for (const format of ['json', schema]) {
      expect((await ask('/api/chat', { messages: HELLO, format })).status).toBe(200);
      expect(on.engine.requests.at(-1)?.grammar).toBeDefined();
    }
    await ask('/api/chat', { messages: HELLO, format: '' });
    expect(on.engine.requests.at(-1)?.grammar).toBeUndefined();
  });

  it('ends a stream that breaks with a line that tells the error', async () => {
    on.engine.reset({ failAfter: 2 });
    const lines = linesOf(await ask('/api/chat', { messages: HELLO }));
    expect(lines.at(-1)).toEqual({ error: 'a kernel failed in step 7' });
  });

  it('has lines in place of comments while it is silent', async () => {
    const quick = await startHttpService(on.engine, { ssePingIntervalMs: 20 });
    on.engine.reset({ tokenDelayMs: 60, text: ' runs' });
    const lines = linesOf(await post(quick, '/api/chat', { model: MODEL, messages: HELLO }));
    await quick.close();
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.map(({ message }) => message?.content).join('')).toBe(' runs');
  });
});

describe('POST /api/generate', () => {
  it('answers a prompt by the chat template, with a system message', async () => {
    const answer = await ask('/api/generate', { prompt: 'The river', system: 'Be brief.', stream: false });
    const ending = { done: true, done_reason: 'stop', ...COUNTS, context: [] };
    expect(answer.json).toEqual({ ...HEAD, response: TEXT, ...ending });
    expect(on.lastPrompt()).toContain('<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nThe river');
    const lines = linesOf(await ask('/api/generate', { prompt: 'The river' }));
    expect(lines.map(({ response }) => response).join('')).toBe(TEXT);
  });

  it('goes on with a raw prompt', async () => {
    await ask('/api/generate', { prompt: 'The river', raw: true });
    expect(on.lastPrompt()).toBe('The river');
  });
});

describe('POST /api/embed', () => {
  it('answers a vector for each text', async () => {
    const answer = await ask('/api/embed', { input: ['The river', 'The mill'], dimensions: 4 });
    const { embeddings } = answer.json as { embeddings: number[][] };
    expect(embeddings.map(({ length }) => length)).toEqual([4, 4]);
    const { total_duration, load_duration, prompt_eval_count } = COUNTS;
    expect(answer.json).toEqual({
      model: MODEL,
      embeddings,
      total_duration,
      load_duration,
      prompt_eval_count,
    });
    const one = await ask('/api/embed', { input: 'The river' });
    expect((one.json as { embeddings: number[][] }).embeddings).toHaveLength(1);
  });
});

describe('models', () => {
  it('are listed, those that are loaded too', async () => {
    const tags = await call(on.service, 'GET', '/api/tags');
    const [tag] = (tags.json as { models: object[] }).models;
    expect(tag).toMatchObject({
      name: `${MODEL}:latest`,
      model: `${MODEL}:latest`,
      digest: '',
      modified_at: expect.any(String) as string,
    });
    const ps = await call(on.service, 'GET', '/api/ps');
    expect((ps.json as { models: object[] }).models).toMatchObject([
      { name: `${MODEL}:latest`, context_length: 2048 },
    ]);
  });

  it('are shown, by either name of the field', async () => {
    for (const field of ['model', 'name']) {
      const answer = await post(on.service, '/api/show', { [field]: `${MODEL}:latest` });
      expect(answer.json).toMatchObject({
        capabilities: ['completion', 'tools', 'thinking'],
        template: publishedTemplate('qwen3'),
        model_info: { 'general.architecture': 'gpt2', 'gpt2.context_length': 2048 },
      });
    }
  });

  it.each([
    ['/api/chat', { messages: [] }],
    ['/api/generate', {}],
  ])('are loaded where nothing is asked: %s', async (path, body) => {
    const { json } = await ask(path, { ...body, keep_alive: 0 });
    expect(json).toMatchObject({ model: MODEL, done: true, done_reason: 'load' });
    expect(on.engine.requests).toHaveLength(0);
  });

  it('have a version that clients look at', async () => {
    const { json } = await call(on.service, 'GET', '/api/version');
    expect((json as { version: string }).version).toMatch(/^0\.\d+\.\d+$/);
  });
});

describe('a body whose content type is not of JSON', () => {
  const send = async (headers: string): Promise<RawClient> => {
    const client = await RawClient.open(on.service.url);
    const body = JSON.stringify({ model: MODEL });
    const head = `POST /api/show HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n`;
    client.socket.write(`${head}${headers}\r\n${body}`);
    await until(() => client.received.includes('}'));
    return client;
  };

  it.each([
    ['none, as LiteLLM', ''],
    ['that of bytes, as LiteLLM where it streams', 'content-type: application/octet-stream\r\n'],
    ["that of a form, as Ollama's `curl -d`", 'content-type: application/x-www-form-urlencoded\r\n'],
  ])('is taken: %s', async (_, headers) => {
    expect((await send(headers)).statuses).toEqual([200]);
  });

  it.each([
    ['', 'missing'],
    ['content-type: text/plain\r\n', "'text/plain'"],
  ])('is not taken of a page: %j', async (type, named) => {
    for (const page of ['origin: http://localhost\r\n', 'sec-fetch-site: same-origin\r\n']) {
      const client = await send(page + type);
      expect(client.statuses).toEqual([400]);
      expect(client.received).toContain(`content-type is ${named}`);
    }
  });
});

describe('errors', () => {
  it.each([
    ['an unknown model', '/api/chat', { model: 'none', messages: HELLO }, 404, "'none'"],
    ['an unknown model', '/api/show', { model: 'none' }, 404, "'none'"],
    ['no model', '/api/generate', { model: undefined, prompt: 'a' }, 400, 'model is required'],
    [
      'images',
      '/api/generate',
      { prompt: 'a', images: ['aGk='] },
      400,
      'images is not supported: this service reads',
    ],
    [
      'images of a message',
      '/api/chat',
      { messages: [{ ...HELLO[0], images: ['aGk='] }] },
      400,
      'messages[0].images is not supported',
    ],
    ['an option', '/api/chat', { messages: HELLO, options: { mirostat: 1 } }, 400, 'options.mirostat is not'],
    ['an unknown option', '/api/chat', { messages: HELLO, options: { heat: 1 } }, 400, "'options.heat'"],
    [
      'a format',
      '/api/chat',
      { messages: HELLO, format: 'yaml' },
      400,
      'format must be "json" or a JSON Schema',
    ],
    [
      'a long prompt',
      '/api/generate',
      { prompt: 'river '.repeat(3000) },
      400,
      'maximum context length is 2048 tokens',
    ],
    ['a suffix', '/api/generate', { prompt: 'a', suffix: 'b' }, 400, 'suffix is not supported'],
    ['an unknown path', '/api/pull', { model: 'a' }, 404, 'no route POST /api/pull'],
    ['an empty text', '/api/embed', { input: ['a', ''] }, 400, 'input[1] is empty'],
  ])('%s: %s', async (_, path, body, status, message) => {
    const answer = await ask(path, body);
    expect(answer.status, answer.text).toBe(status);
    expect(answer.json).toEqual({ error: expect.stringContaining(message) as string });
  });

  it('leave the page at / to browsers, and HEAD to clients that ask whether the service is there', async () => {
    const page = await fetch(`${on.service.url}/`);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect((await fetch(`${on.service.url}/`, { method: 'HEAD' })).status).toBe(200);
  });
});
