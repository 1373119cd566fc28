import { rerank } from 'ai';
import Cloudflare from 'cloudflare';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createWorkersAI } from 'workers-ai-provider';
import type { RerankBody } from '../../routes/decisions/schemas/rerank.ts';
import { makeEmbeddedBaseModel } from '../support/chat-model.ts';
import { CheckedFetch } from '../support/checked-fetch.ts';
import { cloudflareFetch } from '../support/cloudflare-fetch.ts';
import { post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { preferring } from '../support/preferring.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

/** Cloudflare's reranking, by its clients, beside `/v1/rerank`. */

const MODEL = '@test/tiny-gpt2';
const RUN = `/ai/run/${MODEL}`;
const TEXTS = ['about bears', 'about foxes', 'about rivers'];
const contexts = TEXTS.map((text) => ({ text }));

const checked = new CheckedFetch();
const baseModel = makeEmbeddedBaseModel();
let engine: ScriptedEngine;
let service: HttpService;

beforeAll(async () => {
  engine = await ScriptedEngine.create(baseModel.path);
  engine.model.contextLength = 512;
  service = await startHttpService(engine);
});
beforeEach(() => preferring(engine, 'foxes'));
afterEach(() => checked.settled());
afterAll(async () => {
  await service.close();
  await engine.tokenizer.stop();
  baseModel.remove();
});

const RANKED = [
  { id: 1, score: expect.closeTo(0.75, 10) as number },
  { id: 0, score: expect.closeTo(0.25, 10) as number },
  { id: 2, score: expect.closeTo(0.25, 10) as number },
];

describe('a ranking', () => {
  it('has the most relevant context first, as /v1/rerank has it', async () => {
    const { status, json, text } = await post(service, RUN, { query: 'fox?', contexts });
    expect(status, text).toBe(200);
    const { results, usage } = (await post(service, '/v1/rerank', { query: 'fox?', documents: TEXTS }))
      .json as RerankBody;
    expect(json).toEqual({
      result: { response: results.map(({ index: id, relevance_score: score }) => ({ id, score })), usage },
      success: true,
      errors: [],
      messages: [],
    });
    expect(json).toMatchObject({ result: { response: RANKED } });
  });

  it('has no more than top_k', async () => {
    const { json } = await post(service, RUN, { query: 'fox?', contexts, top_k: 1 });
    expect(json).toMatchObject({ result: { response: RANKED.slice(0, 1) } });
    expect((json as { result: { response: unknown[] } }).result.response).toHaveLength(1);
  });

  it('names the context that is too long', async () => {
    const { status, json } = await post(service, RUN, {
      query: 'fox?',
      contexts: [...contexts, { text: 'a b '.repeat(900) }],
    });
    expect(status).toBe(413);
    expect(json).toMatchObject({ errors: [{ code: 5021, source: { pointer: '/contexts/3/text' } }] });
  });
});

describe('the clients of Cloudflare', () => {
  it('cloudflare reads it', async () => {
    const client = new Cloudflare({
      baseURL: `${service.url}/client/v4`,
      apiToken: 'none',
      fetch: checked.fetch,
    });
    // The client's types have no ranking.
    const body = { account_id: 'any', query: 'fox?', contexts };
    const result = await client.ai.run(MODEL, body);
    expect(result).toMatchObject({ response: RANKED });
  });

  it('workers-ai-provider ranks by it', async () => {
    const fetch = cloudflareFetch(checked, service.url);
    const provider = createWorkersAI({ accountId: 'any', apiKey: 'none', fetch });
    const model = provider.reranking(MODEL);
    const { ranking } = await rerank({ model, query: 'fox?', documents: TEXTS, topN: 2 });
    expect(ranking).toEqual([
      { originalIndex: 1, score: expect.closeTo(0.75, 10) as number, document: 'about foxes' },
      { originalIndex: 0, score: expect.closeTo(0.25, 10) as number, document: 'about bears' },
    ]);
  });
});
