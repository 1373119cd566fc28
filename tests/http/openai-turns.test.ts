import fc from 'fast-check';
import OpenAI from 'openai';
import OpenAI7 from 'openai-7';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readFallbackTemplate } from '../../src/chat-template/fallback-template.ts';
import { CheckedFetch } from '../support/checked-fetch.ts';
import { post } from '../support/http-client.ts';
import { sseData } from '../support/openapi-validator.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

/** Conversations go on with what clients hand back, and with the fields that they add. */

const MODEL = '@test/tiny-gpt2';
const PATH = '/v1/chat/completions';
const TEXT = ' runs past the old mill and down to the sea';
const ANSWER = `Assistant:${TEXT}`;

let engine: ScriptedEngine;
let service: HttpService;
const checked = new CheckedFetch();

beforeAll(async () => {
  const fallbackTemplate = await readFallbackTemplate('builtin', undefined);
  engine = await ScriptedEngine.create(undefined, { fallbackTemplate });
  engine.model.contextLength = 4096;
  service = await startHttpService(engine);
});
beforeEach(() => engine.reset());
afterEach(() => checked.settled());
afterAll(() => service.close());

const prompts = (): string[] =>
  engine.requests.map(({ prompts: [ids = []] }) => engine.tokenizer.decode(ids));

const CLIENTS = [
  ['openai 6', OpenAI],
  ['openai 7', OpenAI7],
] as const;

describe.each(CLIENTS)('three turns by %s', (_, Client) => {
  const questions = ['The river', 'A fox', 'Why?'];
  const expected = [
    'User: The river\nAssistant:',
    `User: The river\n${ANSWER}\nUser: A fox\nAssistant:`,
    `User: The river\n${ANSWER}\nUser: A fox\n${ANSWER}\nUser: Why?\nAssistant:`,
  ];
  const connect = (): OpenAI => {
    const options = { baseURL: `${service.url}/v1`, apiKey: 'none', maxRetries: 0, fetch: checked.fetch };
    // Both versions have what is used of them here.
    return new Client(options) as OpenAI;
  };

  type Messages = OpenAI.ChatCompletionMessageParam[];
  it.each<[string, (client: OpenAI, messages: Messages) => Promise<Messages[number] | undefined>]>([
    [
      'in one piece',
      async (client, messages) =>
        (await client.chat.completions.create({ model: MODEL, messages })).choices[0]?.message,
    ],
    [
      'streamed',
      (client, messages) => client.chat.completions.stream({ model: MODEL, messages }).finalMessage(),
    ],
    [
      'parsed',
      async (client, messages) =>
        (await client.chat.completions.parse({ model: MODEL, messages })).choices[0]?.message,
    ],
  ])('%s, each with the message objects of the client', async (__, ask) => {
    const client = connect();
    const messages: Messages = [];
    for (const content of questions) {
      messages.push({ role: 'user', content });
      const answer = await ask(client, messages);
      expect(answer?.content).toBe(TEXT);
      if (answer !== undefined) messages.push(answer);
    }
    expect(prompts()).toEqual(expected);
  });
});

it.each([
  [PATH, { messages: [{ role: 'user', content: 'a' }] }],
  ['/v1/completions', { prompt: 'a' }],
])('has one fingerprint in the body and in every chunk: %s', async (path, body) => {
  const whole = (await post(service, path, body)).json as { system_fingerprint: string };
  const { text } = await post(service, path, { ...body, stream: true });
  const chunks = sseData(text) as { system_fingerprint: string }[];
  expect(new Set(chunks.map((chunk) => chunk.system_fingerprint))).toEqual(
    new Set([whole.system_fingerprint]),
  );
  expect(whole.system_fingerprint).toMatch(/^fp_[0-9a-f]{12}$/);
});

describe('a call of a tool and its result, as they come back', () => {
  const toolCall = { id: 'call_1', type: 'function', function: { name: 'add', arguments: '{"a": 1}' } };
  const calls = [toolCall];
  const parts = [{ type: 'text', text: '2', cache_control: { type: 'ephemeral' } }];
  const result = { role: 'tool', tool_call_id: 'call_1', content: '2' };
  // The built-in template knows no tools: calls and results are told in words.
  const promptOf = (args: string): string =>
    `User: 1 + 1?\nAssistant: {"tool_calls": [{"name": "add", "arguments": ${args}}]}\n` +
    'User: The result of add:\n2\nAssistant:';

  it.each<[string, object, object]>([
    ['bare', { content: null, tool_calls: calls }, result],
    ['without content', { tool_calls: calls }, { ...result, content: parts }],
    [
      'openai-python: model_dump()',
      {
        content: null,
        refusal: null,
        annotations: null,
        audio: null,
        function_call: null,
        tool_calls: [{ ...toolCall, index: 0 }],
        reasoning_content: null,
      },
      { ...result, name: null },
    ],
    [
      'openai: parsed',
      {
        content: null,
        refusal: null,
        parsed: null,
        tool_calls: [{ ...toolCall, function: { ...toolCall.function, parsed_arguments: { a: 1 } } }],
      },
      result,
    ],
    ['AI SDK', { content: '', reasoning_content: 'hm', tool_calls: calls }, result],
    ['workers-ai-provider', { content: '', reasoning: 'hm', tool_calls: calls }, { ...result, name: 'add' }],
    ['LangChain', { content: '', tool_calls: calls, id: 'run-1', additional_kwargs: {} }, result],
    [
      'before there were tools',
      { content: null, function_call: { name: 'add', arguments: '{"a": 1}' } },
      { role: 'function', name: 'add', content: '2' },
    ],
  ])('%s', async (_, call, answer) => {
    const messages = [{ role: 'user', content: '1 + 1?' }, { role: 'assistant', ...call }, answer];
    const { status, text } = await post(service, PATH, { messages });
    expect(status, text).toBe(200);
    expect(prompts()).toEqual([promptOf('{"a":1}')]);
  });

  it('goes on after arguments that are no JSON', async () => {
    const broken = { ...toolCall, function: { name: 'add', arguments: '{"a": ' } };
    const messages = [
      { role: 'user', content: '1 + 1?' },
      { role: 'assistant', content: null, tool_calls: [broken] },
      result,
    ];
    expect((await post(service, PATH, { messages })).status).toBe(200);
    expect(prompts()).toEqual([promptOf('{"a": ')]);
  });
});

describe('fields that no list has', () => {
  const messages = [{ role: 'user', content: 'a' }];

  it('are ignored in messages, and refused by name beside them', async () => {
    const name = fc.stringMatching(/^[a-z_]{3,20}$/).map((text) => `x_${text}`);
    await fc.assert(
      fc.asyncProperty(name, fc.jsonValue({ maxDepth: 2 }), async (field, value) => {
        const inside = await post(service, PATH, { messages: [{ ...messages[0], [field]: value }] });
        expect(inside.status, inside.text).toBe(200);
        for (const [path, body] of [
          [PATH, { messages }],
          ['/v1/completions', { prompt: 'a' }],
        ] as const) {
          const { status, json } = await post(service, path, { ...body, [field]: value });
          expect(status).toBe(400);
          expect(json).toMatchObject({ error: { param: field, message: `unknown field '${field}'` } });
        }
      }),
      { numRuns: 30 },
    );
    expect(new Set(prompts())).toEqual(new Set(['User: a\nAssistant:']));
  });
});

describe('a model that chats by the built-in template', () => {
  const messages = [{ role: 'user', content: 'a' }];

  it('stops where it would go on as the user', async () => {
    await post(service, PATH, { messages, stop: ['END'] });
    expect(engine.requests[0]?.stop).toEqual(['END', '\nUser:', '\nAssistant:', '\nSystem:', '\nTool:']);
  });

  it('takes a prompt of Workers AI as it is, as a model without a template does', async () => {
    const path = `/ai/run/${MODEL}`;
    expect((await post(service, path, { prompt: 'The river' })).status).toBe(200);
    expect((await post(service, path, { messages })).status).toBe(200);
    expect(prompts()).toEqual(['The river', 'User: a\nAssistant:']);
  });
});

describe('every_token', () => {
  it.each([
    [PATH, { messages: [{ role: 'user', content: 'a' }] }, 2],
    ['/v1/completions', { prompt: 'a' }, 1],
  ] as const)(
    'is a frame for each token, and asks the engine for each: %s',
    async (path, body, numOthers) => {
      const request = { ...body, stream: true, stream_options: { every_token: true }, max_tokens: 9 };
      const { text } = await post(service, path, request);
      const numFrames = text.split('\n').filter((line) => line.startsWith('data: {')).length;
      expect(numFrames).toBe(9 + numOthers);
      expect(engine.requests[0]).toMatchObject({ reportsEveryToken: true });
    },
  );
});
