import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineClient } from '../../src/engine/client/engine-client.ts';
import { detectReasoningFormat } from '../../src/chat-template/format/detect-reasoning-format.ts';
import { detectToolUse } from '../../src/chat-template/format/detect-tool-use.ts';
import { ChatTemplateRenderer } from '../../src/chat-template/renderer.ts';
import { writeChainModel } from '../support/chain-model.ts';
import { chainTemplate } from '../support/chain-template.ts';
import { CHAINS } from '../support/chains.ts';
import { createEngineOf } from '../support/create-engine.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { publishedToolUse } from '../support/published-templates.ts';

/** The model of the clients' contract tests says its scripts on the real engine. */

type Messages = OpenAI.ChatCompletionMessageParam[];

const folder = mkdtempSync(join(tmpdir(), 'tokenflare-chain-'));
let engine: EngineClient;
let service: HttpService;
let client: OpenAI;

beforeAll(async () => {
  await writeChainModel(folder);
  engine = await createEngineOf({ MODEL: folder, MODEL_ID: 'chain', RUNTIME: 'cpu' });
  await engine.start();
  service = await startHttpService(engine);
  client = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: 'none', maxRetries: 0 });
});
afterAll(async () => {
  await service.close();
  await engine.stop();
  rmSync(folder, { recursive: true, force: true });
});

const user = (content: string): Messages => [{ role: 'user', content }];

const tools = ['get_weather', 'add'].map((name) => ({
  type: 'function' as const,
  function: { name, parameters: { type: 'object', additionalProperties: { type: ['string', 'integer'] } } },
}));

async function ask(messages: Messages, more: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming> = {}) {
  const { choices } = await client.chat.completions.create({ model: 'chain', messages, ...more });
  const [choice] = choices;
  if (choice === undefined) throw new Error('there is no choice');
  return choice;
}

describe('the template', () => {
  const renderer = new ChatTemplateRenderer({ template: chainTemplate(CHAINS), specialTokens: {} });

  it('is found to write calls as that of Qwen 2.5', () => {
    expect(detectToolUse(renderer)).toEqual(publishedToolUse('qwen2.5'));
  });

  it('is found to reason by tags, with a variable', () => {
    expect(detectReasoningFormat(renderer)).toEqual({
      opening: '<think>',
      closing: '</think>',
      variable: 'enable_thinking',
    });
  });
});

describe('the model', () => {
  it.each([
    ['Hello', 'The tower is 324 metres high.'],
    ['Ada as JSON', '{"name":"Ada","age":36}'],
  ])('answers %s', async (question, content) => {
    // At temperature 1, too.
    const choice = await ask(user(question), { temperature: 1 });
    expect(choice).toMatchObject({ message: { content }, finish_reason: 'stop' });
  });

  it('thinks, and says so', async () => {
    const { message } = await ask(user('think!'));
    expect(message).toMatchObject({ content: 'Four it is.', reasoning_content: 'Two and two.' });
  });

  it('goes on for as long as it may', async () => {
    const { message, finish_reason } = await ask(user('count'), { max_tokens: 100 });
    expect(finish_reason).toBe('length');
    expect(message.content?.match(/one potato/g)?.length).toBeGreaterThan(3);
  });

  it('calls each tool once, then answers', async () => {
    const messages = user('Well?');
    for (const [name, args] of [
      ['get_weather', { city: 'Paris' }],
      ['add', { a: 2, b: 3 }],
    ] as const) {
      const { message, finish_reason } = await ask(messages, { tools });
      expect(finish_reason).toBe('tool_calls');
      const [call] = message.tool_calls ?? [];
      if (call?.type !== 'function') throw new Error('there is no call of a function');
      expect([call.function.name, JSON.parse(call.function.arguments)]).toEqual([name, args]);
      messages.push(message, { role: 'tool', tool_call_id: call.id, content: 'done' });
    }
    expect((await ask(messages, { tools })).message.content).toBe(
      'It is 21 degrees in Paris, and 2 + 3 makes 5.',
    );
  });

  it('keeps to its script where a grammar has a say', async () => {
    const [, add] = tools;
    if (add === undefined) throw new Error('there is no tool');
    const { message } = await ask(user('Well?'), { tools: [add], tool_choice: 'required' });
    expect(message.tool_calls).toMatchObject([{ function: { name: 'add', arguments: '{"a":2,"b":3}' } }]);
    const schema = {
      type: 'object',
      properties: { name: { type: 'string' }, age: { type: 'integer' } },
      required: ['name', 'age'],
      additionalProperties: false,
    };
    const format = { type: 'json_schema' as const, json_schema: { name: 'person', schema } };
    expect((await ask(user('Ada as JSON'), { response_format: format })).message.content).toBe(
      '{"name":"Ada","age":36}',
    );
  });

  it('completes a text by its first chain', async () => {
    const { choices } = await client.completions.create({ model: 'chain', prompt: 'Hello', max_tokens: 40 });
    expect(choices[0]).toMatchObject({ text: 'The tower is 324 metres high.', finish_reason: 'stop' });
  });
});
