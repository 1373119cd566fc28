import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ChatBody, ChatChunk } from '../../routes/openai/schemas/chat.ts';
import { makeChatModel } from '../support/chat-model.ts';
import { call, post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { sseData } from '../support/openapi-validator.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

const PATH = '/v1/chat/completions';
const TEXT = ' runs past the old mill and down to the sea';
const HELLO = [{ role: 'user', content: 'The river' }];
/** What the template of the tests makes of it. */
const PROMPT = '<|endoftext|>u:The river\na:';

const model = makeChatModel();
afterAll(() => model.remove());

describe('POST /v1/chat/completions', () => {
  let engine: ScriptedEngine;
  let service: HttpService;
  let promptIds: number[];

  beforeAll(async () => {
    engine = await ScriptedEngine.create(model.path);
    service = await startHttpService(engine);
    promptIds = engine.ownTokenizer.encode(PROMPT, { addSpecialTokens: false });
  });
  beforeEach(() => engine.reset());
  afterAll(() => service.close());

  async function chat(body: Record<string, unknown>): Promise<ChatBody> {
    const answer = await post(service, PATH, { messages: HELLO, ...body });
    expect(answer.status, answer.text).toBe(200);
    return answer.json as ChatBody;
  }

  async function stream(body: Record<string, unknown>): Promise<{ text: string; chunks: ChatChunk[] }> {
    const answer = await post(service, PATH, { messages: HELLO, ...body, stream: true });
    expect(answer.status, answer.text).toBe(200);
    return { text: answer.text, chunks: sseData(answer.text) as ChatChunk[] };
  }

  it('answers with a message, finish reason and usage in the shape of OpenAI', async () => {
    const answer = await post(service, PATH, { model: '@test/tiny-gpt2', messages: HELLO });
    const numTokens = engine.ownTokenizer.encode(TEXT).length;
    expect(answer.json).toEqual({
      id: `chatcmpl-${answer.headers['x-request-id']}`,
      object: 'chat.completion',
      created: expect.closeTo(Date.now() / 1000, -2) as number,
      model: '@test/tiny-gpt2',
      system_fingerprint: expect.stringMatching(/^fp_[0-9a-f]{12}$/) as string,
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: TEXT, refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: promptIds.length,
        completion_tokens: numTokens,
        total_tokens: promptIds.length + numTokens,
        prompt_tokens_details: { cached_tokens: 0 },
      },
    });
  });

  it('gives the engine what the template writes, its special tokens as such', async () => {
    await chat({});
    expect(engine.requests[0]?.prompts).toEqual([promptIds]);
    expect(promptIds.filter((id) => id === 0)).toEqual([0]);
    expect(promptIds[0]).toBe(0);
  });

  it('lets the answer be as long as the context has room for, and takes both names of a limit', async () => {
    await chat({});
    await chat({ max_tokens: 3 });
    await chat({ max_completion_tokens: 4 });
    await chat({ max_completion_tokens: 5, max_tokens: 5 });
    expect(engine.requests.map(({ maxTokens }) => maxTokens)).toEqual([128 - promptIds.length, 3, 4, 5]);
  });

  it('hands every field to the engine, converted', async () => {
    const fields = { temperature: 0.7, top_p: 0.9, top_k: 40, min_p: 0.05, seed: -12, n: 2, stop: ['END'] };
    const more = {
      logit_bias: { '5': -100 },
      frequency_penalty: 0.1,
      presence_penalty: -0.2,
      timeout_ms: 5000,
      cache_salt: 'tenant',
    };
    await chat({
      ...fields,
      ...more,
      repetition_penalty: 1.3,
      ignore_eos: true,
      min_tokens: 2,
      max_tokens: 7,
    });
    expect(engine.requests[0]).toMatchObject({
      n: 2,
      maxTokens: 7,
      minTokens: 2,
      ignoreEos: true,
      stop: ['END'],
      numLogprobs: undefined,
      promptLogprobs: false,
      cacheSalt: 'tenant',
      timeoutMs: 5000,
      sampling: {
        temperature: 0.7,
        topP: 0.9,
        topK: 40,
        minP: 0.05,
        seed: -12,
        logitBias: new Map([[5, -100]]),
        frequencyPenalty: 0.1,
        presencePenalty: -0.2,
        repetitionPenalty: 1.3,
      },
    });
  });

  it('takes content as parts, and what an official client sends back or sends by default', async () => {
    await chat({
      messages: [
        {
          role: 'developer',
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
        },
        { role: 'user', content: 'c', name: 'Ann' },
        { role: 'assistant', content: 'd', refusal: null, annotations: [], tool_calls: null },
      ],
      tools: [],
      tool_choice: 'none',
      response_format: { type: 'text' },
      modalities: ['text'],
      user: 'somebody',
    });
    expect(engine.tokenizer.decode(engine.requests[0]?.prompts[0] ?? [])).toBe(
      '<|endoftext|>d:a\nb\nu:c\na:d\na:',
    );
  });

  it('reports logprobs in the form of chat', async () => {
    const { choices } = await chat({ max_tokens: 3, logprobs: true, top_logprobs: 2 });
    const entries = choices[0]?.logprobs?.content ?? [];
    expect(entries.map(({ token }) => token).join('')).toBe(choices[0]?.message.content);
    expect(Buffer.from(entries.flatMap(({ bytes }) => bytes)).toString()).toBe(choices[0]?.message.content);
    expect(entries.map(({ logprob, top_logprobs: top }) => [logprob, top.length])).toEqual([
      [-0.5, 2],
      [-0.5, 2],
      [-0.5, 2],
    ]);
    await chat({ logprobs: true });
    expect(engine.requests.map(({ numLogprobs }) => numLogprobs)).toEqual([2, 0]);
  });

  it("ignores OpenAI's options of a cache of prompts", async () => {
    await chat({ prompt_cache_key: 'k', prompt_cache_options: { mode: 'auto' } });
    expect(engine.requests).toHaveLength(1);
  });

  it.each([
    [PATH, { messages: HELLO }],
    ['/v1/completions', { prompt: 'The river' }],
    ['/v1/responses', { input: 'The river' }],
    ['/v1/messages', { messages: HELLO, max_tokens: 5 }],
  ])('takes a top_p of 0 for the most probable token alone: %s', async (path, body) => {
    expect((await post(service, path, { ...body, top_p: 0, temperature: 0.7 })).status).toBe(200);
    expect(engine.requests.at(-1)?.sampling).toMatchObject({ temperature: 0, topP: 1 });
  });

  it("sends usage in every chunk where vLLM's field asks for it", async () => {
    const { chunks } = await stream({
      max_tokens: 2,
      stream_options: { include_usage: true, continuous_usage_stats: true },
    });
    expect(chunks.map(({ usage }) => typeof usage?.total_tokens)).toEqual(Array(5).fill('number'));
    expect(chunks.at(-1)?.usage).toEqual(chunks.at(-2)?.usage);
  });

  it('sends chunks: the role first, then text, then the reason, usage where asked, [DONE]', async () => {
    const { text, chunks } = await stream({ max_tokens: 2, stream_options: { include_usage: true } });
    expect(chunks.map(({ object }) => object)).toEqual(Array(5).fill('chat.completion.chunk'));
    expect(new Set(chunks.map(({ id, created }) => `${id} ${created}`)).size).toBe(1);
    expect(chunks.map(({ choices }) => choices[0]?.delta)).toEqual([
      { role: 'assistant', content: '' },
      { content: expect.any(String) as string },
      { content: expect.any(String) as string },
      {},
      undefined,
    ]);
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason)).toEqual([
      null,
      null,
      null,
      'length',
      undefined,
    ]);
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 2 } });
    expect(text.endsWith('\n\ndata: [DONE]\n\n')).toBe(true);
  });

  it.each([
    { n: 2, max_tokens: 3, logprobs: true, top_logprobs: 2, return_token_ids: true },
    { max_tokens: 100 },
    { max_tokens: 3, truncate_prompt_tokens: 2 },
  ])('says the same streamed and not: %j', async (body) => {
    const { choices } = await chat(body);
    const { chunks } = await stream(body);
    expect(chunks.every((chunk) => !('usage' in chunk))).toBe(true);
    for (const choice of choices) {
      const own = chunks.flatMap((chunk) => chunk.choices).filter(({ index }) => index === choice.index);
      expect(own.map(({ delta }) => delta.content ?? '').join('')).toBe(choice.message.content);
      expect(own.flatMap(({ token_ids: ids }) => ids ?? [])).toEqual(choice.token_ids ?? []);
      expect(own.flatMap(({ logprobs }) => logprobs?.content ?? [])).toEqual(choice.logprobs?.content ?? []);
      expect(own.at(-1)).toMatchObject({
        finish_reason: choice.finish_reason,
        ...(choice.truncated ? { truncated: true, dropped_tokens: choice.dropped_tokens } : {}),
      });
    }
  });

  it('ends a fault midway with an error frame, and no [DONE]', async () => {
    engine.reset({ failAfter: 2 });
    const { text, chunks } = await stream({});
    expect(text).not.toContain('[DONE]');
    expect(chunks.at(-1)).toMatchObject({ error: { code: 'backend_failure' } });
  });

  it('finds and cancels a request by the id of its body', async () => {
    const { id } = await chat({});
    expect((await call(service, 'GET', `/v1/requests/${id}`)).status).toBe(200);
  });

  it('tells what the template refuses, and gives the slots back', async () => {
    const messages = [...HELLO, { role: 'user', content: 'shout' }];
    const answer = await post(service, PATH, { messages });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: { code: 'invalid_request', param: 'messages' } });
    expect(answer.text).toContain('no shouting, please');
    expect(engine.numFreeSlots).toBe(1000);
  });

  it('refuses a busy queue before the template runs', async () => {
    engine.numFreeSlots = 0;
    const answer = await post(service, PATH, { messages: [{ role: 'tool', content: 'x' }] });
    expect(answer.status).toBe(429);
  });

  it('refuses a conversation that cannot fit, naming messages and the numbers', async () => {
    const messages = [{ role: 'user', content: 'a b '.repeat(4000) }];
    const answer = await post(service, PATH, { messages, max_tokens: 5 });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: { code: 'context_length_exceeded', param: 'messages' } });
    expect(answer.text).toMatch(
      /\d+ tokens, which leaves no room for an answer: this model's maximum context length is 128/,
    );
    expect(engine.numFreeSlots).toBe(1000);
  });

  describe.each(['/ai/run/@test/tiny-gpt2', '/client/v4/accounts/me/ai/run/@test/tiny-gpt2'])(
    '%s',
    (path) => {
      it('takes messages, and a prompt as the message of a user unless it is raw', async () => {
        for (const body of [
          { messages: HELLO },
          { prompt: 'The river' },
          { prompt: 'The river', raw: true },
        ]) {
          const { status, text } = await post(service, path, { ...body, max_tokens: 3 });
          expect(status, text).toBe(200);
        }
        const prompts = engine.requests.map(({ prompts: [ids = []] }) => engine.tokenizer.decode(ids));
        expect(prompts).toEqual([PROMPT, PROMPT, 'The river']);
      });

      it('streams an answer to messages', async () => {
        const { text } = await post(service, path, { messages: HELLO, max_tokens: 100, stream: true });
        const frames = sseData(text) as { response: string }[];
        expect(frames.map(({ response }) => response).join('')).toBe(TEXT);
      });
    },
  );
});

describe('a model without a template', () => {
  it('names the routes that it does serve', async () => {
    const engine = await ScriptedEngine.create();
    const service = await startHttpService(engine);
    const answers = [
      await post(service, PATH, { messages: HELLO }),
      await post(service, '/ai/run/@test/tiny-gpt2', { messages: HELLO }),
    ];
    await service.close();
    for (const { status, text } of answers) {
      expect(status).toBe(400);
      expect(text).toContain('/v1/completions');
    }
    expect(engine.numFreeSlots).toBe(1000);
  });
});

describe('a template that does not end', () => {
  it('is answered with an error, while the service lives', async () => {
    const loop = '{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}';
    const looping = makeChatModel(loop);
    const engine = await ScriptedEngine.create(looping.path);
    const service = await startHttpService(engine);
    const pending = post(service, PATH, { messages: HELLO });
    const health = await call(service, 'GET', '/health');
    const completion = await post(service, '/v1/completions', { prompt: 'a' });
    const { status, json } = await pending;
    await service.close();
    looping.remove();
    expect([health.status, completion.status, status]).toEqual([200, 200, 500]);
    expect(json).toMatchObject({ error: { code: 'weights_invalid', type: 'server_error' } });
    expect(JSON.stringify(json)).toContain('did not end within');
    expect(engine.numFreeSlots).toBe(1000);
  });
});
