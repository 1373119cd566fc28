import { embedMany, generateText, jsonSchema, Output, streamText, tool, type ModelMessage } from 'ai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createWorkersAI } from 'workers-ai-provider';
import { WorkersAiWriter, type WorkersAiChunk } from '../../routes/workers-ai/schemas/workers-ai-answer.ts';
import type { GenerationEvent } from '../../src/generation/generation-event.ts';
import { makeChatModel } from '../support/chat-model.ts';
import { post } from '../support/http-client.ts';
import { publishedTemplate } from '../support/published-templates.ts';
import { CheckedFetch } from '../support/checked-fetch.ts';
import { cloudflareFetch } from '../support/cloudflare-fetch.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

/** The AI SDK with Cloudflare's provider against the service, on Node 20 as on 22. */

const MODEL = '@test/tiny-gpt2';
const TEXT = ' runs past the old mill and down to the sea';
const TEMPLATE = '{% for message in messages %}{{ message.role }}:{{ message.content }};{% endfor %}';

const chatModel = makeChatModel(TEMPLATE);
const checked = new CheckedFetch();
let engine: ScriptedEngine;
let service: HttpService;
let provider: ReturnType<typeof createWorkersAI>;

beforeAll(async () => {
  engine = await ScriptedEngine.create(chatModel.path);
  engine.model.contextLength = 1024;
  service = await startHttpService(engine);
  const fetch = cloudflareFetch(checked, service.url);
  provider = createWorkersAI({ accountId: '0123abc', apiKey: 'none', fetch });
});
beforeEach(() => engine.reset());
afterEach(() => checked.settled());
afterAll(async () => {
  await service.close();
  chatModel.remove();
  expect(checked.numChecked).toBeGreaterThan(5);
});

const promptOf = (index: number): string =>
  engine.ownTokenizer.decode([...(engine.requests[index]?.prompts[0] ?? [])]);

const weather = tool({
  description: 'The weather of a city',
  inputSchema: jsonSchema<{ city: string }>({
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  }),
  execute: ({ city }) => ({ city, celsius: 21 }),
});

describe('over the socket', () => {
  it('generates a text', async () => {
    const { text, finishReason, usage } = await generateText({ model: provider(MODEL), prompt: 'Hello' });
    expect(text).toBe(TEXT);
    expect(finishReason).toBe('stop');
    expect(usage.outputTokens).toBe(engine.ownTokenizer.encode(TEXT).length);
    expect(promptOf(0)).toContain('user:Hello');
  });

  it('streams a text, and tells length from stop', async () => {
    const whole = streamText({ model: provider(MODEL), prompt: 'Hello' });
    const pieces: string[] = [];
    for await (const piece of whole.textStream) pieces.push(piece);
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.join('')).toBe(TEXT);
    expect(await whole.finishReason).toBe('stop');
    const cut = streamText({ model: provider(MODEL), prompt: 'Hello', maxOutputTokens: 3 });
    await cut.consumeStream();
    expect(await cut.finishReason).toBe('length');
    expect((await cut.usage).outputTokens).toBe(3);
  });

  it('throws what the service refuses, and the stream that breaks', async () => {
    const long = generateText({
      model: provider(MODEL),
      prompt: 'Hello',
      maxOutputTokens: 2000,
      maxRetries: 0,
    });
    await expect(long).rejects.toMatchObject({ statusCode: 413, isRetryable: false });
    engine.reset({ failAfter: 2 });
    const broken = streamText({ model: provider(MODEL), prompt: 'Hello', onError: () => undefined });
    await broken.consumeStream({ onError: () => undefined });
    expect(await broken.finishReason).toBe('error');
  });

  it('sends its settings: reasoning off, template arguments, affinity', async () => {
    const model = provider(MODEL, {
      sessionAffinity: 'session-1',
      reasoning_effort: null,
      chat_template_kwargs: { enable_thinking: false },
    });
    expect((await generateText({ model, prompt: 'Hello' })).text).toBe(TEXT);
  });

  it('says which of its further settings the service does not know', async () => {
    const model = provider(MODEL, { tags: 'mine' });
    const answer = generateText({ model, prompt: 'Hello', maxRetries: 0 });
    await expect(answer).rejects.toThrow(/tags is not a parameter of this URL/);
  });

  it('generates an object by a schema, streamed too', async () => {
    engine.reset({ text: '{"name":"Ada","age":36}' });
    const schema = jsonSchema<{ name: string; age: number }>({
      type: 'object',
      properties: { name: { type: 'string' }, age: { type: 'integer' } },
      required: ['name', 'age'],
      additionalProperties: false,
    });
    const output = Output.object({ schema });
    const whole = await generateText({ model: provider(MODEL), output, prompt: 'Who?' });
    expect(whole.output).toEqual({ name: 'Ada', age: 36 });
    // Cloudflare answers 5023 here.
    const streamed = streamText({ model: provider(MODEL), output, prompt: 'Who?' });
    const partial: unknown[] = [];
    for await (const object of streamed.partialOutputStream) partial.push(object);
    expect(partial.length).toBeGreaterThan(1);
    expect(partial.at(-1)).toEqual({ name: 'Ada', age: 36 });
  });

  it('generates JSON of any schema', async () => {
    engine.reset({ text: '{"name":"Ada"}' });
    const { output } = await generateText({ model: provider(MODEL), output: Output.json(), prompt: 'Who?' });
    expect(output).toEqual({ name: 'Ada' });
    expect(engine.requests[0]?.grammar).toBeDefined();
  });

  it('embeds', async () => {
    const { embeddings } = await embedMany({
      model: provider.textEmbedding(MODEL),
      values: ['a', 'The river'],
    });
    expect(embeddings.map(({ length }) => length)).toEqual([8, 8]);
  });
});

describe('with a model that calls tools', () => {
  const toolModel = makeChatModel(publishedTemplate('qwen3'));
  const stopWhen = ({ steps }: { steps: readonly unknown[] }): boolean => steps.length === 2;
  const CALL = '<tool_call>\n{"name": "weather", "arguments": {"city": "Bern"}}\n</tool_call>';
  let caller: ScriptedEngine;
  let calling: HttpService;
  let model: ReturnType<typeof provider>;
  beforeAll(async () => {
    caller = await ScriptedEngine.create(toolModel.path);
    caller.model.contextLength = 4096;
    calling = await startHttpService(caller);
    const fetch = cloudflareFetch(checked, calling.url);
    model = createWorkersAI({ accountId: '0123abc', apiKey: 'none', fetch })(MODEL);
    // What the model writes: first a call, then its answer.
    caller.submit = (request, reservation) => {
      caller.script.text = caller.requests.length === 0 ? `<think>\nI ask.\n</think>\n\n${CALL}` : 'Warm.';
      return ScriptedEngine.prototype.submit.call(caller, request, reservation);
    };
  });
  beforeEach(() => caller.reset());
  afterAll(async () => {
    await calling.close();
    toolModel.remove();
  });
  const secondPrompt = (): string => caller.ownTokenizer.decode([...(caller.requests[1]?.prompts[0] ?? [])]);

  it('generates over two steps, and sends the result back', async () => {
    const { steps, text } = await generateText({ model, prompt: 'Weather?', tools: { weather }, stopWhen });
    expect(steps[0]).toMatchObject({ finishReason: 'tool-calls', reasoningText: 'I ask.' });
    expect(steps[0]?.toolCalls).toMatchObject([{ toolName: 'weather', input: { city: 'Bern' } }]);
    expect(text).toBe('Warm.');
    expect(secondPrompt()).toContain(CALL);
    expect(secondPrompt()).toContain('{"city":"Bern","celsius":21}');
  });

  it('streams over two steps', async () => {
    const result = streamText({ model, prompt: 'Weather?', tools: { weather }, stopWhen });
    await result.consumeStream();
    const [first] = await result.steps;
    expect(first).toMatchObject({ finishReason: 'tool-calls', reasoningText: 'I ask.' });
    expect(first?.toolCalls).toMatchObject([{ toolName: 'weather', input: { city: 'Bern' } }]);
    expect(await result.text).toBe('Warm.');
    expect(secondPrompt()).toContain(CALL);
  });

  it('sends a conversation of three turns back as it was', async () => {
    const call = {
      type: 'tool-call' as const,
      toolCallId: 'call_7',
      toolName: 'weather',
      input: { city: 'Bern' },
    };
    const output = { type: 'json' as const, value: { celsius: 21 } };
    const messages: ModelMessage[] = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'How is Bern?' },
      { role: 'assistant', content: [{ type: 'reasoning', text: 'I ask.' }, call] },
      { role: 'tool', content: [{ type: 'tool-result', toolCallId: 'call_7', toolName: 'weather', output }] },
      { role: 'assistant', content: 'Warm.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'And' },
          { type: 'text', text: 'Basel?' },
        ],
      },
    ];
    await generateText({ model, messages, tools: { weather }, allowSystemInMessages: true });
    const prompt = caller.ownTokenizer.decode([...(caller.requests[0]?.prompts[0] ?? [])]);
    const parts = [
      'system\nBe brief.',
      'user\nHow is Bern?',
      CALL,
      '<tool_response>\n{"celsius":21}\n</tool_response>',
      'assistant\nWarm.',
      'user\nAnd\nBasel?',
    ];
    const places = parts.map((part) => prompt.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places.toSorted((one, other) => one - other)).toEqual(places);
  });

  it('answers a request without the SDK in the form of Cloudflare', async () => {
    const messages = [{ role: 'user', content: 'Weather?' }];
    const tools = [{ name: 'weather', parameters: { type: 'object' } }];
    const { json } = await post(calling, `/ai/run/${MODEL}`, { messages, tools });
    expect(json).toMatchObject({
      result: {
        response: null,
        tool_calls: [{ name: 'weather', arguments: { city: 'Bern' } }],
        finish_reason: 'tool_calls',
      },
    });
  });
});

/** What the service writes for events, as the provider reads it: by its `binding`, without a socket. */
function providerOf(answers: readonly (readonly GenerationEvent[])[]): ReturnType<typeof createWorkersAI> {
  const usage = { numPromptTokens: 4, numGeneratedTokens: 9, numReasoningTokens: 0, numCachedTokens: 0 };
  let step = 0;
  const run = (_model: string, { stream }: { stream?: boolean }): Promise<unknown> => {
    const isStreamed = stream === true;
    const writer = new WorkersAiWriter({ isStreamed, isJson: false, maxTokens: 99 });
    const chunks = (answers[step++] ?? []).flatMap((event) => writer.write(event));
    const last = writer.close({ usage });
    return Promise.resolve(isStreamed ? toSse([...chunks, ...last]) : writer.result);
  };
  // The provider asks for the binding's `run` alone.
  const settings: unknown = { binding: { run } };
  return createWorkersAI(settings as Parameters<typeof createWorkersAI>[0]);
}

function toSse(chunks: readonly WorkersAiChunk[]): ReadableStream<Uint8Array> {
  const text = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('') + 'data: [DONE]\n\n';
  return new Blob([text]).stream();
}

const tokens = [] as const;
const call = (callIndex: number, city: string): GenerationEvent[] => [
  { type: 'callStart', index: 0, callIndex, id: `call_${callIndex}`, name: 'weather', tokens },
  { type: 'callArguments', index: 0, callIndex, text: '{"city":', tokens },
  { type: 'callArguments', index: 0, callIndex, text: `"${city}"}`, tokens },
];
const content = (text: string): GenerationEvent => ({ type: 'content', index: 0, text, tokens });
const CALLING: GenerationEvent[] = [
  { type: 'reasoning', index: 0, text: 'I must ', tokens },
  { type: 'reasoning', index: 0, text: 'ask.', tokens },
  content('One moment.'),
  ...call(0, 'Bern'),
  ...call(1, 'Basel'),
  { type: 'finish', index: 0, finish: 'toolCalls' },
];
const ANSWERING: GenerationEvent[] = [
  content('Both are warm.'),
  { type: 'finish', index: 0, finish: 'stop' },
];

describe('calls and reasoning', () => {
  const stopWhen = ({ steps }: { steps: readonly unknown[] }): boolean => steps.length === 2;
  const expectedCalls = [
    { toolName: 'weather', input: { city: 'Bern' } },
    { toolName: 'weather', input: { city: 'Basel' } },
  ];

  it('are read from an answer in one piece, over two steps', async () => {
    const model = providerOf([CALLING, ANSWERING])(MODEL);
    const { steps, text } = await generateText({ model, prompt: 'Weather?', tools: { weather }, stopWhen });
    expect(steps[0]).toMatchObject({
      finishReason: 'tool-calls',
      reasoningText: 'I must ask.',
      text: 'One moment.',
    });
    expect(steps[0]?.toolCalls).toMatchObject(expectedCalls);
    expect(steps[0]?.toolResults).toHaveLength(2);
    expect(text).toBe('Both are warm.');
  });

  it('are read from a stream, over two steps', async () => {
    const model = providerOf([CALLING, ANSWERING])(MODEL);
    const result = streamText({ model, prompt: 'Weather?', tools: { weather }, stopWhen });
    await result.consumeStream();
    const steps = await result.steps;
    expect(steps[0]).toMatchObject({
      finishReason: 'tool-calls',
      reasoningText: 'I must ask.',
      text: 'One moment.',
    });
    expect(steps[0]?.toolCalls).toMatchObject(expectedCalls);
    expect(await result.text).toBe('Both are warm.');
  });

  it('leave the text null where there is none', () => {
    const writer = new WorkersAiWriter({ isStreamed: false, isJson: true, maxTokens: 99 });
    for (const event of [...call(0, 'Bern'), { type: 'finish', index: 0, finish: 'toolCalls' } as const])
      writer.write(event);
    const usage = { numPromptTokens: 1, numGeneratedTokens: 1, numReasoningTokens: 0, numCachedTokens: 0 };
    writer.close({ usage });
    expect(writer.result).toMatchObject({
      response: null,
      tool_calls: [{ name: 'weather', arguments: { city: 'Bern' } }],
      finish_reason: 'tool_calls',
    });
  });

  it('end each call with an entry of nulls', () => {
    const writer = new WorkersAiWriter({ isStreamed: true, isJson: false, maxTokens: 99 });
    const entries = CALLING.flatMap((event) => writer.write(event)).flatMap(
      (chunk) => chunk.tool_calls ?? [],
    );
    expect(entries).toEqual(
      [0, 1].flatMap((index) => [
        { index, id: `call_${index}`, type: 'function', function: { name: 'weather' } },
        { index, function: { arguments: '{"city":' } },
        { index, function: { arguments: index === 0 ? '"Bern"}' : '"Basel"}' } },
        { index, id: null, type: null, function: { name: null } },
      ]),
    );
  });
});
