import OpenAI from 'openai-7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CompletionBody } from '../../routes/openai/schemas/completions.ts';
import type { EngineClient } from '../../src/engine/client/engine-client.ts';
import { makeEmbeddedBaseModel } from '../support/chat-model.ts';
import { CheckedFetch } from '../support/checked-fetch.ts';
import { createEngineOf } from '../support/create-engine.ts';
import { readJsonFixture } from '../support/fixtures.ts';
import { call, post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';
import { until } from '../support/service.ts';

/** Decisions by the embedded model, held to transformers on PyTorch (scripts/goldens/decisions.py), and to themselves. */

type Question = OpenAI.DecisionCreateParams['questions'][number];
type Answers = OpenAI.Decision['answers'];

interface Golden {
  question: Question;
  tokenIds: number[];
  logprobs: number[];
}
const { input, embedded, embeddedChat } = readJsonFixture('decisions.json') as {
  input: string;
  embedded: Golden[];
  embeddedChat: Golden[];
};

const RUNTIME = ['native', 'wasm'].find((name) => RUNTIME_NAMES_HERE.some((here) => here === name)) ?? 'cpu';

/** Without its chat template a question is plain text, of which all questions of a request share the beginning. */
const baseModel = makeEmbeddedBaseModel();

class Served {
  readonly engine: EngineClient;
  readonly service: HttpService;
  readonly client: OpenAI;
  readonly checked = new CheckedFetch();
  /** Of the last request that came to the engine. */
  prompts: readonly (readonly number[])[] = [];

  private constructor(engine: EngineClient, service: HttpService) {
    this.engine = engine;
    this.service = service;
    const options = { baseURL: `${service.url}/v1`, apiKey: 'none', maxRetries: 0 };
    this.client = new OpenAI({ ...options, fetch: this.checked.fetch });
    const submit = engine.submit.bind(engine);
    engine.submit = (request, reservation) => {
      this.prompts = request.prompts.map((ids) => [...(request.prefixTokenIds ?? []), ...ids]);
      return submit(request, reservation);
    };
  }

  static async start(settings: Record<string, string> = {}): Promise<Served> {
    const engine = await createEngineOf({
      MODEL: baseModel.path,
      MODEL_ID: 'tales',
      RUNTIME,
      WEIGHTS: 'f32',
      THREADS: '2',
      MAX_NUM_SEQS: '6',
      ...settings,
    });
    await engine.start();
    return new Served(engine, await startHttpService(engine, { bodyLimitBytes: 500_000 }));
  }

  decide(questions: Question[], text = input): Promise<OpenAI.Decision> {
    return this.client.decisions.create({ model: 'tales', input: text, questions });
  }

  async stop(): Promise<void> {
    await this.checked.settled();
    await this.service.close();
    await this.engine.stop();
  }
}

/** Questions of three kinds, each another. */
const manyQuestions = (count: number): Question[] =>
  Array.from({ length: count }, (_, i): Question => {
    const instructions = `Was the fox seen by ${i} ${i % 2 === 0 ? 'bears' : 'birds who were on their way'}?`;
    if (i % 3 === 0) return { type: 'predicate', instructions };
    const names = ['yes', 'no', 'perhaps', 'it is not said'].slice(0, 2 + (i % 3));
    return i % 3 === 1
      ? { type: 'choice', instructions, choices: names.map((value) => ({ value })) }
      : { type: 'score', instructions, levels: names.map((label) => ({ label })) };
  });

let served: Served;
beforeAll(async () => {
  served = await Served.start();
});
afterAll(async () => {
  await served.stop();
  baseModel.remove();
});

describe.each([
  ['in plain text', baseModel.path, embedded],
  ['by its own chat template', '', embeddedChat],
])('decisions %s', (_, model, goldens) => {
  it('have the probabilities that transformers has, for the tokens that its tokenizer makes', async () => {
    const own = await Served.start({ MODEL: model });
    const { answers } = await own.decide(goldens.map(({ question }) => question));
    for (const [index, { tokenIds, logprobs }] of goldens.entries()) {
      expect(own.prompts[index]).toEqual(tokenIds);
      expectProbabilities(answers[index], logprobs);
    }
    await own.stop();
  });
});

function expectProbabilities(answer: Answers[number] | undefined, logprobs: readonly number[]): void {
  const weights = logprobs.map(Math.exp);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const expected = weights.map((weight) => weight / sum);
  if (answer === undefined || answer.type === 'refusal') throw new Error('it is answered');
  if (answer.type === 'predicate') {
    expect(answer.probability).toBeCloseTo(expected[0] ?? NaN, 4);
    return;
  }
  answer.probabilities.forEach(({ probability }, i) =>
    expect(probability).toBeCloseTo(expected[i] ?? NaN, 4),
  );
  expect(answer.confidence).toBeCloseTo(Math.max(...weights), 5);
  if (answer.type === 'score') {
    expect(answer.score).toBeCloseTo((expected[1] ?? NaN) + 2 * (expected[2] ?? NaN), 3);
  }
}

describe('decisions by the embedded model', () => {
  it('have the same bits alone, among 32, in another order and beside streams', async () => {
    const questions = manyQuestions(32);
    const { answers } = await served.decide(questions);
    for (const index of [0, 1, 2, 17, 31]) {
      const alone = await served.decide(questions.slice(index, index + 1));
      expect(alone.answers).toEqual(answers.slice(index, index + 1));
    }
    expect((await served.decide(questions.toReversed())).answers).toEqual(answers.toReversed());
    const body = { prompt: 'Once upon a time', max_tokens: 120, ignore_eos: true, temperature: 1, seed: 4 };
    const streams = Array.from({ length: 4 }, () => post(served.service, '/v1/completions', body));
    await until(() => served.engine.stats().numSequencesRunning > 0);
    expect((await served.decide(questions)).answers).toEqual(answers);
    const texts = (await Promise.all(streams)).map(({ json }) => (json as CompletionBody).choices[0]?.text);
    expect(new Set(texts).size).toBe(1);
  });

  it('have the same bits without a prefix cache, by two seats, and in a queue of one place', async () => {
    const questions = manyQuestions(20);
    const { answers } = await served.decide(questions);
    const others = [{ PREFIX_CACHE: 'off' }, { MAX_NUM_SEQS: '2', MAX_QUEUED_REQUESTS: '1' }];
    for (const settings of others) {
      const other = await Served.start(settings);
      const decision = await other.decide(questions);
      expect(decision.answers).toEqual(answers);
      const cached = decision.usage.input_tokens_details.cached_tokens;
      if ('PREFIX_CACHE' in settings) expect(cached).toBe(0);
      else expect(cached).toBeGreaterThan(decision.usage.input_tokens / 3);
      await other.stop();
    }
  });

  it.runIf(RUNTIME !== 'cpu')('have the same bits in any company where weights are rounded', async () => {
    const rounded = await Served.start({ WEIGHTS: 'int8' });
    const questions = manyQuestions(12);
    const { answers } = await rounded.decide(questions);
    const alone: Answers = [];
    for (const question of questions) alone.push(...(await rounded.decide([question])).answers);
    expect(alone).toEqual(answers);
    await rounded.stop();
  });

  it('compute the text once for a hundred questions, although there are six seats', async () => {
    const text = 'The fox and the bear went down to the river, and there they met an old woman. '.repeat(9);
    const questions = manyQuestions(100);
    const before = served.engine.stats();
    const { usage } = await served.decide(questions, text);
    const after = served.engine.stats();
    const numHead = (await post(served.service, '/tokenize', { prompt: `${text}\n\nAnswer` })).json as {
      count: number;
    };
    const numComputed = after.numComputedPromptTokens - before.numComputedPromptTokens;
    expect(numComputed).toBe(usage.input_tokens - usage.input_tokens_details.cached_tokens);
    expect(usage.input_tokens_details.cached_tokens).toBeGreaterThanOrEqual(99 * numHead.count);
    expect(after.numGeneratedTokens).toBe(before.numGeneratedTokens);
  });

  it('answer 400 questions, of which no more wait than the queue holds', async () => {
    const small = await Served.start({
      MAX_QUEUED_REQUESTS: '8',
      MAX_QUEUED_TOKENS: '512',
      MAX_NUM_SEQS: '4',
    });
    let mostWaiting = 0;
    small.engine.observe({
      onStep: () => (mostWaiting = Math.max(mostWaiting, small.engine.stats().numSequencesWaiting)),
    });
    const { answers } = await small.decide(manyQuestions(400));
    expect(answers).toHaveLength(400);
    expect(mostWaiting).toBeLessThanOrEqual(8);
    expect(small.engine.stats()).toMatchObject({
      numSequencesWaiting: 0,
      numSequencesRunning: 0,
      numTokensWaiting: 0,
      numSeatsUsed: 0,
    });
    await small.stop();
  });
});

describe('a decision that is given up', () => {
  const idle = (): boolean => {
    const { numSequencesRunning, numSequencesWaiting, numTokensWaiting } = served.engine.stats();
    return numSequencesRunning + numSequencesWaiting + numTokensWaiting === 0;
  };

  it('stops when the client hangs up, and computes no question after that', async () => {
    const client = new AbortController();
    const body = { model: 'tales', input, questions: manyQuestions(400) };
    const before = served.engine.stats().numPrefixCacheQueries;
    const pending = served.client.decisions.create(body, { signal: client.signal });
    await until(() => served.engine.stats().numSequencesRunning > 0);
    client.abort();
    await expect(pending).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
    await until(idle);
    // Some 30,000 tokens of prompts, had all of them started.
    expect(served.engine.stats().numPrefixCacheQueries - before).toBeLessThan(20_000);
  });

  it('stops by DELETE, and says so', async () => {
    const body = { input, questions: manyQuestions(400) };
    const headers = { 'x-request-id': 'many-questions' };
    const pending = call(served.service, 'POST', '/v1/decisions', { body, headers });
    const answered = pending.then(({ status, json }) => ({ status, json }));
    await until(() => served.engine.find('many-questions')?.status === 'running');
    await call(served.service, 'DELETE', '/v1/requests/many-questions');
    expect(await answered).toMatchObject({ status: 504, json: { error: { code: 'request_timeout' } } });
    await until(idle);
    const { json } = await call(served.service, 'GET', '/v1/requests/many-questions');
    expect(json).toMatchObject({ status: 'cancelled', cancel_cause: 'delete' });
  });

  it('stops when its time is over', async () => {
    const body = { input, questions: manyQuestions(400), timeout_ms: 30 };
    const { status, json } = await post(served.service, '/v1/decisions', body);
    expect(status).toBe(504);
    expect(json).toMatchObject({ error: { code: 'request_timeout' } });
    await until(idle);
  });

  it('is counted by its sequences that ended, and is in the log with its tokens', async () => {
    await served.decide(manyQuestions(3));
    const line = served.service.logLines.at(-1);
    expect(line).toMatchObject({ path: '/v1/decisions', status: 200, ended: 'length', completionTokens: 0 });
    const { text } = await call(served.service, 'GET', '/metrics');
    expect(text).toMatch(
      /tokenflare_request_success_total\{model_name="tales",finished_reason="length"\} [1-9]/,
    );
  });
});
