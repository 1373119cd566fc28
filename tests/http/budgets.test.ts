import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChatBody } from '../../routes/openai/schemas/chat.ts';
import type { CompletionBody, CompletionChunk } from '../../routes/openai/schemas/completions.ts';
import { post, postStream } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { makeChatModel } from '../support/chat-model.ts';
import { RawClient } from '../support/raw-client.ts';
import { publishedTemplate } from '../support/published-templates.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';
import { until } from '../support/service.ts';

/** What one request may take of the thread that answers, and of its memory. */

const BODY_LIMIT = 2 ** 20;
const model = makeChatModel(publishedTemplate('function-gemma'));
let engine: ScriptedEngine;
let service: HttpService;

beforeAll(async () => {
  engine = await ScriptedEngine.create(model.path, {}, { contextLength: 8192 });
  service = await startHttpService(engine, { bodyLimitBytes: BODY_LIMIT });
});
afterAll(async () => {
  await service.close();
  await engine.stop();
  model.remove();
});

describe('a long answer', () => {
  const request = { prompt: 'The river', max_tokens: 400, n: 8, logprobs: 20, seed: 1 };

  it.each([
    ['/v1/completions', {}],
    ['/v1/completions with its prompt', { echo: true }],
  ])('%s: is sent in pieces, and says what its stream says', async (_, changes) => {
    engine.reset({ text: ' runs past the old mill'.repeat(20) });
    const url = `${service.url}/v1/completions`;
    const init = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const whole = await fetch(url, { ...init, body: JSON.stringify({ ...request, ...changes }) });
    expect(whole.status).toBe(200);
    // Its length is not known when the first piece goes out.
    expect(whole.headers.get('content-length')).toBeNull();
    const { choices } = (await whole.json()) as CompletionBody;
    expect(choices).toHaveLength(8);
    const { events: chunks } = await postStream<CompletionChunk>(service, '/v1/completions', {
      ...request,
      ...changes,
    });
    for (const { index, text, logprobs } of choices) {
      const parts = chunks.flatMap((chunk) => chunk.choices.filter((choice) => choice.index === index));
      expect(text).toBe(parts.map((part) => part.text).join(''));
      expect(logprobs).toEqual({
        tokens: parts.flatMap((part) => part.logprobs?.tokens ?? []),
        token_logprobs: parts.flatMap((part) => part.logprobs?.token_logprobs ?? []),
        top_logprobs: parts.flatMap((part) => part.logprobs?.top_logprobs ?? []),
        text_offset: parts.flatMap((part) => part.logprobs?.text_offset ?? []),
      });
    }
  });

  it('a short one is sent whole', async () => {
    engine.reset({ text: ' runs' });
    const body = JSON.stringify({ prompt: 'The river', max_tokens: 4, logprobs: 2 });
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
    const answer = await fetch(`${service.url}/v1/completions`, init);
    expect(Number(answer.headers.get('content-length'))).toBe((await answer.text()).length);
  });

  it('of a chat has every token once', async () => {
    engine.reset({ text: ' runs past the old mill'.repeat(20) });
    const messages = [{ role: 'user', content: 'a' }];
    const body = { messages, max_tokens: 400, n: 4, logprobs: true, top_logprobs: 20 };
    const { choices } = (await post(service, '/v1/chat/completions', body)).json as ChatBody;
    for (const { message, logprobs } of choices) {
      expect(logprobs?.content.map(({ token }) => token).join('')).toContain(message.content ?? '?');
      expect(logprobs?.content[0]?.top_logprobs).toHaveLength(20);
    }
  });
});

describe('the tools of a chat', () => {
  const chat = (parameters: object) =>
    post(service, '/v1/chat/completions', {
      messages: [{ role: 'user', content: 'a' }],
      tools: [
        { type: 'function', function: { name: 'good' } },
        { type: 'function', function: { name: 'bad', strict: true, parameters } },
      ],
      tool_choice: 'required',
    });

  it('that refer to themselves are refused by the name of the field', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `p${index}`);
    const properties = Object.fromEntries(names.map((name) => [name, { $ref: '#' }]));
    const { status, json } = await chat({ type: 'object', properties });
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { param: 'tools[1].function.parameters', code: 'invalid_request' } });
  });

  it('that are too many values are refused before the template sees them', async () => {
    const properties = Object.fromEntries(Array.from({ length: 40_000 }, (_, i) => [`p${i}`, {}]));
    const { status, json } = await chat({ type: 'object', properties });
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { param: 'tools', code: 'invalid_request' } });
  });
});

describe('bodies that do not end', () => {
  it('are refused to the address that holds most of their memory, and to no other', async () => {
    const text = JSON.stringify({ prompt: 'x'.repeat(BODY_LIMIT - 100), max_tokens: 1 });
    const head = (length: number) =>
      `POST /v1/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;
    const holders: RawClient[] = [];
    for (let count = 0; count < 70; count++) {
      const client = await RawClient.open(service.url, { localAddress: '127.0.0.2' });
      client.socket.write(head(text.length) + text.slice(0, -1));
      holders.push(client);
    }
    await until(() => holders.some(({ statuses }) => statuses.length > 0));
    const refused = holders.filter(({ statuses }) => statuses.length > 0);
    expect(refused.length).toBeLessThan(20);
    for (const { statuses, received } of refused) {
      expect(statuses).toEqual([429]);
      expect(received).toContain('bodies that are received take more than 67108864 bytes');
    }
    const other = await post(service, '/v1/completions', { prompt: 'x '.repeat(400_000), max_tokens: 1 });
    // It was read: what is wrong with it is its length.
    expect(other.json).toMatchObject({ error: { code: 'context_length_exceeded' } });
  });
});
