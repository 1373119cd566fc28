import { describe, expect, it } from 'vitest';
import { call, post } from '../support/http-client.ts';
import { sseData } from '../support/openapi-validator.ts';
import { until } from '../support/service.ts';
import {
  useModelTasks,
  faultOf,
  MODEL,
  CHAT,
  GPT_OSS,
  LLAMA,
  DISTILBERT,
  BART,
  M2M100,
  INDIC,
  BGE_M3,
  QWEN3_EMBEDDING,
  TEXT,
  messages,
} from '../support/model-tasks.ts';

/** What the id of a model says at Cloudflare, whatever model here it is an alias of. */

const { on, rest, unified, binding, run } = useModelTasks();

describe('the shape of a text', () => {
  it('is a chat completion of a chat-shaped id', async () => {
    const result = await run(CHAT, { messages, max_completion_tokens: 40 });
    expect(result).toMatchObject({
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: TEXT }, finish_reason: 'stop' }],
    });
    expect(result).not.toHaveProperty('response');
    expect(on.lastPrompt()).toBe('u:Hello\na:');
  });

  it.each([rest, unified, binding])(
    'streams chunks of a chat alone, with the usage in the last',
    async (by) => {
      const { text } = await by(CHAT, { messages, max_tokens: 5, stream: true });
      const chunks = sseData(text) as Record<string, unknown>[];
      expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
      expect(chunks.every((chunk) => !('response' in chunk))).toBe(true);
      expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 5 } });
      expect(chunks.at(-2)).toMatchObject({ choices: [{ finish_reason: 'length' }] });
    },
  );

  it('is a response of an id that takes `input`, streamed by its events', async () => {
    const result = await run(GPT_OSS, { instructions: 'Be brief.', input: 'Hello', max_output_tokens: 40 });
    expect(result).toMatchObject({
      object: 'response',
      status: 'completed',
      output: [{ type: 'message', content: [{ type: 'output_text', text: TEXT }] }],
    });
    expect(on.lastPrompt()).toBe('s:Be brief.\nu:Hello\na:');
    const { text } = await binding(GPT_OSS, { input: 'Hello', stream: true });
    expect(text).toContain('event: response.output_text.delta');
    expect(text).toContain('event: response.completed');
  });

  it('is a chat completion of the same id for messages', async () => {
    expect(await run(GPT_OSS, { messages })).toMatchObject({ object: 'chat.completion' });
  });

  it.each([CHAT, GPT_OSS])('is a chat completion of %s for a prompt, too', async (model) => {
    expect(await run(model, { prompt: 'Hello' })).toMatchObject({ object: 'chat.completion' });
    expect(on.lastPrompt()).toBe('u:Hello\na:');
    expect(faultOf(await rest(model, { prompt: 3 }))).toMatchObject({ status: 400 });
  });

  it.each([LLAMA, '@cf/some/model-of-tomorrow', MODEL])('is as ever for %s', async (model) => {
    const result = await run(model, { messages, max_completion_tokens: 40 });
    expect(result).toMatchObject({ response: TEXT, finish_reason: 'stop' });
    expect(result).not.toHaveProperty('choices');
  });

  it('takes the forms of Cloudflare for a chat-shaped id: a flat tool, and a schema without a name', async () => {
    const tools = [{ name: 'weather', description: 'w', parameters: { type: 'object', properties: {} } }];
    expect((await rest(CHAT, { messages, tools, tool_choice: 'none' })).status).toBe(200);
    expect((await rest(CHAT, { messages, reasoning_effort: null })).status).toBe(200);
    on.engine.reset({ text: '{"a":true}' });
    const json_schema = { type: 'object', properties: { a: { type: 'boolean' } }, required: ['a'] };
    const result = await run(CHAT, { messages, response_format: { type: 'json_schema', json_schema } });
    expect(result).toMatchObject({ choices: [{ message: { content: '{"a":true}' } }] });
    expect(on.engine.requests.at(-1)?.grammar).toBeDefined();
  });

  it('takes `input` of an id that is none of Cloudflare as a response, and refuses it of one that has none', async () => {
    expect(await run(MODEL, { input: 'Hello' })).toMatchObject({ object: 'response' });
    expect(faultOf(await rest(LLAMA, { input: 'Hello' }))).toMatchObject({ status: 400, code: 5004 });
    expect(faultOf(await rest(CHAT, { input: 'Hello' })).message).toMatch(/unknown field 'input'/);
  });

  it('names the fields of a response as its API does', async () => {
    const tooLong = { status: 413, code: 5021 };
    const answer = await rest(GPT_OSS, { input: 'a', max_output_tokens: 9000 });
    expect(faultOf(answer)).toMatchObject({ ...tooLong, source: { pointer: '/max_output_tokens' } });
    const alone = await rest(GPT_OSS, { input: 'a '.repeat(9000), max_output_tokens: 16 });
    expect(faultOf(alone)).toMatchObject({ ...tooLong, source: { pointer: '/input' } });
  });
});

describe('a summary and a translation', () => {
  it('of a long text is written for a prompt that asks for it', async () => {
    expect(await run(BART, { input_text: 'The river is long.', max_length: 30 })).toEqual({
      summary: TEXT.trim(),
    });
    expect(on.lastPrompt()).toMatch(/^u:Summarize [^]*\nThe river is long\.\n---\nSummary:\na:$/);
    const [request] = on.engine.requests;
    expect(request).toMatchObject({ maxTokens: 30, sampling: { temperature: 0 } });
  });

  it.each([
    [{ target_lang: 'es' }, 'from English to Spanish'],
    [{ source_lang: 'french', target_lang: 'german' }, 'from french to german'],
    [{ source_lang: 'fr', target_lang: 'pt-BR' }, 'from French to Brazilian Portuguese'],
  ])('into another language: %j', async (languages, asked) => {
    expect(await run(M2M100, { text: 'The river', ...languages })).toEqual({ translated_text: TEXT.trim() });
    expect(on.lastPrompt()).toContain(asked);
  });

  it('has the list of the id that gives one', async () => {
    const result = await run(INDIC, { text: ['The river'], target_language: 'hin_Deva' });
    expect(result).toEqual({ translations: [TEXT.trim()] });
    expect(on.lastPrompt()).toContain('to Hindi');
  });

  it('is asked for by the fields, where the id is none of Cloudflare', async () => {
    expect(await run(MODEL, { text: 'a', target_lang: 'es' })).toHaveProperty('translated_text');
    expect(await run(MODEL, { input_text: 'a' })).toHaveProperty('summary');
  });

  it('that was cut is an error, since the rest would be missing in silence', async () => {
    on.engine.reset({ text: ' and on'.repeat(6000) });
    const answer = await rest(M2M100, { text: 'The river', target_lang: 'es' });
    expect(faultOf(answer)).toMatchObject({ status: 400, code: 5024 });
    expect(faultOf(answer).message).toMatch(/send less text/);
  });

  it.each([
    [M2M100, { text: 'a' }, 'target_lang'],
    [M2M100, { text: 'a', target_lang: 'es', target_language: 'spa_Latn' }, 'target_language'],
    [INDIC, { text: ['a', 'b'], target_language: 'hin_Deva' }, 'text'],
    [BART, { text: 'a' }, 'input_text'],
    [BART, { input_text: 'a', min_length: 3 }, 'min_length'],
  ])('names the field at fault: %s %j', async (model, body, field) => {
    const answer = await rest(model, body);
    expect(faultOf(answer)).toMatchObject({ status: 400, code: 5004, source: { pointer: `/${field}` } });
  });
});

describe('the list of models', () => {
  it('has the task of an alias that is an id of Cloudflare, and says how it is done', async () => {
    const { json } = await call(on.service, 'GET', '/ai/models/search?task=Summarization');
    expect(json).toMatchObject({
      result: [
        {
          name: BART,
          task: { name: 'Summarization', description: expect.stringMatching(/by a prompt/) as string },
        },
      ],
    });
    const generation = await call(on.service, 'GET', '/ai/models/search?task=Text%20Generation');
    expect(generation.json).toMatchObject({ result: [{ name: MODEL }] });
  });
});

describe('embeddings', () => {
  const texts = { queries: ['river', 'sea'], documents: 'The river' };

  it('of queries and documents, with the instruction before each query', async () => {
    const result = await run(QWEN3_EMBEDDING, { ...texts, instruction: 'Find' });
    expect(result).toMatchObject({ shape: [3, 8], pooling: 'mean' });
    expect(result['data']).toHaveLength(3);
  });

  it('of contexts without a query have a field of their own', async () => {
    const contexts = [{ text: 'The river' }, { text: 'a' }];
    const result = await run(BGE_M3, { contexts });
    expect(result).toMatchObject({ shape: [2, 8] });
    expect(result['response']).toHaveLength(2);
    expect(result).not.toHaveProperty('data');
    expect(await run(BGE_M3, { query: 'river', contexts })).toHaveProperty('response.0.score');
  });

  it('are pooled by one token where a client asks for cls', async () => {
    expect(await run(BGE_M3, { text: 'a', pooling: 'cls' })).toMatchObject({ pooling: 'cls' });
  });

  it.each([
    [{}, 'text'],
    [{ text: 'a', queries: 'b' }, 'queries'],
    [{ text: 'a', instruction: 'b' }, 'instruction'],
    [{ prompt: 'a' }, 'prompt'],
  ])('are refused by the field: %j', async (body, field) => {
    expect(faultOf(await rest(QWEN3_EMBEDDING, body))).toMatchObject({
      code: 5004,
      source: { pointer: `/${field}` },
    });
  });
});

describe('tasks that are not there', () => {
  it.each([
    ['@cf/openai/whisper', { audio: [1, 2] }, /Automatic Speech Recognition/],
    ['@cf/deepgram/aura-1', { text: 'Hello' }, /Text-to-Speech/],
    ['@cf/black-forest-labs/flux-1-schnell', { prompt: 'a cat' }, /Text-to-Image/],
    ['@cf/llava-hf/llava-1.5-7b-hf', { prompt: 'what?', image: [1] }, /Image-to-Text/],
    ['@cf/microsoft/resnet-50', { image: [1] }, /Image Classification/],
    ['@cf/pipecat-ai/smart-turn-v2', { audio: 'a' }, /Voice Activity Detection/],
  ])('%s', async (model, body, task) => {
    const { status, code, message } = faultOf(await rest(model, body));
    expect([status, code]).toEqual([400, 5007]);
    expect(message).toMatch(task);
    expect(message).toMatch(/there are Text Generation/);
    const { json } = await binding(model, body);
    expect(json).toMatchObject({ internalCode: 5007, description: message });
  });

  it('of a model that reads images, too', async () => {
    const answer = await rest('@cf/meta/llama-3.2-11b-vision-instruct', { prompt: 'what?', image: [1, 2] });
    expect(faultOf(answer).message).toMatch(/image: no model here reads images/);
  });
});

describe('batch jobs', () => {
  /** The entries of a job, once it is done. */
  async function entriesOf(model: string, requests: object[]): Promise<unknown[]> {
    const path = `/ai/run/${model}?queueRequest=true`;
    const queued = await post(on.service, path, { requests });
    const { request_id } = (queued.json as { result: { request_id: string } }).result;
    let entries: unknown[] | undefined;
    await until(async () => {
      const { json } = await post(on.service, path, { request_id });
      ({ responses: entries } = (json as { result: { responses?: unknown[] } }).result);
      return entries !== undefined;
    });
    return entries ?? [];
  }

  it('have the shape and the task of the id that was asked', async () => {
    expect(await entriesOf(CHAT, [{ messages }, { prompt: 'a' }])).toMatchObject([
      { success: true, result: { object: 'chat.completion' } },
      { success: true, result: { object: 'chat.completion' } },
    ]);
    expect(await entriesOf(M2M100, [{ text: 'a', target_lang: 'es' }, { text: 'a' }])).toMatchObject([
      { success: true, result: { translated_text: TEXT.trim() } },
      { success: false, errors: [{ code: 5004 }] },
    ]);
  });

  it.each([
    [DISTILBERT, { text: 'a' }, /cannot be judged in a batch job/],
    [GPT_OSS, { input: 'a' }, /cannot be answered in a batch job/],
    [CHAT, { messages, stream: true }, /no meaning in a batch job/],
    [MODEL, { state: 'a', questions: { b: { type: 'noul', instructions: 'c' } } }, /cannot be answered/],
  ])('refuse what they cannot do: %s', async (model, body, message) => {
    expect(await entriesOf(model, [body])).toMatchObject([
      { success: false, errors: [{ message: expect.stringMatching(message) as string }] },
    ]);
  });
});
