import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RerankBody } from '../../routes/decisions/schemas/rerank.ts';
import type { ScoreBody } from '../../routes/decisions/schemas/score.ts';
import {
  makeChatModel,
  makeEmbeddedBaseModel,
  makeEmbeddedChatModel,
  type ChatModel,
} from '../support/chat-model.ts';
import { post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { preferring } from '../support/preferring.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

const RERANK = ['/v1/rerank', '/v2/rerank', '/rerank'];
const SCORE = ['/v1/score', '/score'];
const DOCUMENTS = ['about bears', { text: 'about foxes' }, 'about rivers'];
/** As vLLM's examples of rerankers write one. */
const PAIR_TEMPLATE =
  '{%- set query = messages | selectattr("role", "eq", "query") | map(attribute="content") | first -%}' +
  '{%- set document = messages | selectattr("role", "eq", "document") | map(attribute="content") | first -%}' +
  'Judge.\nQuery: {{ query }}\nDocument: {{ document }}\nAnswer:\n';

/** Rerankers answer with one of these. */
const YES_NO = { addedWords: ['yes', 'no'] };
const baseModel = makeEmbeddedBaseModel();
let engine: ScriptedEngine;
let service: HttpService;
beforeAll(async () => {
  engine = await ScriptedEngine.create(baseModel.path);
  engine.model.contextLength = 512;
  service = await startHttpService(engine);
});
beforeEach(() => engine.reset());
afterAll(async () => {
  await service.close();
  baseModel.remove();
});

const promptsOf = (of: ScriptedEngine): string[] => wholePrompts(of).map((ids) => of.tokenizer.decode(ids));

/** The prompts of the last request, each with the beginning that all have in common. */
function wholePrompts({ requests }: ScriptedEngine): number[][] {
  const { prompts = [], prefixTokenIds = [] } = requests.at(-1) ?? {};
  return prompts.map((ids) => [...prefixTokenIds, ...ids]);
}

describe.each(RERANK)('POST %s', (path) => {
  it('puts the most relevant document first, and says by which means', async () => {
    preferring(engine, 'foxes');
    const { status, json, headers } = await post(service, path, { query: 'fox?', documents: DOCUMENTS });
    expect(status).toBe(200);
    const body = json as RerankBody;
    expect(body.results.map(({ index, document }) => [index, document?.text])).toEqual([
      [1, 'about foxes'],
      [0, 'about bears'],
      [2, 'about rivers'],
    ]);
    expect(body.results.map(({ relevance_score: score }) => Math.round(100 * score))).toEqual([75, 25, 25]);
    expect(body).toMatchObject({
      model: '@test/tiny-gpt2',
      scored_by: 'question',
      id: headers['x-request-id'],
    });
    const numTokens = wholePrompts(engine).flat().length;
    expect(body.usage).toEqual({ prompt_tokens: numTokens, total_tokens: numTokens });
  });

  it('gives no more than were asked for, without their documents', async () => {
    preferring(engine, 'rivers');
    const body = { query: 'water', documents: DOCUMENTS, top_n: 1, return_documents: false };
    const { results } = (await post(service, path, body)).json as RerankBody;
    expect(results).toEqual([{ index: 2, relevance_score: expect.closeTo(0.75, 10) as number }]);
  });
});

describe.each(SCORE)('POST %s', (path) => {
  const score = async (body: object): Promise<ScoreBody> => {
    const { status, text, json } = await post(service, path, body);
    expect(status, text).toBe(200);
    return json as ScoreBody;
  };

  it('compares one text with each of many', async () => {
    preferring(engine, 'foxes');
    const { data, object } = await score({ text_1: 'fox?', text_2: ['about bears', 'about foxes'] });
    expect(object).toBe('list');
    expect(data).toEqual([
      { index: 0, object: 'score', score: expect.closeTo(0.25, 10) as number },
      { index: 1, object: 'score', score: expect.closeTo(0.75, 10) as number },
    ]);
  });

  it('compares texts in pairs', async () => {
    await score({ text_1: ['one', 'two'], text_2: ['three', 'four'] });
    const prompts = promptsOf(engine);
    expect(prompts.map((prompt) => /^Query: (\w+)[^]*Document: (\w+)/.exec(prompt)?.slice(1))).toEqual([
      ['one', 'three'],
      ['two', 'four'],
    ]);
  });

  it('refuses texts that make no pairs', async () => {
    const { status, json } = await post(service, path, { text_1: ['one', 'two'], text_2: ['a', 'b', 'c'] });
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { param: 'text_1' } });
    expect((json as { error: { message: string } }).error.message).toContain('text_2, which has 3');
  });
});

describe('a field at fault is named', () => {
  it.each([
    ['query', { documents: ['a'] }],
    ['documents', { query: 'a' }],
    ['documents', { query: 'a', documents: [] }],
    ['documents', { query: 'a', documents: Array(1001).fill('a') }],
    ['documents[1].image', { query: 'a', documents: ['a', { text: 'b', image: 'c' }] }],
    ['documents[0]', { query: 'a', documents: [5] }],
    ['top_n', { query: 'a', documents: ['a'], top_n: -1 }],
    ['max_chunks_per_doc', { query: 'a', documents: ['a'], max_chunks_per_doc: 3 }],
  ])('%s: %#', async (param, body) => {
    const { status, json } = await post(service, '/v1/rerank', body);
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { code: 'invalid_request', param } });
    expect(engine.numFreeSlots).toBe(1000);
  });

  it('where a document is too long for the context', async () => {
    const documents = ['a', 'long '.repeat(600)];
    const { json } = await post(service, '/v1/rerank', { query: 'a', documents });
    expect(json).toMatchObject({ error: { code: 'context_length_exceeded', param: 'documents[1]' } });
  });
});

describe('a reranker', () => {
  async function served(
    model: ChatModel,
    changes: Partial<ScriptedEngine['model']>,
    check: (reranker: ScriptedEngine, service: HttpService) => Promise<void>,
  ): Promise<void> {
    const reranker = await ScriptedEngine.create(model.path);
    Object.assign(reranker.model, { contextLength: 512 }, changes);
    const itsService = await startHttpService(reranker);
    try {
      await check(reranker, itsService);
    } finally {
      await itsService.close();
      model.remove();
    }
  }

  it('is known by its name, and reads the prompt that Qwen3-Reranker was published with', async () => {
    const changes = { id: 'Qwen/Qwen3-Reranker-0.6B', architecture: 'qwen3' };
    await served(makeEmbeddedBaseModel(YES_NO), changes, async (reranker, itsService) => {
      const body = { query: 'What is a fox?', documents: ['An animal.', 'A river.'] };
      const { json } = await post(itsService, '/v1/rerank', body);
      expect(json).toMatchObject({ scored_by: 'reranker', model: 'Qwen/Qwen3-Reranker-0.6B' });
      // https://huggingface.co/Qwen/Qwen3-Reranker-0.6B: prefix, the three fields, suffix.
      const [prompt] = promptsOf(reranker);
      expect(prompt).toBe(
        '<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct ' +
          'provided. Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n' +
          '<Instruct>: Given a web search query, retrieve relevant passages that answer the query\n' +
          '<Query>: What is a fox?\n<Document>: An animal.<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n',
      );
    });
  });

  it('is known by a chat template for queries and documents, which then writes the prompt', async () => {
    await served(makeEmbeddedChatModel(PAIR_TEMPLATE, YES_NO), {}, async (reranker, itsService) => {
      const { json } = await post(itsService, '/v1/score', { text_1: 'a fox?', text_2: ['yes one', 'no'] });
      expect(json).toMatchObject({ scored_by: 'reranker' });
      expect(promptsOf(reranker)).toEqual([
        'Judge.\nQuery: a fox?\nDocument: yes one\nAnswer:',
        'Judge.\nQuery: a fox?\nDocument: no\nAnswer:',
      ]);
    });
  });

  it('is refused where its answers are not one token each', async () => {
    await served(makeChatModel(PAIR_TEMPLATE), {}, async (_, itsService) => {
      const { status, json } = await post(itsService, '/v1/score', { text_1: 'a', text_2: 'b' });
      expect(status).toBe(400);
      expect((json as { error: { message: string } }).error.message).toContain(
        'yes and no are not one token',
      );
    });
  });
});
