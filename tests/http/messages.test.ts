import type Anthropic from '@anthropic-ai/sdk';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { MessageBody, MessageEvent } from '../../routes/anthropic/schemas/message-body.ts';
import { TRANSCRIPT_TEMPLATE } from '../support/chat-model.ts';
import { call, post, postOk, postStream, type StreamedAnswer } from '../support/http-client.ts';
import { startHttpService } from '../support/http-service.ts';
import { useScriptedService } from '../support/scripted-service.ts';

/** Anthropic's messages over a socket. */

const PATH = '/v1/messages';
const MODEL = '@test/tiny-gpt2';
const TEXT = ' runs past the old mill';
const HELLO: Anthropic.MessageParam[] = [{ role: 'user', content: 'The river' }];

const on = useScriptedService({
  template: TRANSCRIPT_TEMPLATE,
  model: { contextLength: 1024 },
  script: { text: TEXT },
});
const create = (body: object): Promise<MessageBody> =>
  postOk(on.service, PATH, { max_tokens: 50, messages: HELLO, ...body });
const stream = (body: object): Promise<StreamedAnswer<MessageEvent>> =>
  postStream(on.service, PATH, { max_tokens: 50, messages: HELLO, ...body });

describe('POST /v1/messages', () => {
  it('answers in the shape of Anthropic', async () => {
    const answer = await post(on.service, PATH, { model: MODEL, max_tokens: 50, messages: HELLO });
    const id = answer.headers['x-request-id'];
    expect(answer.headers['request-id']).toBe(id);
    expect(on.lastPrompt()).toBe('u:The river\na:');
    expect(answer.json).toEqual({
      id: `msg_${id}`,
      type: 'message',
      role: 'assistant',
      model: MODEL,
      content: [{ type: 'text', text: TEXT }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      stop_details: null,
      container: null,
      usage: {
        input_tokens: on.engine.requests[0]?.prompts[0]?.length,
        cache_read_input_tokens: 0,
        cache_creation_input_tokens: 0,
        output_tokens: on.engine.ownTokenizer.encode(TEXT).length,
        output_tokens_details: { thinking_tokens: 0 },
      },
    });
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
    const { contextLength } = on.engine.model;
    let content = '';
    while (on.engine.ownTokenizer.encode(`u:${content}\na:`).length < contextLength - 4) content += 'z ';
    const beyond = await create({ max_tokens: 100_000, messages: [{ role: 'user', content }] });
    expect(beyond).toMatchObject({ stop_reason: 'model_context_window_exceeded' });
    // A format can end an answer before the bound: what is left has no room for another call.
    on.engine.reset({ text: ' runs', finishReason: 'length' });
    expect(await create({ max_tokens: 60 })).toMatchObject({ stop_reason: 'max_tokens' });
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
    expect(on.engine.requests[0]).toMatchObject({
      maxTokens: 5,
      stop: ['X', 'Y'],
      cacheSalt: 's',
      sampling: { temperature: 0.3, topP: 0.5, topK: 4, seed: 7 },
    });
  });

  it('ends a fault midway with an event', async () => {
    on.engine.reset({ text: TEXT, failAfter: 2 });
    const { text, events } = await stream({});
    expect(events.at(-1)).toMatchObject({
      type: 'error',
      error: { type: 'api_error', message: 'a kernel failed in step 7' },
    });
    expect(text).not.toContain('message_stop');
  });

  it('keeps a silent stream alive with pings', async () => {
    const quick = await startHttpService(on.engine, { ssePingIntervalMs: 20 });
    on.engine.reset({ text: TEXT, tokenDelayMs: 100 });
    try {
      const { text } = await post(quick, PATH, { max_tokens: 3, messages: HELLO, stream: true });
      expect(text).toContain('event: ping\ndata: {"type":"ping"}\n\n');
    } finally {
      await quick.close();
    }
  });

  it('is found and cancelled by the id of its body', async () => {
    on.engine.reset({ text: TEXT, stallAfter: 2 });
    const pending = create({});
    while (on.engine.requests.length === 0) await sleep(5);
    const cancelled = await call(on.service, 'DELETE', `/v1/requests/msg_${on.engine.requests[0]?.id}`);
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
    const answer = await call(on.service, method, path, {
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ type: 'error', request_id: answer.headers['request-id'] });
  });

  it('has them at the door', async () => {
    on.engine.numFreeSlots = 0;
    const answer = await post(on.service, PATH, {});
    expect(answer.json).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } });
    expect(answer.headers['request-id']).toBe(answer.headers['x-request-id']);
    on.engine.state = 'draining';
    const draining = await post(on.service, PATH, {});
    expect(draining.status).toBe(503);
    expect(draining.json).toMatchObject({ error: { type: 'overloaded_error' } });
  });
});
