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
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineClient } from '../../src/engine/client/engine-client.ts';
import { createEngineOf } from '../support/create-engine.ts';
import { makeChatModel, TRANSCRIPT_TEMPLATE } from '../support/chat-model.ts';
import { call, post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { KeyFile } from '../support/keys.ts';
import { useScriptedService } from '../support/scripted-service.ts';

/** Anthropic's messages by the official client. */

const PATH = '/v1/messages';
const MODEL = '@test/tiny-gpt2';
const TEXT = ' runs past the old mill';
const HELLO: Anthropic.MessageParam[] = [{ role: 'user', content: 'The river' }];

const on = useScriptedService({
  template: TRANSCRIPT_TEMPLATE,
  model: { contextLength: 1024 },
  script: { text: TEXT },
});
let client: Anthropic;
beforeAll(() => {
  client = new Anthropic({ baseURL: on.service.url, apiKey: 'none', maxRetries: 0, fetch: on.fetch });
});

describe('POST /v1/messages', () => {
  it('refuses to hold a conversation, by the code that makes the tool runner send it whole', async () => {
    const { status, json } = await post(on.service, PATH, {
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
});

describe('the official client', () => {
  const request = { model: MODEL, max_tokens: 50, messages: HELLO };

  it('reads a message', async () => {
    const message = await client.messages.create(request);
    expect(message).toMatchObject({ content: [{ type: 'text', text: TEXT }], stop_reason: 'end_turn' });
    expect(message._request_id).toBe(message.id.slice('msg_'.length));
  });

  it.each(['/ai', '/client/v4/accounts/any/ai'])('reads one below %s, and its errors', async (base) => {
    const baseURL = on.service.url + base;
    const there = new Anthropic({ baseURL, apiKey: 'none', maxRetries: 0, fetch: on.fetch });
    expect((await there.messages.create(request)).content).toMatchObject([{ type: 'text', text: TEXT }]);
    expect(
      (await there.messages.countTokens({ model: MODEL, messages: HELLO })).input_tokens,
    ).toBeGreaterThan(1);
    const refused = there.messages.create({ ...request, max_tokens: 0 });
    await expect(refused).rejects.toBeInstanceOf(BadRequestError);
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
    expect(on.lastPrompt()).toBe(`u:A\na:${TEXT}\nu:B\na:${TEXT}\nu:C\na:`);
  });

  it('counts tokens', async () => {
    const { usage } = await client.messages.create({ ...request, system: 'Be brief' });
    const count = await client.messages.countTokens({ model: MODEL, messages: HELLO, system: 'Be brief' });
    expect(count.input_tokens).toBe(usage.input_tokens);
    expect(on.engine.numFreeSlots).toBe(1000);
  });

  it('throws its own errors', async () => {
    await expect(client.messages.create({ ...request, max_tokens: -1 })).rejects.toBeInstanceOf(
      BadRequestError,
    );
    await expect(client.messages.create({ ...request, model: 'nothing' })).rejects.toBeInstanceOf(
      NotFoundError,
    );
    on.engine.numFreeSlots = 0;
    await expect(client.messages.create(request)).rejects.toBeInstanceOf(RateLimitError);
    on.engine.reset({ text: TEXT, failAfter: 1 });
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
    const own = await startHttpService(on.engine, {}, { keysFile: keys.path });
    const clientOf = (apiKey: string): Anthropic =>
      new Anthropic({ baseURL: own.url, apiKey, maxRetries: 0, fetch: on.fetch });
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
    on.engine.reset({ text: TEXT, stallAfter: 1 });
    const plain = new Anthropic({ baseURL: on.service.url, apiKey: 'none', maxRetries: 0 });
    const runner = plain.messages.stream(request);
    runner.on('text', () => runner.abort());
    await expect(runner.done()).rejects.toBeInstanceOf(APIUserAbortError);
    while (on.engine.stats().numSequencesRunning > 0) await sleep(5);
    expect(on.engine.find(on.engine.requests[0]?.id ?? '')?.cancelCause).toBe('disconnect');
  });
});

describe('over the engine itself', () => {
  const real = makeChatModel(TRANSCRIPT_TEMPLATE);
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
    const client = new Anthropic({ baseURL: own.url, apiKey: 'none', maxRetries: 0, fetch: on.fetch });
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
