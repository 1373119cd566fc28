import OpenAI from 'openai';
import OpenAI7 from 'openai-7';
import { describe, expect, it } from 'vitest';
import { ChatWriter, type ChatView } from '../../../routes/openai/schemas/chat-writer.ts';
import {
  chatChunkSchema,
  chatResponseSchema,
  type ChatBody,
  type ChatChunk,
} from '../../../routes/openai/schemas/chat.ts';
import type { GenerationEvent, GenerationFinish } from '../../../src/generation/generation-event.ts';
import type { SampledToken, Usage } from '../../../src/engine/engine.ts';
import { dataFrame, DONE_FRAME } from '../../../src/http/sse/sse.ts';
import { Tokenizer } from '../../../src/tokenizer/tokenizer.ts';
import { fixturePath } from '../../support/fixtures.ts';

const tokenizer = await Tokenizer.load(fixturePath('tiny-gpt2'));
const VIEW: ChatView = {
  id: 'chatcmpl-1',
  created: 1_700_000_000,
  model: 'tiny',
  systemFingerprint: 'fp_0',
  tokenizer,
  n: 1,
  prompt: undefined,
  withLogprobs: false,
  isStreamed: true,
  withTokenIds: false,
  withUsage: false,
  usageSoFar: undefined,
  withEveryToken: false,
  withReasoning: true,
  mayCall: true,
  isCallChosen: false,
  usesFunctions: false,
};
const USAGE = { numPromptTokens: 3, numGeneratedTokens: 9, numReasoningTokens: 0, numCachedTokens: 0 };

let nextTokenId = 300;
const token = (): SampledToken => ({ tokenId: nextTokenId++, logprob: -0.5, topLogprobs: [] });
const content = (text: string): GenerationEvent => ({ type: 'content', index: 0, text, tokens: [token()] });
const reasoning = (text: string): GenerationEvent => ({
  type: 'reasoning',
  index: 0,
  text,
  tokens: [token()],
});
const callStart = (callIndex: number, name: string): GenerationEvent => ({
  type: 'callStart',
  index: 0,
  callIndex,
  id: `call_${callIndex}`,
  name,
  tokens: [token(), token()],
});
const callArguments = (callIndex: number, text: string): GenerationEvent => ({
  type: 'callArguments',
  index: 0,
  callIndex,
  text,
  tokens: [token()],
});
const finish = (how: GenerationFinish): GenerationEvent => ({ type: 'finish', index: 0, finish: how });

const TWO_CALLS = [
  callStart(0, 'add'),
  callArguments(0, '{"a":'),
  callArguments(0, ''),
  callArguments(0, ' 1}'),
  callStart(1, 'now'),
  callArguments(1, '{}'),
  finish('toolCalls'),
];

/** The chunks, and the body that they are when joined; both as openapi.yaml has them. */
function show(
  events: readonly GenerationEvent[],
  view: Partial<ChatView> = {},
  usage: Partial<Usage> = {},
): { chunks: ChatChunk[]; body: ChatBody } {
  const writer = new ChatWriter({ ...VIEW, ...view });
  const chunks = [...writer.open(), ...events.flatMap((event) => writer.write(event))];
  const whole = new ChatWriter({ ...VIEW, ...view, isStreamed: false });
  whole.open();
  for (const event of events) whole.write(event);
  whole.close({ usage: { ...USAGE, ...usage } });
  const body = JSON.parse(JSON.stringify(whole.body)) as ChatBody;
  for (const chunk of chunks) expect(chatChunkSchema.strict().parse(chunk)).toEqual(chunk);
  expect(chatResponseSchema.strict().parse(body)).toEqual(body);
  return { chunks, body };
}

const deltasOf = (chunks: readonly ChatChunk[]): unknown[] => chunks.map(({ choices }) => choices[0]?.delta);

describe('calls of tools', () => {
  it('stream as id, type and name once, then arguments, then an empty delta', () => {
    expect(deltasOf(show(TWO_CALLS).chunks)).toEqual([
      { role: 'assistant' },
      {
        tool_calls: [{ index: 0, id: 'call_0', type: 'function', function: { name: 'add', arguments: '' } }],
      },
      { tool_calls: [{ index: 0, function: { arguments: '{"a":' } }] },
      { tool_calls: [{ index: 0, function: { arguments: ' 1}' } }] },
      {
        tool_calls: [{ index: 1, id: 'call_1', type: 'function', function: { name: 'now', arguments: '' } }],
      },
      { tool_calls: [{ index: 1, function: { arguments: '{}' } }] },
      {},
    ]);
  });

  it('are a message without content, unless there is some before them', () => {
    const toolCalls = [
      { id: 'call_0', type: 'function', function: { name: 'add', arguments: '{"a": 1}' } },
      { id: 'call_1', type: 'function', function: { name: 'now', arguments: '{}' } },
    ];
    const message = { role: 'assistant', refusal: null, tool_calls: toolCalls };
    expect(show(TWO_CALLS).body.choices[0]).toMatchObject({
      message: { ...message, content: null },
      finish_reason: 'tool_calls',
    });
    expect(show([content('Wait.'), ...TWO_CALLS]).body.choices[0]?.message).toEqual({
      ...message,
      content: 'Wait.',
    });
  });

  it.each<[GenerationFinish, Partial<ChatView>, string]>([
    ['toolCalls', {}, 'tool_calls'],
    ['toolCalls', { isCallChosen: true }, 'stop'],
    ['toolCalls', { usesFunctions: true }, 'function_call'],
    ['length', { isCallChosen: true }, 'length'],
    ['stop', {}, 'stop'],
    ['abort', {}, 'abort'],
  ])('end by %s with %j as %s', (how, view, expected) => {
    const { chunks, body } = show([callStart(0, 'add'), callArguments(0, '{}'), finish(how)], view);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe(expected);
    expect(body.choices[0]?.finish_reason).toBe(expected);
  });

  it('are one function_call for a client that speaks of functions', () => {
    const events = [
      callStart(0, 'add'),
      callArguments(0, '{"a":'),
      callArguments(0, ' 1}'),
      finish('toolCalls'),
    ];
    const { chunks, body } = show(events, { usesFunctions: true });
    expect(deltasOf(chunks)).toEqual([
      { role: 'assistant' },
      { function_call: { name: 'add', arguments: '' } },
      { function_call: { arguments: '{"a":' } },
      { function_call: { arguments: ' 1}' } },
      {},
    ]);
    expect(body.choices[0]?.message).toEqual({
      role: 'assistant',
      content: null,
      refusal: null,
      function_call: { name: 'add', arguments: '{"a": 1}' },
    });
  });
});

describe('an answer without a word', () => {
  it.each([true, false])('has an empty content, streamed and not; tools: %s', (mayCall) => {
    const { chunks, body } = show([finish('stop')], { mayCall });
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('');
    expect(chunks.some(({ choices }) => choices[0]?.delta.content === '')).toBe(true);
    expect(body.choices[0]?.message.content).toBe('');
  });
});

describe('reasoning', () => {
  const events = [reasoning('Let me '), reasoning('see.'), content('Four.'), finish('stop')];

  it('is apart from the content, and counted', () => {
    const { chunks, body } = show(events, {}, { numReasoningTokens: 2 });
    expect(deltasOf(chunks)).toEqual([
      { role: 'assistant' },
      { reasoning_content: 'Let me ' },
      { reasoning_content: 'see.' },
      { content: 'Four.' },
      {},
    ]);
    expect(body.choices[0]?.message).toEqual({
      role: 'assistant',
      content: 'Four.',
      reasoning_content: 'Let me see.',
      refusal: null,
    });
    expect(body.usage.completion_tokens_details).toEqual({ reasoning_tokens: 2 });
    expect(show([content('Four.'), finish('stop')]).body.usage).not.toHaveProperty(
      'completion_tokens_details',
    );
  });

  it('is left out where a client asks for that, and counted all the same', () => {
    const { chunks, body } = show(events, { withReasoning: false }, { numReasoningTokens: 2 });
    expect(deltasOf(chunks)).toEqual([{ role: 'assistant' }, { content: 'Four.' }, {}]);
    expect(body.choices[0]?.message).toEqual({ role: 'assistant', content: 'Four.', refusal: null });
    expect(body.usage.completion_tokens_details).toEqual({ reasoning_tokens: 2 });
  });
});

describe('tokens', () => {
  const events = [
    reasoning('hm'),
    { type: 'content', index: 0, text: '', tokens: [token()] } as const,
    content('a'),
    { type: 'content', index: 0, text: 'b', tokens: [] } as const,
    ...TWO_CALLS,
  ];
  const tokenIds = events
    .flatMap((event) => ('tokens' in event ? event.tokens : []))
    .map(({ tokenId }) => tokenId);

  it.each([{}, { withReasoning: false }])('are all in token_ids and logprobs: %j', (view) => {
    const { body, chunks } = show(events, { withTokenIds: true, withLogprobs: true, ...view });
    const [choice] = body.choices;
    expect(choice?.token_ids).toEqual(tokenIds);
    expect(choice?.logprobs?.content.map(({ bytes }) => bytes)).toEqual(
      tokenIds.map((id) => [...tokenizer.idToBytes(id)]),
    );
    const streamed = chunks.flatMap(({ choices }) => choices[0]?.token_ids ?? []);
    expect(streamed).toEqual(tokenIds);
  });

  it('are a chunk each with every_token, also those that show nothing', () => {
    const quiet = [content(''), content(''), content('a'), finish('stop')];
    expect(deltasOf(show(quiet).chunks)).toEqual([{ role: 'assistant' }, { content: 'a' }, {}]);
    expect(deltasOf(show(quiet, { withEveryToken: true }).chunks)).toEqual([
      { role: 'assistant' },
      { content: '' },
      { content: '' },
      { content: 'a' },
      {},
    ]);
  });
});

const CLIENTS = [
  ['openai 6', OpenAI],
  ['openai 7', OpenAI7],
] as const;

describe.each(CLIENTS)('%s', (_, Client) => {
  const parameters = { type: 'object', properties: { a: { type: 'integer' } } };
  const toolOf = (name: string) => ({ type: 'function' as const, function: { name, parameters } });
  const request = {
    model: 'tiny',
    messages: [{ role: 'user' as const, content: 'a' }],
    tools: [toolOf('add'), toolOf('now')],
  };

  /** The client, with an answer to whatever it asks. */
  function answering(text: string, contentType: string): OpenAI {
    const fetch = (): Promise<Response> =>
      Promise.resolve(new Response(text, { headers: { 'content-type': contentType } }));
    // Both versions have what is used of them here.
    return new Client({ apiKey: 'none', fetch, maxRetries: 0 }) as OpenAI;
  }

  it.each<[string, GenerationEvent[]]>([
    ['two calls', TWO_CALLS],
    ['content and calls', [content('Wait.'), ...TWO_CALLS]],
    ['reasoning and content', [reasoning('hm'), content('Four.'), finish('stop')]],
    ['reasoning that took all tokens', [reasoning('hm'), finish('length')]],
    ['a call that was cut', [callStart(0, 'add'), callArguments(0, '{"a'), finish('length')]],
    ['a call that was cancelled', [callStart(0, 'add'), finish('abort')]],
  ])('joins a stream to the body of the same answer: %s', async (__, events) => {
    const { chunks, body } = show(events, {}, { numReasoningTokens: 2 });
    const stream = answering(chunks.map(dataFrame).join('') + DONE_FRAME, 'text/event-stream');
    const streamed = await stream.chat.completions.stream(request).finalChatCompletion();
    const whole = await answering(JSON.stringify(body), 'application/json').chat.completions.create(request);
    const [ofStream, ofBody] = [streamed.choices[0], whole.choices[0]];
    expect(ofStream?.finish_reason).toBe(ofBody?.finish_reason);
    // Version 6 makes null of an empty content.
    const content =
      ofBody?.message.content === '' && ofStream?.message.content === null ? null : ofBody?.message.content;
    expect(ofStream?.message).toMatchObject({ ...ofBody?.message, content });
  });
});
