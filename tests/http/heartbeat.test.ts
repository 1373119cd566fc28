import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeChatModel } from '../support/chat-model.ts';
import { openAiError } from '../support/error-bodies.ts';
import { post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { RawClient, rawPost } from '../support/raw-client.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';
import { until } from '../support/service.ts';
import { postJson } from '../support/sse.ts';

const TEXT = ' runs past the old mill and down to the sea';
const HELLO = [{ role: 'user', content: 'a' }];

const model = makeChatModel();
let engine: ScriptedEngine;
let service: HttpService;
beforeAll(async () => {
  engine = await ScriptedEngine.create(model.path);
  service = await startHttpService(engine, { heartbeatMs: 20 });
});
beforeEach(() => engine.reset({ tokenDelayMs: 10 }));
afterAll(async () => {
  await service.close();
  model.remove();
});

/** Not held against openapi.yaml, in which errors do not have the status 200. */
async function ask(path: string, body: object): Promise<{ status: number; text: string }> {
  const answer = await postJson(service.url + path, body);
  return { status: answer.status, text: await answer.text() };
}

describe('HEARTBEAT', () => {
  it.each([
    ['/v1/completions', { prompt: 'a', max_tokens: 60 }],
    ['/v1/chat/completions', { messages: HELLO }],
    ['/v1/responses', { input: 'a' }],
    ['/v1/messages', { messages: HELLO, max_tokens: 60 }],
    ['/ai/run/@test/tiny-gpt2', { messages: HELLO }],
  ])('writes white space before the JSON: %s', async (path, body) => {
    const plain = await startHttpService(engine);
    const expected = await post(plain, path, body);
    await plain.close();
    const answer = await post(service, path, body);
    expect(answer.status).toBe(200);
    expect(answer.text).toMatch(/^ {2,}\{/);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(Object.keys(answer.json as object)).toEqual(Object.keys(expected.json as object));
    expect(answer.text).toContain(JSON.stringify(TEXT).slice(1, -1));
    const last = service.logLines.at(-1);
    expect(last).toMatchObject({ status: 200, completionTokens: expect.any(Number) as number });
  });

  it.each([
    ['/v1/completions', { prompt: 'a', max_tokens: 60 }],
    ['/v1/messages', { messages: HELLO, max_tokens: 60 }],
  ])('answers an error behind it in the body, in the form of the API: %s', async (path, body) => {
    const quick = await startHttpService(engine);
    engine.reset({ failAfter: 3 });
    const expected = await post(quick, path, body);
    await quick.close();
    engine.reset({ failAfter: 3, tokenDelayMs: 20 });
    const answer = await ask(path, body);
    expect([expected.status, answer.status]).toEqual([500, 200]);
    expect(answer.text).toMatch(/^ +\{/);
    const withoutId = (text: string): string => text.replaceAll(/"request_id":"[^"]*"/g, '');
    expect(withoutId(answer.text.trimStart())).toBe(withoutId(expected.text));
    expect(service.logLines.at(-1)).toMatchObject({ status: 200, ended: 'error: backend_failure' });
  });

  it('leaves alone what is refused or answered before it, and what is streamed', async () => {
    const refused = await post(service, '/v1/completions', { prompt: 'a', max_tokens: -2 });
    expect(refused.status).toBe(400);
    expect(openAiError(refused).param).toBe('max_tokens');
    engine.reset();
    const soon = await post(service, '/v1/completions', { prompt: 'a', max_tokens: 2 });
    expect(soon.text.startsWith('{')).toBe(true);
    engine.reset({ tokenDelayMs: 20 });
    const streamed = await post(service, '/v1/completions', { prompt: 'a', stream: true });
    expect(streamed.text.startsWith('data: ')).toBe(true);
  });

  it('is off by default', async () => {
    const plain = await startHttpService(engine);
    engine.reset({ tokenDelayMs: 20 });
    const { text } = await post(plain, '/v1/completions', { prompt: 'a' });
    await plain.close();
    expect(text.startsWith('{')).toBe(true);
  });

  it('stops the work of a client that hangs up', async () => {
    engine.reset({ stallAfter: 1 });
    const client = await RawClient.open(service.url);
    client.socket.write(rawPost('/v1/completions', { prompt: 'a' }));
    await until(() => client.received.includes('\r\n\r\n'));
    client.socket.destroy();
    await until(() => engine.stats().numSequencesRunning === 0);
    expect(engine.find(engine.requests.at(-1)?.id ?? '')).toMatchObject({ cancelCause: 'disconnect' });
  });
});
