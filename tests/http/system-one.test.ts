import { describe, expect, it } from 'vitest';
import { openAiError } from '../support/error-bodies.ts';
import { call, post } from '../support/http-client.ts';
import { useScriptedService } from '../support/scripted-service.ts';

/** Decisions on the wire of System One, as clients of Cloudflare's Clef and of TypeSafe's Jev send them. */

const MODEL = '@test/tiny-gpt2';
const CLEF = '@cf/cloudflare/clef-flash';
const on = useScriptedService({
  model: { contextLength: 1024 },
  config: { modelAliases: [{ name: '@cf/*', modelId: MODEL }] },
});

const QUESTIONS = {
  damaged: {
    type: 'noul',
    instructions: 'Is it damaged?',
    criteria: { true: 'It cannot be used', false: null },
  },
  team: { type: 'choice', instructions: 'Who?', criteria: { sales: 'Money', repair: null, other: { a: 1 } } },
  severity: { type: 'score', instructions: ['How', 'bad?'], criteria: ['fine', { worse: true }] },
};
const BODY = { model: CLEF, state: { subject: 'Screen', lines: [1, 2] }, questions: QUESTIONS };

const tokenOf = (text: string): number => on.engine.ownTokenizer.encode(text).at(-1) ?? -1;

function scores(byLabel: Readonly<Record<string, number>>): void {
  const logprobs = new Map(Object.entries(byLabel).map(([label, p]) => [tokenOf(label), Math.log(p)]));
  on.engine.reset({ scoreOf: (tokenId) => logprobs.get(tokenId) ?? -Infinity });
}

const close = (value: number): unknown => expect.closeTo(value, 6);

const ANSWERS = {
  damaged: { type: 'noul', noul: close(1 / 4) },
  team: {
    type: 'choice',
    choice: 'repair',
    // Of three: (1/2 - 1/3) / (1 - 1/3).
    confidence: close(1 / 4),
    probabilities: { sales: close(1 / 6), repair: close(1 / 2), other: close(1 / 3) },
  },
  severity: {
    type: 'score',
    score: close(3 / 4),
    confidence: close(1 / 2),
    probabilities: { 0: close(1 / 4), 1: close(3 / 4) },
    legend: { 0: 'fine', 1: { worse: true } },
  },
};

describe('answers', () => {
  it.each(['/v1/systemone', '/ai/v1/systemone', '/client/v4/accounts/me/ai/v1/systemone'])(
    '%s',
    async (path) => {
      scores({ A: 0.1, B: 0.3, C: 0.2 });
      const { status, json } = await post(on.service, path, BODY);
      expect(status).toBe(200);
      expect(json).toMatchObject({ model: MODEL, answers: ANSWERS, usage: { output_tokens: 0 } });
      const { prompts = [], prefixTokenIds = [] } = on.engine.requests.at(-1) ?? {};
      const read = prompts.map((ids) => on.engine.ownTokenizer.decode([...prefixTokenIds, ...ids]));
      expect(read[0]).toContain('{"subject":"Screen","lines":[1,2]}');
      expect(read[0]).toContain('Question: Is it damaged?\nIt is true if: It cannot be used');
      expect(read[1]).toContain('A: sales (Money)\nB: repair\nC: other ({"a":1})');
      expect(read[2]).toContain('Question: ["How","bad?"]\nA: fine\nB: {"worse":true}');
    },
  );

  it('of the ways to run a model: in an envelope, and bare for a Worker', async () => {
    scores({ A: 0.1, B: 0.3, C: 0.2 });
    const { json } = await post(on.service, `/ai/run/${CLEF}`, BODY);
    expect(json).toMatchObject({ success: true, result: { answers: ANSWERS } });
    const bare = await call(on.service, 'POST', '/workers-binding/run?version=3', {
      body: { inputs: { state: BODY.state, questions: QUESTIONS }, options: {} },
      headers: { 'cf-consn-model-id': CLEF },
    });
    expect(bare.json).toMatchObject({ answers: ANSWERS });
  });

  it('leave a question out where the model prefers none of its options', async () => {
    scores({ C: 0.2 });
    const { json } = await post(on.service, '/v1/systemone', BODY);
    expect(Object.keys((json as { answers: object }).answers)).toEqual(['team']);
  });
});

describe('what is refused', () => {
  const ask = (questions: unknown): object => ({ state: 'a', questions });
  it.each([
    [{ questions: QUESTIONS }, 'state'],
    [{ state: 5, questions: QUESTIONS }, 'state'],
    [{ ...BODY, images: [] }, 'images'],
    [ask({}), 'questions'],
    [ask([]), 'questions'],
    [ask({ a: { type: 'predicate', instructions: 'b' } }), 'questions.a.type'],
    [ask({ a: { type: 'noul' } }), 'questions.a.instructions'],
    [ask({ a: { type: 'choice', instructions: 'b', criteria: { one: null } } }), 'questions.a.criteria'],
    [ask({ a: { type: 'score', instructions: 'b', criteria: ['one'] } }), 'questions.a.criteria'],
    [
      ask({ a: { type: 'score', instructions: 'b', criteria: Array(11).fill('one') } }),
      'questions.a.criteria',
    ],
    [
      ask(Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`q${i}`, QUESTIONS.damaged]))),
      'questions',
    ],
  ])('%j, by %s', async (body, param) => {
    const answer = await post(on.service, '/v1/systemone', body);
    expect(answer.status).toBe(400);
    expect(openAiError(answer).param).toBe(param);
  });
});
