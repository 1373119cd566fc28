import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CompletionBody, CompletionChunk } from '../../routes/openai/schemas/completions.ts';
import { post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { sseData } from '../support/openapi-validator.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

const PATH = '/v1/completions';
const PROMPT = 'The river';
const PROMPT_IDS = [304, 283, 312, 273]; // tests/fixtures/tiny-gpt2/completions.json
const TEXT = ' runs past the old mill and down to the sea';

let engine: ScriptedEngine;
let service: HttpService;

beforeAll(async () => {
  engine = await ScriptedEngine.create();
  service = await startHttpService(engine);
});
beforeEach(() => engine.reset());
afterAll(() => service.close());

async function complete(body: Record<string, unknown>): Promise<CompletionBody> {
  const answer = await post(service, PATH, body);
  expect(answer.status, answer.text).toBe(200);
  return answer.json as CompletionBody;
}

async function stream(body: Record<string, unknown>): Promise<{ text: string; chunks: CompletionChunk[] }> {
  const answer = await post(service, PATH, { ...body, stream: true });
  expect(answer.status, answer.text).toBe(200);
  return { text: answer.text, chunks: sseData(answer.text) as CompletionChunk[] };
}

describe('POST /v1/completions', () => {
  it('answers with text, finish reason and usage in the shape of OpenAI', async () => {
    const answer = await post(service, PATH, { model: '@test/tiny-gpt2', prompt: PROMPT, max_tokens: 5 });
    const requestId = answer.headers['x-request-id'];
    expect(answer.json).toEqual({
      id: `cmpl-${requestId}`,
      object: 'text_completion',
      created: expect.closeTo(Date.now() / 1000, -2) as number,
      model: '@test/tiny-gpt2',
      system_fingerprint: expect.stringMatching(/^fp_[0-9a-f]{12}$/) as string,
      choices: [{ index: 0, text: expect.any(String) as string, logprobs: null, finish_reason: 'length' }],
      usage: {
        prompt_tokens: 4,
        completion_tokens: 5,
        total_tokens: 9,
        prompt_tokens_details: { cached_tokens: 0 },
      },
    });
    expect(TEXT.startsWith((answer.json as CompletionBody).choices[0]?.text ?? '?')).toBe(true);
  });

  it('tells where the time went in headers', async () => {
    const { headers } = await post(service, PATH, { prompt: PROMPT, max_tokens: 3 });
    expect(headers).toMatchObject({
      'x-queue-time': '1.00',
      'x-time-to-first-token': '2.00',
      'x-time-per-token': '0.50',
      'x-prompt-tokens': '4',
      'x-cached-tokens': '0',
      'x-generated-tokens': '3',
    });
    expect(Number(headers['x-total-time'])).toBeGreaterThan(0);
    expect(headers['server-timing']).toMatch(
      /^queue;dur=1\.00, ttft;dur=2\.00, tpot;dur=0\.50, total;dur=[\d.]+$/,
    );
  });

  it('hands every field to the engine, converted', async () => {
    await complete({
      prompt: PROMPT,
      max_tokens: 7,
      min_tokens: 2,
      temperature: 0.7,
      top_p: 0.9,
      top_k: 40,
      min_p: 0.05,
      n: 2,
      seed: -12,
      stop: ['\n', 'END'],
      logprobs: 3,
      logit_bias: { '5': -100, '7': 2.5 },
      frequency_penalty: 0.1,
      presence_penalty: -0.2,
      repetition_penalty: 1.3,
      ignore_eos: true,
      timeout_ms: 5000,
      cache_salt: 'tenant',
    });
    expect(engine.requests[0]).toMatchObject({
      prompts: [PROMPT_IDS],
      n: 2,
      maxTokens: 7,
      minTokens: 2,
      ignoreEos: true,
      stop: ['\n', 'END'],
      numLogprobs: 3,
      promptLogprobs: false,
      cacheSalt: 'tenant',
      timeoutMs: 5000,
      sampling: {
        temperature: 0.7,
        topP: 0.9,
        topK: 40,
        minP: 0.05,
        seed: -12,
        logitBias: new Map([
          [5, -100],
          [7, 2.5],
        ]),
        frequencyPenalty: 0.1,
        presencePenalty: -0.2,
        repetitionPenalty: 1.3,
      },
    });
  });

  it('takes null for every optional field, and means the defaults of OpenAI', async () => {
    const fields = [
      'model',
      'max_tokens',
      'temperature',
      'top_p',
      'top_k',
      'min_p',
      'n',
      'seed',
      'stop',
      'stream',
    ];
    const more = [
      'logprobs',
      'echo',
      'logit_bias',
      'stream_options',
      'suffix',
      'user',
      'best_of',
      'min_tokens',
    ];
    await complete({
      prompt: PROMPT,
      ...Object.fromEntries([...fields, ...more].map((field) => [field, null])),
    });
    expect(engine.requests[0]).toMatchObject({ n: 1, maxTokens: 16, stop: [], timeoutMs: 60_000 });
    expect(engine.requests[0]?.sampling).toMatchObject({ temperature: 1, topP: 1, topK: 0, minP: 0 });
    expect(engine.requests[0]?.numLogprobs).toBeUndefined();
  });

  it.each([
    ['a text', PROMPT, [PROMPT_IDS]],
    ['a list of texts', [PROMPT, PROMPT], [PROMPT_IDS, PROMPT_IDS]],
    ['token ids', PROMPT_IDS, [PROMPT_IDS]],
    ['a list of token ids', [PROMPT_IDS, [5]], [PROMPT_IDS, [5]]],
    ['an empty text: end-of-text', '', [[0]]],
    ['null: end-of-text', null, [[0]]],
  ])('takes a prompt as %s', async (_, prompt, expected) => {
    await complete({ prompt });
    expect(engine.requests[0]?.prompts).toEqual(expected);
  });

  it('numbers the choices of several prompts through', async () => {
    const { choices, usage } = await complete({ prompt: [PROMPT, 'T'], n: 2, max_tokens: 2 });
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    expect(usage).toMatchObject({ prompt_tokens: 5, completion_tokens: 8 });
  });

  it('ends with stop where the model ends', async () => {
    const { choices } = await complete({ prompt: PROMPT, max_tokens: 100 });
    expect(choices[0]).toMatchObject({ text: TEXT, finish_reason: 'stop' });
  });

  it('returns token ids on demand', async () => {
    const { choices } = await complete({ prompt: PROMPT, max_tokens: 3, return_token_ids: true });
    expect(choices[0]?.token_ids).toEqual(engine.ownTokenizer.encode(TEXT).slice(0, 3));
  });

  it('reports logprobs with the chosen token among the alternatives, and offsets into the text', async () => {
    const { choices } = await complete({ prompt: PROMPT, max_tokens: 4, logprobs: 2 });
    const { logprobs, text = '' } = choices[0] ?? {};
    expect(logprobs?.token_logprobs).toEqual([-0.5, -0.5, -0.5, -0.5]);
    expect(logprobs?.tokens.join('')).toBe(text);
    expect(Object.keys(logprobs?.top_logprobs[0] ?? {})).toHaveLength(3);
    logprobs?.text_offset.forEach((offset, i) =>
      expect(text.startsWith(logprobs.tokens[i] ?? '?', offset)).toBe(true),
    );
  });

  it('echoes the prompt, with its logprobs when asked, the first of which is null', async () => {
    const { choices } = await complete({ prompt: PROMPT, max_tokens: 2, echo: true, logprobs: 1, n: 2 });
    expect(choices).toHaveLength(2);
    for (const { text, logprobs } of choices) {
      expect(text.startsWith(PROMPT)).toBe(true);
      expect(logprobs?.tokens.join('')).toBe(text);
      expect(logprobs?.token_logprobs).toEqual([null, -0.5, -0.5, -0.5, -0.5, -0.5]);
      expect(logprobs?.top_logprobs[0]).toBeNull();
      expect(logprobs?.text_offset[4]).toBe(PROMPT.length);
    }
    expect(engine.requests[0]?.promptLogprobs).toBe(true);
  });

  it('scores a prompt without generating: max_tokens 0 with echo', async () => {
    const { choices, usage } = await complete({ prompt: PROMPT, max_tokens: 0, echo: true, logprobs: 0 });
    expect(choices[0]).toMatchObject({ text: PROMPT, finish_reason: 'length' });
    expect(choices[0]?.logprobs?.tokens).toHaveLength(4);
    expect(usage.completion_tokens).toBe(0);
  });

  it('cuts a prompt from the left when told to, and says by how much', async () => {
    const cut = await complete({ prompt: PROMPT, max_tokens: 2, truncate_prompt_tokens: 3 });
    expect(engine.requests[0]?.prompts).toEqual([PROMPT_IDS.slice(1)]);
    expect(cut.choices[0]).toMatchObject({ truncated: true, dropped_tokens: 1 });
    const long = new Array<number>(300).fill(5);
    const fit = await complete({ prompt: long, max_tokens: 28, truncate_prompt_tokens: -1 });
    expect(engine.requests[1]?.prompts[0]).toHaveLength(100);
    expect(fit.choices[0]).toMatchObject({ truncated: true, dropped_tokens: 200 });
    const whole = await complete({ prompt: PROMPT, max_tokens: 2, truncate_prompt_tokens: -1 });
    expect(whole.choices[0]).not.toHaveProperty('truncated');
  });

  it.each([
    ['lone surrogates', '"\\ud800 and \\udc00"'],
    ['NUL', '"a\\u0000b"'],
    ['an astral character', '"🌊"'],
  ])('takes a prompt with %s', async (_, literal) => {
    const answer = await post(service, PATH, `{"prompt": ${literal}, "max_tokens": 2, "echo": true}`);
    expect(answer.status).toBe(200);
  });
});

describe('POST /v1/completions with stream', () => {
  it('sends chunks of one id, finish_reason null until the last, then [DONE]', async () => {
    const { text, chunks } = await stream({ prompt: PROMPT, max_tokens: 4 });
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    expect(new Set(chunks.map(({ created }) => created)).size).toBe(1);
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason)).toEqual([
      null,
      null,
      null,
      null,
      'length',
    ]);
    expect(chunks.every((chunk) => !('usage' in chunk))).toBe(true);
    expect(text.endsWith('\n\ndata: [DONE]\n\n')).toBe(true);
  });

  it('keeps proxies from buffering', async () => {
    const { headers } = await post(service, PATH, { prompt: PROMPT, stream: true });
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    expect(headers['content-encoding']).toBeUndefined();
    expect(headers['x-request-id']).toBeDefined();
  });

  it('sends usage in a last chunk without choices, null before', async () => {
    const { chunks } = await stream({
      prompt: PROMPT,
      max_tokens: 3,
      stream_options: { include_usage: true },
    });
    const last = chunks.at(-1);
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
    expect(last?.choices).toEqual([]);
    expect(last?.usage).toMatchObject({ prompt_tokens: 4, completion_tokens: 3, total_tokens: 7 });
  });

  it("sends usage in every chunk where vLLM's field asks for it, as guidellm does", async () => {
    const options = { include_usage: true, continuous_usage_stats: true };
    const { chunks } = await stream({ prompt: PROMPT, max_tokens: 3, stream_options: options });
    const counts = chunks.map(({ usage }) => usage?.completion_tokens ?? -1);
    expect(chunks.every(({ usage }) => usage?.prompt_tokens === 4)).toBe(true);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(counts[0]).toBeLessThan(counts.at(-1) ?? 0);
    const alone = await stream({
      prompt: PROMPT,
      max_tokens: 3,
      stream_options: { continuous_usage_stats: true },
    });
    expect(alone.chunks.some((chunk) => 'usage' in chunk)).toBe(false);
  });

  it('ends with the timings in a comment, since the headers left before them', async () => {
    const { text } = await stream({ prompt: PROMPT, max_tokens: 3 });
    const comment = text.split('\n').find((line) => line.startsWith(': {'));
    expect(JSON.parse(comment?.slice(2) ?? '')).toMatchObject({
      'x-queue-time': '1.00',
      'x-generated-tokens': '3',
    });
  });

  it.each([
    { prompt: [PROMPT, 'T'], n: 2, max_tokens: 3, echo: true, logprobs: 2, return_token_ids: true },
    { prompt: PROMPT, max_tokens: 100, echo: true },
    { prompt: PROMPT, max_tokens: 3, truncate_prompt_tokens: 2, echo: true },
  ])('says the same as without stream: %j', async (body) => {
    const { choices } = await complete(body);
    const { chunks } = await stream(body);
    const parts = chunks.flatMap((chunk) => chunk.choices);
    for (const choice of choices) {
      const own = parts.filter(({ index }) => index === choice.index);
      expect(own.map(({ text }) => text).join('')).toBe(choice.text);
      expect(own.flatMap(({ token_ids }) => token_ids ?? [])).toEqual(choice.token_ids ?? []);
      expect(own.flatMap(({ logprobs }) => logprobs?.text_offset ?? [])).toEqual(
        choice.logprobs?.text_offset ?? [],
      );
      expect(own.at(-1)).toMatchObject({
        finish_reason: choice.finish_reason,
        ...(choice.truncated ? { truncated: true, dropped_tokens: choice.dropped_tokens } : {}),
      });
    }
  });

  it('ends a fault midway with an error frame, and no [DONE]', async () => {
    engine.reset({ failAfter: 2 });
    const answer = await post(service, PATH, { prompt: PROMPT, stream: true });
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain('[DONE]');
    expect(answer.text).toMatch(/\nevent: error\ndata: \{"error":.*\}\n\n$/);
    expect(sseData(answer.text).at(-1)).toMatchObject({
      error: { code: 'backend_failure', type: 'server_error', request_id: answer.headers['x-request-id'] },
    });
  });

  it('answers a fault before the first byte with a status, not with a stream', async () => {
    engine.numFreeSlots = 0;
    const answer = await post(service, PATH, { prompt: PROMPT, stream: true });
    expect(answer.status).toBe(429);
  });
});
