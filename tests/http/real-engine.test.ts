import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CompletionBody, CompletionChunk } from '../../routes/openai/schemas/completions.ts';
import type { RequestListBody } from '../../routes/service/schemas/requests.ts';
import type { EngineClient } from '../../src/engine/client/engine-client.ts';
import { createEngineOf } from '../support/create-engine.ts';
import { CheckedFetch } from '../support/checked-fetch.ts';
import { expectClose } from '../support/compare.ts';
import { fixturePath, readJsonFixture } from '../support/fixtures.ts';
import { call, post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { sseData } from '../support/openapi-validator.ts';

/** The routes over the engine itself, and a tiny model whose greedy texts were made by transformers. */

interface Golden {
  prompt: string;
  promptTokenIds: number[];
  tokenIds: number[];
  text: string;
}

const GOLDENS = readJsonFixture('tiny-gpt2', 'completions.json') as Golden[];
const EMPTY: Golden = { prompt: '', promptTokenIds: [], tokenIds: [], text: '' };
const PATH = '/v1/completions';
const greedy = { temperature: 0, max_tokens: 24 };

let engine: EngineClient;
let service: HttpService;

beforeAll(async () => {
  const environment = {
    MODEL: fixturePath('tiny-gpt2'),
    MODEL_ID: 'tiny',
    RUNTIME: 'cpu',
    MAX_NUM_SEQS: '4',
  };
  engine = await createEngineOf(environment);
  await engine.start();
  service = await startHttpService(engine);
});
afterAll(async () => {
  await service.close();
  await engine.stop();
});

describe('the routes over the engine', () => {
  it.each(GOLDENS)('complete greedily as transformers does: $prompt', async ({ prompt, tokenIds, text }) => {
    const { json } = await post(service, PATH, { ...greedy, prompt, return_token_ids: true });
    expect((json as CompletionBody).choices[0]).toMatchObject({ text, token_ids: tokenIds });
  });

  it('stream the same text, and say the same usage', async () => {
    for (const { prompt, promptTokenIds, tokenIds, text } of GOLDENS) {
      const body = { ...greedy, prompt, stream: true, stream_options: { include_usage: true } };
      const chunks = sseData((await post(service, PATH, body)).text) as CompletionChunk[];
      expect(chunks.map(({ choices }) => choices[0]?.text ?? '').join('')).toBe(text);
      expect(chunks.at(-1)?.usage).toMatchObject({
        prompt_tokens: promptTokenIds.length,
        completion_tokens: tokenIds.length,
      });
    }
  });

  it('answer a list of prompts, several choices each, echoed with logprobs', async () => {
    const prompts = GOLDENS.map(({ prompt }) => prompt);
    const { json } = await post(service, PATH, { ...greedy, prompt: prompts, n: 2, echo: true, logprobs: 2 });
    const { choices } = json as CompletionBody;
    expect(choices).toHaveLength(2 * prompts.length);
    for (const { index, text, logprobs } of choices) {
      const { prompt, promptTokenIds, tokenIds, ...golden } = GOLDENS[Math.floor(index / 2)] ?? EMPTY;
      expect(text).toBe(prompt + golden.text);
      expect(logprobs?.token_logprobs).toHaveLength(promptTokenIds.length + tokenIds.length);
      expect(logprobs?.token_logprobs[0]).toBeNull();
      // Greedy: the chosen token is the likeliest of its alternatives.
      const generated = promptTokenIds.length;
      const alternatives = Object.values(logprobs?.top_logprobs[generated] ?? {});
      expect(logprobs?.token_logprobs[generated]).toBe(Math.max(...alternatives));
    }
  });

  it('score a prompt without generating', async () => {
    const [{ prompt, promptTokenIds } = EMPTY] = GOLDENS;
    const body = { prompt, max_tokens: 0, echo: true, logprobs: 1 };
    const { status, text, json } = await post(service, PATH, body);
    expect(status, text).toBe(200);
    const { choices, usage } = json as CompletionBody;
    expect(choices[0]?.logprobs?.token_logprobs).toHaveLength(promptTokenIds.length);
    expect(usage.completion_tokens).toBe(0);
  });

  it('stop at a stop string that spans tokens, and leak nothing of it', async () => {
    const [{ prompt, text } = EMPTY] = GOLDENS;
    for (const stream of [false, true]) {
      const answer = await post(service, PATH, { ...greedy, prompt, stop: ['ast the old'], stream });
      const choices = stream
        ? (sseData(answer.text) as CompletionChunk[]).flatMap((chunk) => chunk.choices)
        : (answer.json as CompletionBody).choices;
      expect(choices.map((choice) => choice.text).join('')).toBe(text.slice(0, text.indexOf('ast the old')));
      expect(choices.at(-1)?.finish_reason).toBe('stop');
    }
  });

  it('give the same text for the same seed, alone and beside others', async () => {
    const body = { prompt: 'The river', seed: 7, max_tokens: 20, temperature: 1.2 };
    const textOf = async (): Promise<string | undefined> =>
      ((await post(service, PATH, body)).json as CompletionBody).choices[0]?.text;
    const alone = await textOf();
    const [beside] = await Promise.all([
      textOf(),
      ...GOLDENS.map(({ prompt }) => post(service, PATH, { prompt })),
    ]);
    expect(beside).toBe(alone);
  });

  it('answer Workers AI in both of its forms', async () => {
    const [{ prompt, text } = EMPTY] = GOLDENS;
    const body = { prompt, temperature: 0, max_tokens: 24 };
    const { json } = await post(service, '/ai/run/tiny', body);
    expect(json).toMatchObject({
      success: true,
      result: { response: text, usage: { completion_tokens: 24 } },
    });
    const streamed = await post(service, '/client/v4/accounts/me/ai/run/tiny', { ...body, stream: true });
    const frames = sseData(streamed.text) as { response: string }[];
    expect(frames.map(({ response }) => response).join('')).toBe(text);
  });

  it('refuse what does not fit, naming the numbers, or cut it when told to', async () => {
    const prompt = new Array<number>(200).fill(300);
    const refused = await post(service, PATH, { prompt, max_tokens: 10 });
    expect(refused.status).toBe(400);
    expect(refused.text).toMatch(/200 tokens, which leaves no room.*128/);
    const cut = await post(service, PATH, { prompt, max_tokens: 10, truncate_prompt_tokens: -1 });
    expect((cut.json as CompletionBody).choices[0]).toMatchObject({ truncated: true, dropped_tokens: 82 });
  });

  it('fail a request that takes longer than it may', async () => {
    // Token ids: they need no tokenizer, which would take that long already.
    const body = { prompt: [304, 283], max_tokens: 100, ignore_eos: true, timeout_ms: 1 };
    const answer = await post(service, PATH, body);
    expect(answer.status).toBe(504);
    const id = answer.headers['x-request-id'];
    const { json } = await call(service, 'GET', `/v1/requests/${id}`);
    expect(json).toMatchObject({
      status: 'cancelled',
      cancel_cause: 'timeout',
      error_code: 'request_timeout',
    });
  });

  it('let a client that left come back at once under the same request id', async () => {
    const body = { prompt: 'The river', ...greedy };
    const headers = { 'x-request-id': 'come-back' };
    const expected = (await post(service, PATH, body)).json as CompletionBody;
    for (let i = 0; i < 10; i++) {
      const client = new AbortController();
      const left = fetch(service.url + PATH, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ ...body, stream: true, max_tokens: 100, ignore_eos: true }),
        signal: client.signal,
      });
      await left;
      await call(service, 'DELETE', '/v1/requests/come-back');
      const again = await call(service, 'POST', PATH, { body, headers });
      client.abort();
      expect((again.json as CompletionBody).choices).toEqual(expected.choices);
    }
    expect(engine.state).toBe('ready');
    expect(engine.stats()).toMatchObject({ numSequencesRunning: 0, numSequencesWaiting: 0, numSeatsUsed: 0 });
  });

  it('let the default of max_tokens yield to a prompt that leaves less room, but not a number asked for', async () => {
    const prompt = Array<number>(125).fill(299); // of a context of 128
    const { json } = await post(service, PATH, { prompt, temperature: 0, ignore_eos: true });
    expect(json).toMatchObject({ usage: { completion_tokens: 3 }, choices: [{ finish_reason: 'length' }] });
    const native = await post(service, '/ai/run/tiny', { prompt: 'The river' });
    expect(native.status).toBe(200);
    expect((await post(service, PATH, { prompt, max_tokens: 16 })).status).toBe(400);
    expect((await post(service, PATH, { prompt: Array<number>(128).fill(299) })).status).toBe(400);
  });

  it('are listed with the seats that their sequences run in', async () => {
    const body = { prompt: 'The river', n: 2, max_tokens: 120, ignore_eos: true };
    const listed = async (): Promise<RequestListBody['data']> =>
      ((await call(service, 'GET', '/v1/requests')).json as RequestListBody).data;
    // A model this small may be ready before it is looked at: then they are asked for once more.
    let seats: number[][] = [];
    while (seats.flat().length < 4) {
      const pending = Promise.all([1, 2].map(() => post(service, PATH, body)));
      const hasEnded = (): Promise<boolean> => Promise.race([pending.then(() => true), sleep(1, false)]);
      while (seats.flat().length < 4 && !(await hasEnded()))
        seats = (await listed()).map((request) => request.seats);
      await pending;
    }
    expect(seats.map(({ length }) => length)).toEqual([2, 2]);
    expect(new Set(seats.flat()).size).toBe(4);
    expect(await listed()).toEqual([]);
  });

  it('never split a character, whose bytes may be tokens of their own', async () => {
    const texts = await Promise.all(
      Array.from({ length: 8 }, async (_, seed) => {
        const body = { prompt: 'über 😀', temperature: 2, seed, max_tokens: 60, ignore_eos: true };
        const answer = await post(service, PATH, { ...body, stream: true, return_token_ids: true });
        const choices = (sseData(answer.text) as CompletionChunk[]).flatMap((chunk) => chunk.choices);
        const tokenIds = choices.flatMap(({ token_ids: ids }) => ids ?? []);
        const text = choices.map((choice) => choice.text).join('');
        expect(tokenIds).toHaveLength(60);
        expect(text).toBe(engine.tokenizer.decode(tokenIds, { skipSpecialTokens: true }));
        return text;
      }),
    );
    // Bytes were drawn that make no character alone: pieces decoded one by one would differ.
    expect(texts.join('')).toContain('\uFFFD');
  });

  it('embed texts as transformers does, beside a stream that goes on', async () => {
    const goldens = (
      readJsonFixture('embeddings.json') as { model: string; tokenIds: number[]; embedding: number[] }[]
    ).filter(({ model }) => model === 'tiny-gpt2');
    const { prompt, text } = GOLDENS[0] ?? EMPTY;
    const [streamed, { json }] = await Promise.all([
      post(service, PATH, { ...greedy, prompt, stream: true }),
      post(service, '/v1/embeddings', {
        input: goldens.map(({ tokenIds }) => tokenIds),
        encoding: 'model',
      }),
    ]);
    const { data } = json as { data: { embedding: number[] }[] };
    goldens.forEach(({ embedding }, index) => expectClose(data[index]?.embedding ?? [], embedding, 1e-5));
    const chunks = sseData(streamed.text) as CompletionChunk[];
    expect(chunks.map(({ choices }) => choices[0]?.text ?? '').join('')).toBe(text);
  });

  it('give up embeddings that take longer than they may, and come back to rest', async () => {
    const input = Array.from({ length: 12 }, () => Array.from({ length: 120 }, (_, i) => i));
    const { status, json } = await post(service, '/v1/embeddings', {
      input,
      encoding: 'model',
      timeout_ms: 1,
    });
    expect(status).toBe(504);
    expect(json).toMatchObject({ error: { code: 'request_timeout' } });
    expect((await post(service, PATH, { ...greedy, prompt: 'The river' })).status).toBe(200);
    expect(engine.stats().numSeatsUsed).toBe(0);
  });

  it('serve the official client', async () => {
    const [{ prompt, text } = EMPTY] = GOLDENS;
    const checked = new CheckedFetch();
    const client = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: 'none', fetch: checked.fetch });
    const stream = await client.completions.create({ model: 'tiny', prompt, ...greedy, stream: true });
    let received = '';
    for await (const chunk of stream) received += chunk.choices[0]?.text ?? '';
    expect(received).toBe(text);
    await checked.settled();
    expect(checked.numChecked).toBe(1);
  });
});

describe('attention and embeddings in the queue', () => {
  const prompt = [304, 283, 312];

  it('forgets attention that nobody waits for, and its slots', async () => {
    const aborts = Array.from({ length: 40 }, () => new AbortController());
    const asked = aborts.map(({ signal }) => engine.inspectAttention(prompt, [0], signal));
    const settled = Promise.allSettled(asked);
    for (const abort of aborts) abort.abort();
    expect((await settled).every(({ status }) => status === 'rejected')).toBe(true);
    const [layer] = await engine.inspectAttention(prompt, [1], new AbortController().signal);
    expect(layer?.[0]).toHaveLength(prompt.length);
    expect(engine.stats()).toMatchObject({ numSequencesWaiting: 0, numTokensWaiting: 0 });
  });

  it('gives the layers that were named, in their order', async () => {
    const { json } = await post(service, '/v1/attention', { prompt });
    const all = (json as { layers: { index: number; heads: number[][][] }[] }).layers;
    const named = await post(service, '/v1/attention', { prompt, layers: [1, 0] });
    expect((named.json as { layers: unknown }).layers).toEqual([all[1], all[0]]);
  });

  it('counts the tokens of all texts to be embedded against those that may wait', async () => {
    const held = engine.reserve(1, 'other/1');
    held.takeTokens(65_536, 'prompt');
    const crowded = await post(service, '/v1/embeddings', { input: ['x', 'The river'] });
    // The first client filled the queue, and the second has its share.
    expect(crowded.status).toBe(200);
    held.release();
    const own = engine.reserve(1, 'one/1');
    expect(() => own.takeTokens(65_537, 'input')).toThrow(
      expect.objectContaining({ code: 'invalid_request', param: 'input' }),
    );
    own.takeTokens(40_000, 'input');
    const more = engine.reserve(1, 'one/1');
    expect(() => more.takeTokens(30_000, 'input')).toThrow(expect.objectContaining({ code: 'queue_full' }));
    more.takeTokens(20_000, 'input');
    own.takeTokens(10, 'input');
    expect(engine.stats().numTokensWaiting).toBe(20_010);
    for (const reservation of [own, more]) reservation.release();
    expect(engine.stats()).toMatchObject({ numSequencesWaiting: 0, numTokensWaiting: 0 });
  });
});
