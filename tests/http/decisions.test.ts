import OpenAI from 'openai-7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DecisionBody } from '../../routes/decisions/schemas/decisions.ts';
import { makeChatModel, TINY_TEMPLATE } from '../support/chat-model.ts';
import { CheckedFetch } from '../support/checked-fetch.ts';
import { call, post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { bearer, KeyFile } from '../support/keys.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

/** The route over a scripted engine, by OpenAI's client, which has decisions from version 7 on. */

type Params = OpenAI.DecisionCreateParams;
type Question = Params['questions'][number];

const PATH = '/v1/decisions';
const MODEL = '@test/tiny-gpt2';
const PREDICATE: Question = { type: 'predicate', name: 'damaged', instructions: 'Is it damaged?' };
const CHOICE: Question = {
  type: 'choice',
  instructions: 'Who is to answer?',
  choices: [{ value: 'true' }, { value: true, description: 'a boolean' }, { value: false }],
};
const SCORE: Question = {
  type: 'score',
  name: 'severity',
  instructions: 'How bad is it?',
  levels: [{ label: 'fine' }, { label: 'broken', description: 'beyond repair' }],
};

const model = makeChatModel();
let plain: ScriptedEngine;
let chat: ScriptedEngine;
let service: HttpService;
let chatService: HttpService;
const checked = new CheckedFetch();

beforeAll(async () => {
  plain = await ScriptedEngine.create();
  chat = await ScriptedEngine.create(model.path);
  plain.model.contextLength = 1024;
  chat.model.contextLength = 1024;
  service = await startHttpService(plain, { bodyLimitBytes: 200_000 });
  chatService = await startHttpService(chat);
});
beforeEach(() => {
  plain.reset();
  chat.reset();
});
afterAll(async () => {
  await service.close();
  await chatService.close();
  model.remove();
});

const clientOf = ({ url }: HttpService): OpenAI =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0, fetch: checked.fetch });

/** The prompts of the last request, each with the beginning that all have in common. */
function wholePrompts({ requests }: ScriptedEngine): number[][] {
  const { prompts = [], prefixTokenIds = [] } = requests.at(-1) ?? {};
  return prompts.map((ids) => [...prefixTokenIds, ...ids]);
}

/** What the model was given to read, prompt by prompt. */
const promptsOf = (engine: ScriptedEngine): string[] =>
  wholePrompts(engine).map((ids) => engine.tokenizer.decode(ids));

const tokenOf = (text: string): number => plain.ownTokenizer.encode(text).at(-1) ?? -1;

describe('answers', () => {
  it("have the shapes that OpenAI's client reads, and probabilities by the labels' logprobs", async () => {
    const logprobs = new Map([
      [tokenOf('A'), Math.log(0.1)],
      [tokenOf('B'), Math.log(0.3)],
      [tokenOf('C'), Math.log(0.2)],
    ]);
    plain.reset({ scoreOf: (tokenId) => logprobs.get(tokenId) ?? -Infinity });
    const decision = await clientOf(service).decisions.create({
      model: MODEL,
      input: 'The screen is broken.',
      questions: [PREDICATE, CHOICE, SCORE],
    });
    const close = (value: number): unknown => expect.closeTo(value, 10);
    expect(decision.answers).toEqual([
      { type: 'predicate', name: 'damaged', probability: close(1 / 4) },
      {
        type: 'choice',
        name: null,
        choice: true,
        confidence: close(0.3),
        probabilities: [
          { value: 'true', probability: close(1 / 6) },
          { value: true, probability: close(1 / 2) },
          { value: false, probability: close(1 / 3) },
        ],
      },
      {
        type: 'score',
        name: 'severity',
        score: close(3 / 4),
        confidence: close(0.3),
        probabilities: [
          { label: 'fine', value: 0, probability: close(1 / 4) },
          { label: 'broken', value: 1, probability: close(3 / 4) },
        ],
      },
    ]);
    expect(decision.model).toBe(MODEL);
    const numTokens = wholePrompts(plain).flat().length;
    expect(decision.usage).toEqual({
      input_tokens: numTokens,
      input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      output_tokens: 0,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: numTokens,
    });
    await checked.settled();
  });

  it('are a refusal where the model gives no option any probability, beside others that are answered', async () => {
    const isPredicate = (prompt: readonly number[]): boolean =>
      plain.tokenizer.decode(prompt).includes('damaged');
    plain.reset({ scoreOf: (_, prompt) => (isPredicate(prompt) ? -Infinity : -2) });
    const { answers } = await clientOf(service).decisions.create({
      model: MODEL,
      input: 'a',
      questions: [PREDICATE, SCORE],
    });
    expect(answers[0]).toEqual({ type: 'refusal', name: 'damaged' });
    expect(answers[1]).toMatchObject({ type: 'score', score: 0.5 });
    await checked.settled();
  });
});

describe('a prompt', () => {
  it('is the text and behind it one question, of a model without a chat template', async () => {
    await post(service, PATH, { input: 'It broke.', questions: [CHOICE, PREDICATE] });
    expect(promptsOf(plain)[0]).toBe(
      'It broke.\n\nAnswer the question about the text above.\n\nQuestion: Who is to answer?\n' +
        'A: true\nB: true (a boolean)\nC: false\n\nReply with the label of one option only.\n\nAnswer:',
    );
    expect(promptsOf(plain)[1]).toContain('Question: Is it damaged?\n');
    expect(plain.requests[0]).toMatchObject({ maxTokens: 0, n: 1 });
  });

  it("is the last message of the user in the model's own template", async () => {
    const input: Params['input'] = [
      { role: 'system', content: 'Be kind.' },
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'One.' },
          { type: 'input_json', data: { two: [2] } },
        ],
      },
    ];
    await clientOf(chatService).decisions.create({ model: MODEL, input, questions: [PREDICATE] });
    const [prompt = ''] = promptsOf(chat);
    expect(prompt).toContain('s:Be kind.\nu:One.\n{"two":[2]}\n\nAnswer the question about the text above.');
    expect(prompt.endsWith('only.\na:')).toBe(true);
    await checked.settled();
  });

  it('is a message of its own behind an answer', async () => {
    const input: Params['input'] = [
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: [{ type: 'output_text', text: 'Hi there' }] },
    ];
    await clientOf(chatService).decisions.create({ model: MODEL, input, questions: [PREDICATE] });
    expect(promptsOf(chat)[0]).toContain('u:Hello\na:Hi there\nu:Answer the question');
    await checked.settled();
  });

  it('holds the calls of tools and what they gave, in a text where there is no template', async () => {
    const input: Params['input'] = [
      { role: 'user', content: 'Weather?' },
      { type: 'function_call', call_id: 'c1', name: 'weather', arguments: '{"city":"Oslo"}' },
      { type: 'custom_tool_call', call_id: 'c2', name: 'shell', input: 'date' },
      { type: 'function_call_output', call_id: 'c1', output: 'rain' },
      { type: 'custom_tool_call_output', call_id: 'c2', output: [{ type: 'input_text', text: 'Monday' }] },
    ];
    await clientOf(service).decisions.create({ model: MODEL, input, questions: [PREDICATE] });
    const [prompt = ''] = promptsOf(plain);
    expect(prompt).toMatch(
      /^user: Weather\?\n\nassistant: .*"city":"Oslo".*"input":"date".*\n\ntool: rain\n\ntool: Monday\n\n/,
    );
    await checked.settled();
  });

  it('does not depend on what else is asked', async () => {
    await post(service, PATH, { input: 'a', questions: [PREDICATE] });
    const alone = wholePrompts(plain)[0];
    await post(service, PATH, { input: 'a', questions: [CHOICE, SCORE, PREDICATE] });
    expect(wholePrompts(plain)[2]).toEqual(alone);
  });
});

describe('what is asked of the engine', () => {
  it('is 400 questions in one request, which take 32 slots and give them back', async () => {
    const questions = Array.from({ length: 400 }, (_, i) => ({ ...PREDICATE, instructions: `Is it ${i}?` }));
    plain.numFreeSlots = 40;
    const { status, json } = await post(service, PATH, { input: 'a', questions });
    expect(status).toBe(200);
    expect((json as DecisionBody).answers).toHaveLength(400);
    expect(plain.requests).toHaveLength(1);
    expect(plain.numFreeSlots).toBe(40);
  });

  it('is kept apart by prompt_cache_key', async () => {
    const body = { input: 'a', questions: [PREDICATE], prompt_cache_key: 'mine', safety_identifier: 'x' };
    expect((await post(service, PATH, body)).status).toBe(200);
    expect(plain.requests[0]?.cacheSalt).toBe('mine');
  });

  it('is refused while the queue is full, and takes no slot then', async () => {
    plain.numFreeSlots = 0;
    expect((await post(service, PATH, { input: 'a', questions: [PREDICATE] })).status).toBe(429);
    expect(plain.requests).toHaveLength(0);
  });
});

describe('a field at fault is named', () => {
  const questions = [PREDICATE];
  const many = (count: number): object[] =>
    Array.from({ length: count }, (_, index) => ({ value: `${index}` }));
  const choice = (choices: unknown): object => ({ input: 'a', questions: [{ ...CHOICE, choices }] });
  it.each([
    ['input', { questions }, 'is required'],
    ['questions', { input: 'a' }, 'is required'],
    ['questions', { input: 'a', questions: [] }, 'at least 1'],
    ['questions', { input: 'a', questions: Array(401).fill(PREDICATE) }, 'at most 400 entries, not 401'],
    ['input', { input: 5, questions }, 'must be a string or a list'],
    ['input[0].type', { input: [{ type: 'reasoning' }], questions }, '"message" or "function_call"'],
    ['input[0].role', { input: [{ role: 'tool', content: 'a' }], questions }, 'must be "user"'],
    [
      'input[0].content[1].type',
      {
        input: [
          {
            role: 'user',
            content: [
              { type: 'input_text', text: 'a' },
              { type: 'input_image', image_url: 'x' },
            ],
          },
        ],
        questions,
      },
      'reads text only',
    ],
    [
      'input[0].call_id',
      { input: [{ type: 'function_call_output', call_id: 'c', output: 'a' }], questions },
      'no call before it',
    ],
    [
      'questions[0].type',
      { input: 'a', questions: [{ type: 'essay' }] },
      '"predicate" or "choice" or "score"',
    ],
    [
      'questions[1].instructions',
      { input: 'a', questions: [PREDICATE, { type: 'predicate' }] },
      'is required',
    ],
    ['questions[0].name', { input: 'a', questions: [{ ...PREDICATE, name: null }] }, 'must be a string'],
    ['questions[0].choices', choice([{ value: 'one' }]), 'at least 2'],
    ['questions[0].choices', choice(many(256)), 'at most 255'],
    ['questions[0].choices', choice(many(27)), 'can tell 26 apart, by the labels A to Z'],
    [
      'questions[0].choices[2].value',
      choice([{ value: 'a' }, { value: 'b' }, { value: 'a' }]),
      'is there before',
    ],
    [
      'questions[0].levels',
      { input: 'a', questions: [{ ...SCORE, levels: Array(11).fill({ label: 'l' }) }] },
      'at most 10',
    ],
    ['temperature', { input: 'a', questions, temperature: 1 }, 'unknown field'],
  ])('%s: %#', async (param, body, message) => {
    const { status, json } = await post(service, PATH, body);
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { code: 'invalid_request', param } });
    expect((json as { error: { message: string } }).error.message).toContain(message);
    expect(plain.numFreeSlots).toBe(1000);
  });

  it('where the text and a question are too long together, or the text alone is', async () => {
    const long = 'word '.repeat(900);
    const refused = await post(service, PATH, { input: long, questions });
    expect(refused.json).toMatchObject({ error: { code: 'context_length_exceeded', param: 'input' } });
    const question = { ...PREDICATE, instructions: long };
    const { json } = await post(service, PATH, { input: 'a', questions: [PREDICATE, question] });
    expect(json).toMatchObject({ error: { code: 'context_length_exceeded', param: 'questions[1]' } });
    expect(plain.numFreeSlots).toBe(1000);
  });

  it("where the model's chat template refuses the messages", async () => {
    const refusal = `{% if 'shout' in messages[0].content %}{{ raise_exception('no shouting, please') }}{% endif %}`;
    const strict = makeChatModel(refusal + TINY_TEMPLATE);
    const strictEngine = await ScriptedEngine.create(strict.path, {}, { contextLength: 1024 });
    const strictService = await startHttpService(strictEngine);
    const { status, json } = await post(strictService, PATH, { input: 'a shout', questions });
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: { param: 'input' } });
    expect((json as { error: { message: string } }).error.message).toContain('no shouting, please');
    expect(strictEngine.numFreeSlots).toBe(1000);
    await strictService.close();
    strict.remove();
  });
});

describe('the tokens of a key', () => {
  it('are taken for every question with all of the text before it, and refused beforehand', async () => {
    await post(service, PATH, { input: 'a', questions: [PREDICATE] });
    const numTokens = wholePrompts(plain)[0]?.length ?? NaN;
    plain.reset();
    using file = new KeyFile();
    const key = await file.create('alice', { limits: { tokensPerMinute: numTokens + 9 } });
    const limited = await startHttpService(plain, {}, { keysFile: file.path });
    const ask = (count: number): ReturnType<typeof call> =>
      call(limited, 'POST', PATH, {
        headers: bearer(key),
        body: { input: 'a', questions: Array(count).fill(PREDICATE) },
      });
    expect((await ask(2)).status).toBe(429);
    expect(plain.requests).toHaveLength(0);
    expect(plain.numFreeSlots).toBe(1000);
    expect((await ask(1)).status).toBe(200);
    expect((await ask(1)).status).toBe(429);
    await limited.close();
  });
});
