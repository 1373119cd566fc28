import Anthropic, {
  APIError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from '@anthropic-ai/sdk';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MessageBody, MessageEvent } from '../../routes/anthropic/schemas/message-body.ts';
import type { EngineClient } from '../../src/engine/client/engine-client.ts';
import { createEngineOf } from '../support/create-engine.ts';
import { makeChatModel } from '../support/chat-model.ts';
import { CheckedFetch } from '../support/checked-fetch.ts';
import { call, post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { KeyFile } from '../support/keys.ts';
import { sseData } from '../support/openapi-validator.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

/** Anthropic's messages over a socket, with the official client. */

const PATH = '/v1/messages';
const MODEL = '@test/tiny-gpt2';
const TEXT = ' runs past the old mill';
/** A line for each message, calls and results among them. */
const TEMPLATE =
  '{% for m in messages %}{{ m.role[0] }}:{{ m.content }}' +
  '{% if m.reasoning_content %}({{ m.reasoning_content }}){% endif %}' +
  '{% for c in m.tool_calls or [] %}[{{ c.function.name }} {{ c.function.arguments | tojson }}]{% endfor %}' +
  '{{ "\\n" }}{% endfor %}a:';
const HELLO: Anthropic.MessageParam[] = [{ role: 'user', content: 'The river' }];

const model = makeChatModel(TEMPLATE);
let engine: ScriptedEngine;
let service: HttpService;
let client: Anthropic;
const checked = new CheckedFetch();

beforeAll(async () => {
  engine = await ScriptedEngine.create(model.path, {}, { contextLength: 1024 });
  service = await startHttpService(engine);
  client = new Anthropic({ baseURL: service.url, apiKey: 'none', maxRetries: 0, fetch: checked.fetch });
});
beforeEach(() => engine.reset({ text: TEXT }));
afterEach(() => checked.settled());
afterAll(async () => {
  await service.close();
  model.remove();
});

/** What the model was given last. */
function lastPrompt(): string {
  const [ids = []] = engine.requests.at(-1)?.prompts ?? [];
  return engine.ownTokenizer.decode([...ids]);
}

async function create(body: Record<string, unknown>): Promise<MessageBody> {
  const answer = await post(service, PATH, { max_tokens: 50, messages: HELLO, ...body });
  expect(answer.status, answer.text).toBe(200);
  return answer.json as MessageBody;
}

async function stream(body: Record<string, unknown>): Promise<{ text: string; events: MessageEvent[] }> {
  const answer = await post(service, PATH, { max_tokens: 50, messages: HELLO, ...body, stream: true });
  expect(answer.status, answer.text).toBe(200);
  return { text: answer.text, events: sseData(answer.text) as MessageEvent[] };
}

describe('POST /v1/messages', () => {
  it('answers in the shape of Anthropic', async () => {
    const answer = await post(service, PATH, { model: MODEL, max_tokens: 50, messages: HELLO });
    const id = answer.headers['x-request-id'];
    expect(answer.headers['request-id']).toBe(id);
    expect(lastPrompt()).toBe('u:The river\na:');
    expect(answer.json).toEqual({
      id: `msg_${id}`,
      type: 'message',
      role: 'assistant',
      model: MODEL,
      content: [{ type: 'text', text: TEXT, citations: null }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      stop_details: null,
      container: null,
      usage: {
        input_tokens: engine.requests[0]?.prompts[0]?.length,
        cache_read_input_tokens: 0,
        cache_creation_input_tokens: 0,
        output_tokens: engine.ownTokenizer.encode(TEXT).length,
        output_tokens_details: { thinking_tokens: 0 },
      },
    });
  });

  it('refuses to hold a conversation, by the code that makes the tool runner send it whole', async () => {
    const { status, json } = await post(service, PATH, {
      max_tokens: 50,
      messages: HELLO,
      thread: { type: 'create' },
    });
    expect(status).toBe(400);
    expect(json).toMatchObject({
      error: {
        type: 'invalid_request_error',
        message: 'thread must be null, not an object',
        details: { error_code: 'thread_unsupported_request' },
      },
    });
    const messages: Anthropic.Beta.BetaMessageParam[] = [{ role: 'user', content: 'The river' }];
    const params = { model: MODEL, max_tokens: 50, messages, tools: [] };
    const message = await client.beta.messages.toolRunner(params);
    expect(message.content).toMatchObject([{ type: 'text', text: TEXT }]);
  });

  it('streams the events of Anthropic, each with its name, in their order', async () => {
    const { text, events } = await stream({});
    const types = events.map(({ type }) => type);
    expect(types.filter((type, index) => type !== types[index - 1])).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    const names = text.split('\n').flatMap((line) => (line.startsWith('event: ') ? [line.slice(7)] : []));
    expect(names).toEqual(types);
    expect(text).not.toContain('[DONE]');
  });

  it('says why it ended', async () => {
    expect(await create({ max_tokens: 2 })).toMatchObject({ stop_reason: 'max_tokens' });
    const { contextLength } = engine.model;
    let content = '';
    while (engine.ownTokenizer.encode(`u:${content}\na:`).length < contextLength - 4) content += 'z ';
    const beyond = await create({ max_tokens: 100_000, messages: [{ role: 'user', content }] });
    expect(beyond).toMatchObject({ stop_reason: 'model_context_window_exceeded' });
  });

  it('hands the fields to the engine', async () => {
    const sampling = { temperature: 0.3, top_p: 0.5, top_k: 4, seed: 7 };
    await create({
      ...sampling,
      max_tokens: 5,
      stop_sequences: ['X', 'Y'],
      cache_salt: 's',
      timeout_ms: 900,
    });
    expect(engine.requests[0]).toMatchObject({
      maxTokens: 5,
      stop: ['X', 'Y'],
      cacheSalt: 's',
      sampling: { temperature: 0.3, topP: 0.5, topK: 4, seed: 7 },
    });
  });

  it('reads blocks: thinking, calls, results beside text, system messages where they stand', async () => {
    await create({
      system: [{ type: 'text', text: 'S', cache_control: { type: 'ephemeral' } }],
      messages: [
        { role: 'user', content: 'Q' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'R', signature: 'x' },
            { type: 'redacted_thinking', data: 'y' },
            { type: 'text', text: 'T', citations: null },
            { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 }, caller: { type: 'direct' } },
            { type: 'tool_use', id: 'toolu_2', name: 'g', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'toolu_1', content: 'one' },
            {
              type: 'tool_result',
              tool_use_id: 'toolu_2',
              content: [{ type: 'text', text: 'two' }],
              is_error: true,
            },
            { type: 'text', text: 'U' },
          ],
        },
        { role: 'system', content: 'V' },
        { role: 'user', content: 'W' },
      ],
    });
    // The template knows no tools, so calls and results are told in words.
    const calls = '{"tool_calls": [{"name": "f", "arguments": {"a":1}}, {"name": "g", "arguments": {}}]}';
    const results = 'The result of f:\none\n\nThe result of g:\nError: two\n\nU';
    expect(lastPrompt()).toBe(`s:S\nu:Q\na:T\n${calls}(R)\nu:${results}\ns:V\nu:W\na:`);
  });

  it('takes messages of a user that follow each other as one', async () => {
    await create({ messages: [...HELLO, { role: 'user', content: 'and the mill' }] });
    expect(lastPrompt()).toBe('u:The river\nand the mill\na:');
  });

  it('leaves out the line of Claude Code that differs in each request, so that the prompt begins the same', async () => {
    const system = (hash: string): unknown => [
      { type: 'text', text: `x-anthropic-billing-header: cc_version=2.1; cch=${hash};` },
      { type: 'text', text: 'Be brief' },
    ];
    await create({ system: system('abc') });
    const first = lastPrompt();
    await create({ system: system('def') });
    expect(lastPrompt()).toBe(first);
    expect(first).toBe('s:Be brief\nu:The river\na:');
    await create({ system: [{ type: 'text', text: 'x-anthropic-billing-header: a' }] });
    expect(lastPrompt()).toBe('u:The river\na:');
  });

  /** The keyword is not enforced, so it is refused where the schema is held to. */
  const REFUSED_TOOL = {
    name: 'f',
    input_schema: { type: 'object', properties: { a: { not: { type: 'string' } } } },
  };
  const image = { type: 'image', source: { type: 'url', url: 'x' } };
  it.each([
    [{ max_tokens: undefined }, 'max_tokens'],
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ messages: [] }, 'messages'],
    [{ messages: [{ role: 'user', content: [image] }] }, 'messages[0].content[0].type must be "text"'],
    [{ messages: [{ role: 'user', content: [] }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
    [{ messages: [{ role: 'tool', content: 'a' }] }, 'messages[0].role'],
    [{ messages: [...HELLO, { role: 'assistant', content: 'It' }] }, 'messages'],
    [{ messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'x' }] }] }, 'tool_use_id'],
    [
      { messages: [{ role: 'user', content: [{ type: 'thinking', thinking: 'x' }] }] },
      'messages[0].content[0].type',
    ],
    [{ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'tools[0].type'],
    [{ tool_choice: { type: 'any' } }, 'tool_choice'],
    [{ tools: [REFUSED_TOOL], tool_choice: { type: 'any' } }, 'tools[0].input_schema.properties.a'],
    [{ tools: [{ ...REFUSED_TOOL, strict: true }] }, 'tools[0].input_schema.properties.a'],
    [{ tool_choice: { type: 'tool', name: 'f' } }, 'tool_choice.name'],
    [{ thinking: { type: 'enabled', budget_tokens: 50 } }, 'thinking.budget_tokens'],
    [{ output_config: { format: { type: 'xml' } } }, 'output_config.format.type'],
    [{ container: 'c' }, 'container'],
    [{ nonsense: 1 }, 'nonsense'],
  ])('refuses %j, naming the field', async (body, words) => {
    const answer = await post(service, PATH, { max_tokens: 50, messages: HELLO, ...body });
    expect(answer.status, answer.text).toBe(400);
    const { error } = answer.json as { error: { type: string; message: string } };
    expect(error.type).toBe('invalid_request_error');
    expect(error.message).toContain(words);
    expect(engine.numFreePlaces).toBe(1000);
  });

  it('tells of a prompt that is too long in words that agents look for', async () => {
    const { status, text } = await post(service, PATH, {
      max_tokens: 5,
      messages: [{ role: 'user', content: 'a b '.repeat(4000) }],
    });
    expect(status).toBe(400);
    expect(text).toContain('"prompt is too long: ');
    expect(text).not.toContain('truncate_prompt_tokens');
  });

  it('ends a fault midway with an event', async () => {
    engine.reset({ text: TEXT, failAfter: 2 });
    const { text, events } = await stream({});
    expect(events.at(-1)).toMatchObject({
      type: 'error',
      error: { type: 'api_error', message: 'a kernel failed in step 7' },
    });
    expect(text).not.toContain('message_stop');
  });

  it('keeps a silent stream alive with pings', async () => {
    const quick = await startHttpService(engine, { ssePingIntervalMs: 20 });
    engine.reset({ text: TEXT, tokenDelayMs: 100 });
    try {
      const { text } = await post(quick, PATH, { max_tokens: 3, messages: HELLO, stream: true });
      expect(text).toContain('event: ping\ndata: {"type":"ping"}\n\n');
    } finally {
      await quick.close();
    }
  });

  it('is found and cancelled by the id of its body', async () => {
    engine.reset({ text: TEXT, stallAfter: 2 });
    const pending = create({});
    while (engine.requests.length === 0) await sleep(5);
    const cancelled = await call(service, 'DELETE', `/v1/requests/msg_${engine.requests[0]?.id}`);
    expect(cancelled.json).toMatchObject({ cancelled: true });
    expect(await pending).toMatchObject({ stop_reason: null, content: [{ type: 'text', text: ' ru' }] });
  });
});

describe('errors of the family', () => {
  it.each([
    ['GET', PATH, undefined, 405],
    ['GET', `${PATH}/batches`, undefined, 404],
    ['POST', PATH, '{', 400],
    [
      'POST',
      PATH,
      JSON.stringify({ max_tokens: 1, messages: [{ role: 'user', content: 'x'.repeat(30_000) }] }),
      413,
    ],
  ] as const)('%s %s', async (method, path, body, status) => {
    const answer = await call(service, method, path, {
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ type: 'error', request_id: answer.headers['request-id'] });
  });

  it('has them at the door', async () => {
    engine.numFreePlaces = 0;
    const answer = await post(service, PATH, {});
    expect(answer.json).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } });
    expect(answer.headers['request-id']).toBe(answer.headers['x-request-id']);
    engine.state = 'draining';
    const draining = await post(service, PATH, {});
    expect(draining.status).toBe(503);
    expect(draining.json).toMatchObject({ error: { type: 'overloaded_error' } });
  });
});

describe('the official client', () => {
  const request = { model: MODEL, max_tokens: 50, messages: HELLO };

  it('reads a message', async () => {
    const message = await client.messages.create(request);
    expect(message).toMatchObject({ content: [{ type: 'text', text: TEXT }], stop_reason: 'end_turn' });
    expect(message._request_id).toBe(message.id.slice('msg_'.length));
  });

  it('accumulates a stream into the same', async () => {
    const texts: string[] = [];
    const runner = client.messages.stream(request).on('text', (delta) => void texts.push(delta));
    const streamed = await runner.finalMessage();
    expect(texts.join('')).toBe(TEXT);
    const plain = await client.messages.create(request);
    expect({ ...streamed, id: '' }).toMatchObject({ ...plain, id: '' });
  });

  it('has a conversation of three turns with its own objects', async () => {
    const messages: Anthropic.MessageParam[] = [];
    for (const content of ['A', 'B', 'C']) {
      messages.push({ role: 'user', content });
      const { role, content: blocks } = await client.messages.stream({ ...request, messages }).finalMessage();
      messages.push({ role, content: blocks });
    }
    expect(lastPrompt()).toBe(`u:A\na:${TEXT}\nu:B\na:${TEXT}\nu:C\na:`);
  });

  it('counts tokens', async () => {
    const { usage } = await client.messages.create({ ...request, system: 'Be brief' });
    const count = await client.messages.countTokens({ model: MODEL, messages: HELLO, system: 'Be brief' });
    expect(count.input_tokens).toBe(usage.input_tokens);
    expect(engine.numFreePlaces).toBe(1000);
  });

  it('throws its own errors', async () => {
    await expect(client.messages.create({ ...request, max_tokens: -1 })).rejects.toBeInstanceOf(
      BadRequestError,
    );
    await expect(client.messages.create({ ...request, model: 'nothing' })).rejects.toBeInstanceOf(
      NotFoundError,
    );
    engine.numFreePlaces = 0;
    await expect(client.messages.create(request)).rejects.toBeInstanceOf(RateLimitError);
    engine.reset({ text: TEXT, failAfter: 1 });
    const error: unknown = await client.messages.create(request).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ status: 500, type: 'api_error', apiMessage: 'a kernel failed in step 7' });
    expect((error as APIError).requestID).toMatch(/^[\w-]{36}$/);
    await expect(client.messages.stream(request).finalMessage()).rejects.toMatchObject({ type: 'api_error' });
  });

  it('is known by its key, in either header', async () => {
    using keys = new KeyFile();
    const key = await keys.create('ann');
    const limited = await keys.create('other', { models: ['another'] });
    const own = await startHttpService(engine, {}, { keysFile: keys.path });
    const clientOf = (apiKey: string): Anthropic =>
      new Anthropic({ baseURL: own.url, apiKey, maxRetries: 0, fetch: checked.fetch });
    try {
      expect((await clientOf(key).messages.create(request)).stop_reason).toBe('end_turn');
      const older = { headers: { 'x-api-key': key, 'anthropic-version': '2023-06-01' }, body: request };
      expect((await call(own, 'POST', PATH, older)).status).toBe(200);
      await expect(clientOf('wrong').messages.create(request)).rejects.toBeInstanceOf(AuthenticationError);
      await expect(clientOf(limited).messages.create(request)).rejects.toBeInstanceOf(PermissionDeniedError);
    } finally {
      await own.close();
    }
  });

  it('cancels by abort', async () => {
    engine.reset({ text: TEXT, stallAfter: 1 });
    const plain = new Anthropic({ baseURL: service.url, apiKey: 'none', maxRetries: 0 });
    const runner = plain.messages.stream(request);
    runner.on('text', () => runner.abort());
    await expect(runner.done()).rejects.toBeInstanceOf(APIUserAbortError);
    while (engine.stats().numSequencesRunning > 0) await sleep(5);
    expect(engine.find(engine.requests[0]?.id ?? '')?.cancelCause).toBe('disconnect');
  });
});

describe('over the engine itself', () => {
  const real = makeChatModel(TEMPLATE);
  let realEngine: EngineClient;
  let own: HttpService;

  beforeAll(async () => {
    realEngine = await createEngineOf({
      MODEL: real.path,
      MODEL_ID: 'tiny',
      RUNTIME: 'cpu',
      MAX_NUM_SEQS: '2',
    });
    await realEngine.start();
    own = await startHttpService(realEngine);
  });
  afterAll(async () => {
    await own.close();
    await realEngine.stop();
    real.remove();
  });

  it('tells what of a conversation was in the prefix cache, with the changing line of Claude Code before it', async () => {
    const client = new Anthropic({ baseURL: own.url, apiKey: 'none', maxRetries: 0, fetch: checked.fetch });
    const messages: Anthropic.MessageParam[] = [];
    const cached: (number | null)[] = [];
    for (const [turn, content] of ['The river', 'A fox', 'Why?'].entries()) {
      messages.push({ role: 'user', content });
      const system: Anthropic.TextBlockParam[] = [
        { type: 'text', text: `x-anthropic-billing-header: cch=${turn};` },
        { type: 'text', text: 'Be brief', cache_control: { type: 'ephemeral' } },
      ];
      const request = { model: 'tiny', max_tokens: 6, temperature: 0, system, messages };
      const message = await client.messages.stream(request).finalMessage();
      const count = await client.messages.countTokens({ model: 'tiny', system, messages });
      const { input_tokens: computed, cache_read_input_tokens: fromCache } = message.usage;
      expect(computed + (fromCache ?? 0)).toBe(count.input_tokens);
      cached.push(fromCache);
      messages.push({ role: 'assistant', content: message.content });
    }
    const [first = 0, second, third] = cached;
    expect(first).toBe(0);
    expect(second).toBeGreaterThan(5);
    expect(third).toBeGreaterThan(second ?? 0);
  });
});
