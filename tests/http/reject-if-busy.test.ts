import OpenAI, { RateLimitError } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeChatModel } from '../support/chat-model.ts';
import { post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

/** Cloudflare's `options.rejectIfBusy` on OpenAI's routes; cloudflare-client.test.ts has it on Cloudflare's own. */

const model = makeChatModel();
let engine: ScriptedEngine;
let service: HttpService;

beforeAll(async () => {
  engine = await ScriptedEngine.create(model.path);
  service = await startHttpService(engine);
});
beforeEach(() => engine.reset({ stallAfter: 1 }));
afterAll(async () => {
  await service.close();
  await engine.tokenizer.stop();
  model.remove();
});

/** The template's process may take a second to start. */
const arrived = (num: number): Promise<void> =>
  expect.poll(() => engine.requests.length, { timeout: 10_000 }).toBe(num);

const messages = [{ role: 'user', content: 'Hi' }];
const options = { rejectIfBusy: true };

describe.each([
  ['/v1/chat/completions', { messages }],
  ['/ai/v1/chat/completions', { messages }],
  ['/client/v4/accounts/any/ai/v1/chat/completions', { messages }],
  ['/v1/completions', { prompt: 'a' }],
  ['/ai/v1/completions', { prompt: 'a' }],
])('%s', (path, body) => {
  it('refuses what could not start at once, where the client asks for that', async () => {
    const { maxNumSeqs } = engine.stats();
    const running = Array.from({ length: maxNumSeqs - 1 }, () =>
      post(service, '/v1/completions', { prompt: 'a' }),
    );
    const last = post(service, path, { ...body, options });
    // The last free seat is for who asks, whatever it may be.
    await arrived(maxNumSeqs);
    const refused = await post(service, path, { ...body, options });
    expect(refused.status).toBe(429);
    expect(refused.json).toMatchObject({
      error: {
        code: 'queue_full',
        type: 'rate_limit_error',
        param: 'options.rejectIfBusy',
        message: 'Capacity temporarily exceeded, please try again.',
      },
    });
    for (const neutral of [{ options: { rejectIfBusy: false } }, { options: null }, { options: {} }]) {
      running.push(post(service, path, { ...body, ...neutral }));
    }
    await arrived(maxNumSeqs + 3);
    for (const { id } of engine.requests) engine.cancel(id, 'delete');
    expect((await last).status).toBe(200);
    for (const answer of await Promise.all(running)) expect(answer.status).toBe(200);
  });
});

it("is RateLimitError in OpenAI's client", async () => {
  const client = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: 'none', maxRetries: 0 });
  const running = Array.from({ length: engine.stats().maxNumSeqs }, () =>
    post(service, '/v1/completions', { prompt: 'a' }),
  );
  await arrived(running.length);
  const body = { model: '', messages, options } as unknown as OpenAI.ChatCompletionCreateParamsNonStreaming;
  await expect(client.chat.completions.create({ ...body, model: engine.model.id })).rejects.toBeInstanceOf(
    RateLimitError,
  );
  for (const { id } of engine.requests) engine.cancel(id, 'delete');
  await Promise.all(running);
});

it('takes no other options', async () => {
  const answer = await post(service, '/v1/chat/completions', { messages, options: { num_ctx: 5 } });
  expect(answer.status).toBe(400);
  expect(answer.json).toMatchObject({ error: { param: 'options.num_ctx' } });
});
