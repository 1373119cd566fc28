import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CompletionBody } from '../../routes/openai/schemas/completions.ts';
import type { TokenizeBody } from '../../routes/service/tokenize.ts';
import type { WorkersAiChunk } from '../../routes/workers-ai/schemas/workers-ai-answer.ts';
import type { EngineClient } from '../../src/engine/client/engine-client.ts';
import { LEAST_MATCH } from '../../src/scheduler/pages/prefix-tree.ts';
import { createEngineOf } from '../support/create-engine.ts';
import { makeEmbeddedChatModel } from '../support/chat-model.ts';
import { CheckedFetch } from '../support/checked-fetch.ts';
import { call, post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { sseData } from '../support/openapi-validator.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';
import { metric } from '../support/service.ts';

/** The engine with the embedded model, once with its prefix cache and once without. */

const QUESTIONS = [
  'Once upon a time there was a fox who lived by the river.',
  'Who came to see the fox?',
  'What did they say?',
  'Was the fox glad?',
  'Where did they go?',
  'What did they find there?',
  'Who was waiting for them?',
  'Were they afraid?',
  'What did the fox do?',
  'How did it end?',
];
const PATH = '/v1/completions';
const STORY = 'One day a little girl went into the garden. She saw a big red bird in the tree and she said: ';
const greedy = { temperature: 0, max_tokens: 8 };

interface Turn {
  text: string;
  usage: OpenAI.CompletionUsage;
  /** Prompt tokens that the engine computed. */
  numComputed: number;
}

class Served {
  readonly engine: EngineClient;
  readonly service: HttpService;

  private constructor(engine: EngineClient, service: HttpService) {
    this.engine = engine;
    this.service = service;
  }

  static async start(modelPath: string, settings: Record<string, string>): Promise<Served> {
    const runtime = RUNTIME_NAMES_HERE.includes('wasm') ? 'wasm' : 'cpu';
    const environment = { MODEL: modelPath, MODEL_ID: 'tales', MAX_NUM_SEQS: '6', THREADS: '1' };
    const engine = await createEngineOf({ ...environment, RUNTIME: runtime, ...settings });
    await engine.start();
    return new Served(engine, await startHttpService(engine));
  }

  async complete(body: Record<string, unknown>, key?: string): Promise<CompletionBody> {
    const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const options = { body: { ...greedy, ...body }, headers };
    const { status, text, json } = await call(this.service, 'POST', PATH, options);
    expect(status, text).toBe(200);
    return json as CompletionBody;
  }

  /** A conversation through the official client, streamed. */
  async converse(): Promise<Turn[]> {
    const checked = new CheckedFetch();
    const client = new OpenAI({ baseURL: `${this.service.url}/v1`, apiKey: 'none', fetch: checked.fetch });
    const messages: OpenAI.ChatCompletionMessageParam[] = [];
    const turns: Turn[] = [];
    for (const content of QUESTIONS) {
      messages.push({ role: 'user', content });
      const before = this.engine.stats().numComputedPromptTokens;
      const stream = await client.chat.completions.create({
        model: 'tales',
        messages,
        temperature: 0,
        max_completion_tokens: 16,
        stream: true,
        stream_options: { include_usage: true },
      });
      let text = '';
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? '';
        const numComputed = this.engine.stats().numComputedPromptTokens - before;
        if (chunk.usage) turns.push({ text, usage: chunk.usage, numComputed });
      }
      messages.push({ role: 'assistant', content: text });
    }
    await checked.settled();
    return turns;
  }

  async stop(): Promise<void> {
    await this.service.close();
    await this.engine.stop();
  }
}

const model = makeEmbeddedChatModel();
let on: Served;
let off: Served;
beforeAll(async () => {
  on = await Served.start(model.path, {});
  off = await Served.start(model.path, { PREFIX_CACHE: 'off' });
});
afterAll(async () => {
  await on.stop();
  await off.stop();
  model.remove();
});

const cachedOf = ({ usage }: { usage: OpenAI.CompletionUsage | CompletionBody['usage'] }): number =>
  usage.prompt_tokens_details?.cached_tokens ?? NaN;

describe('a conversation of ten turns', () => {
  let turns: Turn[];
  beforeAll(async () => {
    turns = await on.converse();
  });

  it('computes of each turn only what is new in it', () => {
    expect(turns).toHaveLength(10);
    expect(cachedOf(turns[0] ?? { usage: {} as never })).toBe(0);
    for (const [index, turn] of turns.entries()) {
      const previous = turns[index - 1]?.usage;
      expect(turn.numComputed).toBe(turn.usage.prompt_tokens - cachedOf(turn));
      if (previous === undefined) continue;
      // All of the turn before but its last token, which nobody had to compute, and a page's few first tokens.
      const numMissed = previous.total_tokens - 1 - cachedOf(turn);
      expect(numMissed).toBeGreaterThanOrEqual(0);
      expect(numMissed).toBeLessThan(LEAST_MATCH);
    }
  });

  it('says what it says without a cache, which computes every turn again', async () => {
    const uncached = await off.converse();
    expect(uncached.map(({ text }) => text)).toEqual(turns.map(({ text }) => text));
    for (const turn of uncached) {
      expect(cachedOf(turn)).toBe(0);
      expect(turn.numComputed).toBe(turn.usage.prompt_tokens);
    }
    const stats = off.engine.stats();
    expect([stats.numPrefixCacheQueries, stats.numPrefixCacheHits]).toEqual([0, 0]);
  });
});

describe('usage', () => {
  it('counts a prompt that came before, but for the token whose logits are wanted', async () => {
    const first = await on.complete({ prompt: STORY });
    const second = await on.complete({ prompt: STORY });
    expect([cachedOf(first), cachedOf(second)]).toEqual([0, first.usage.prompt_tokens - 1]);
    expect(second.choices).toEqual(first.choices);
    const { headers } = await post(on.service, PATH, { ...greedy, prompt: STORY });
    expect(headers['x-cached-tokens']).toBe(String(first.usage.prompt_tokens - 1));
  });

  it('counts a prompt once, however many choices share it, by what was there before the first', async () => {
    const before = on.engine.stats().numComputedPromptTokens;
    const body = { prompt: `Thrice. ${STORY}`, n: 3, temperature: 1, seed: 7 };
    const first = await on.complete(body);
    const { prompt_tokens: numTokens } = first.usage;
    expect(cachedOf(first)).toBe(0);
    // One computes the prompt, the others its last token.
    expect(on.engine.stats().numComputedPromptTokens - before).toBe(numTokens + 2);
    expect(first.choices).toEqual((await off.complete(body)).choices);
    expect(cachedOf(await on.complete(body))).toBe(numTokens - 1);
  });

  it('counts what the prompts of a list have in common', async () => {
    const prompts = ['fox', 'bear', 'little bird'].map((animal) => `List. ${STORY}I am a ${animal}!`);
    const whole = await off.complete({ prompt: prompts });
    const shared = await on.complete({ prompt: prompts });
    expect(shared.choices).toEqual(whole.choices);
    const tokenized = await Promise.all(
      prompts.map(async (prompt) => (await post(on.service, '/tokenize', { prompt })).json as TokenizeBody),
    );
    const [first = [], ...others] = tokenized.map(({ tokens }) => tokens);
    const numCommon = first.findIndex((id, i) => others.some((tokens) => tokens[i] !== id));
    expect(numCommon).toBeGreaterThan(20);
    expect(cachedOf(shared)).toBeGreaterThanOrEqual(2 * numCommon);
    expect(cachedOf(shared)).toBeLessThan(2 * numCommon + 6);
  });

  it('counts nothing that came with another salt', async () => {
    const prompt = `A secret. ${STORY}`;
    const cached: number[] = [];
    for (const salt of ['alice', 'bob', null, 'alice']) {
      cached.push(cachedOf(await on.complete({ prompt, cache_salt: salt })));
    }
    const { prompt_tokens: numTokens } = (await on.complete({ prompt, cache_salt: 'bob' })).usage;
    expect(cached).toEqual([0, 0, 0, numTokens - 1]);
  });

  it('refuses a salt that is empty, or no text', async () => {
    for (const salt of ['', 7]) {
      const { status, text } = await post(on.service, PATH, { prompt: 'a', cache_salt: salt });
      expect(status).toBe(400);
      expect(text).toContain('cache_salt');
    }
  });

  it('tells it on the route of Workers AI, streamed', async () => {
    const body = { prompt: `Again: ${STORY}`, raw: true, ...greedy, stream: true };
    const usages = [];
    for (let i = 0; i < 2; i++) {
      const { text } = await post(on.service, '/ai/run/tales', body);
      usages.push((sseData(text) as WorkersAiChunk[]).at(-1)?.usage);
    }
    expect(usages.map((usage) => usage?.prompt_tokens_details.cached_tokens)).toEqual([
      0,
      (usages[0]?.prompt_tokens ?? NaN) - 1,
    ]);
  });

  it('scores a whole prompt whose beginning is in the cache', async () => {
    const body = { prompt: STORY, max_tokens: 1, echo: true, logprobs: 0 };
    const [scored, unhurried] = [await on.complete(body), await off.complete(body)];
    expect(cachedOf(scored)).toBe(0);
    const logprobs = scored.choices[0]?.logprobs?.token_logprobs ?? [];
    expect(logprobs).toHaveLength(scored.usage.total_tokens);
    for (const [i, logprob] of logprobs.entries()) {
      const expected = unhurried.choices[0]?.logprobs?.token_logprobs[i];
      if (i > 0) expect(logprob).toBeCloseTo(expected ?? NaN, 4);
    }
  });
});

describe('another client', () => {
  const SECRET = `The password of the night watch is: ${STORY} Nobody may know it.`;

  async function encode({ engine }: Served, text: string): Promise<{ tokenIds: readonly number[] }> {
    const caller = { clientId: '', signal: AbortSignal.timeout(60_000) };
    const [encoded] = await engine.tokenizer.encode([text], {}, caller);
    return { tokenIds: encoded?.tokenIds ?? [] };
  }

  /** Tokens of the secret that a stranger confirms, who knows its first 16 and guesses the next one right each time. */
  async function numConfirmed(served: Served): Promise<number> {
    const { tokenIds: tokens } = await encode(served, SECRET);
    let confirmed = 0;
    for (let length = 17; length < tokens.length; length++) {
      // There are few seats, which guesses take over.
      await served.complete({ prompt: tokens, max_tokens: 1 }, 'owner');
      // The last token of a prompt is never taken from the cache: one more is sent.
      const prompt = [...tokens.slice(0, length), 0];
      const { usage } = await served.complete({ prompt, max_tokens: 1 }, `stranger-${length}`);
      if (cachedOf({ usage }) >= length) confirmed++;
    }
    return confirmed;
  }

  it('learns nothing of a prompt from what the cache says of its guesses', async () => {
    expect(await numConfirmed(on)).toBe(0);
    await on.complete({ prompt: SECRET }, 'owner');
    // The owner itself finds it.
    const { usage } = await on.complete({ prompt: SECRET }, 'owner');
    expect(cachedOf({ usage })).toBe(usage.prompt_tokens - 1);
  });

  it('learns all of it with PREFIX_CACHE_SCOPE=all, as docs/settings.md says', async () => {
    const open = await Served.start(model.path, { PREFIX_CACHE_SCOPE: 'all' });
    const numTokens = (await encode(open, SECRET)).tokenIds.length;
    expect(await numConfirmed(open)).toBe(numTokens - 17);
    const salted = await open.complete({ prompt: SECRET, cache_salt: 'x' }, 'stranger');
    expect(cachedOf(salted)).toBe(0);
    await open.stop();
  });

  it('finds its own again, told apart by its salts', async () => {
    const cached: number[] = [];
    for (const [salt, key] of [
      ['s', 'a'],
      ['s', 'b'],
      [null, 'a'],
      ['s', 'a'],
    ] as const) {
      const answer = await on.complete({ prompt: `Salted. ${STORY}`, cache_salt: salt }, key);
      cached.push(cachedOf(answer));
    }
    expect(cached.slice(0, 3)).toEqual([0, 0, 0]);
    expect(cached[3]).toBeGreaterThan(16);
  });
});

it('counts what was looked for and what was found in metrics', async () => {
  const read = async (): Promise<number[]> => [
    await metric(on.service.url, 'tokenflare_prefix_cache_queries_total'),
    await metric(on.service.url, 'tokenflare_prefix_cache_hits_total'),
  ];
  const prompt = `Measured. ${STORY}`;
  await on.complete({ prompt });
  const before = await read();
  const { usage } = await on.complete({ prompt });
  const grown = (await read()).map((value, i) => value - (before[i] ?? NaN));
  expect(grown).toEqual([usage.prompt_tokens, usage.prompt_tokens - 1]);
});
