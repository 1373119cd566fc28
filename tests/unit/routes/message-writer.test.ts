import Anthropic from '@anthropic-ai/sdk';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  messageEventSchema,
  type MessageBody,
  type MessageEvent,
} from '../../../routes/anthropic/schemas/message-body.ts';
import { MessageWriter, type MessageView } from '../../../routes/anthropic/schemas/message-writer.ts';
import type { GenerationEvent } from '../../../src/generation/generation-event.ts';
import { eventFrame } from '../../../src/http/sse/sse.ts';
import { ANSWERS, call, content, finish, reasoning } from '../../support/answer-events.ts';

const USAGE = {
  usage: { numPromptTokens: 9, numGeneratedTokens: 5, numReasoningTokens: 2, numCachedTokens: 4 },
};
const VIEW: MessageView = {
  requestId: 'r1',
  model: 'tiny',
  numPromptTokens: 9,
  isContextShort: false,
  showsThinking: true,
};
const isEvent = new Ajv2020({ strict: false }).compile(z.toJSONSchema(messageEventSchema, { io: 'output' }));

/** The whole stream of an answer, and the body that it would be in one piece. */
function write(
  events: readonly GenerationEvent[],
  view: Partial<MessageView> = {},
): { events: MessageEvent[]; body: MessageBody } {
  const writer = new MessageWriter({ ...VIEW, ...view });
  const written = [
    ...writer.open(),
    ...events.flatMap((event) => writer.write(event)),
    ...writer.close(USAGE),
  ];
  return { events: structuredClone(written), body: writer.body };
}

/** What the official client makes of a stream. */
async function accumulate(events: readonly MessageEvent[]): Promise<unknown> {
  const client = new Anthropic({
    baseURL: 'http://localhost',
    apiKey: 'none',
    maxRetries: 0,
    fetch: () =>
      Promise.resolve(
        new Response(events.map(eventFrame).join(''), { headers: { 'content-type': 'text/event-stream' } }),
      ),
  });
  const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'a' }];
  const message = await client.messages.stream({ model: 'tiny', max_tokens: 5, messages }).finalMessage();
  // The client's own field, for a schema that was asked for.
  expect(message.parsed_output).toBeNull();
  return { ...message, parsed_output: undefined };
}

describe.each(Object.entries(ANSWERS))('an answer with %s', (_, answer) => {
  it('has events of the schema', () => {
    for (const event of write(answer).events) {
      expect(isEvent(event), JSON.stringify(isEvent.errors)).toBe(true);
    }
  });

  it('begins and ends each block once, in turn', () => {
    const { events, body } = write(answer);
    const places = events.flatMap((event) =>
      event.type === 'content_block_start' || event.type === 'content_block_stop' ? [event.index] : [],
    );
    expect(places).toEqual(body.content.flatMap((__, index) => [index, index]));
  });
});

/** Of a call that was cut the client reads what it can; the body in one piece has nothing of it. */
const WHOLE = Object.entries(ANSWERS).filter(([name]) => name !== 'a call that the limit cuts');

it.each(WHOLE)(
  'the official client accumulates an answer with %s into the body in one piece',
  async (_, answer) => {
    const { events, body } = write(answer);
    expect(await accumulate(events)).toEqual(body);
  },
);

describe('the message', () => {
  it('has thinking, text and calls as blocks', () => {
    const { body } = write(ANSWERS['reasoning, text and several calls'] ?? []);
    expect(body.content).toEqual([
      { type: 'thinking', thinking: 'Two places', signature: 'tokenflare' },
      { type: 'text', text: 'I look.' },
      {
        type: 'tool_use',
        id: 'toolu_0',
        name: 'weather',
        input: { city: 'Oslo' },
        caller: { type: 'direct' },
      },
      {
        type: 'tool_use',
        id: 'toolu_1',
        name: 'weather',
        input: { city: 'Rome' },
        caller: { type: 'direct' },
      },
    ]);
    expect(body.usage).toEqual({
      input_tokens: 5,
      cache_read_input_tokens: 4,
      cache_creation_input_tokens: 0,
      output_tokens: 5,
      output_tokens_details: { thinking_tokens: 2 },
    });
  });

  it('says at its start what is known of the prompt, and at its end what was cached of it', () => {
    const { events } = write(ANSWERS['text'] ?? []);
    const [first, last] = [events[0], events.at(-2)];
    expect(first).toMatchObject({ message: { usage: { input_tokens: 9, cache_read_input_tokens: 0 } } });
    expect(last).toMatchObject({ usage: { input_tokens: 5, cache_read_input_tokens: 4, output_tokens: 5 } });
  });

  it.each([
    [finish('stop'), {}, 'end_turn', null],
    [finish('stop', 'END'), {}, 'stop_sequence', 'END'],
    [finish('toolCalls'), {}, 'tool_use', null],
    [finish('length'), {}, 'max_tokens', null],
    [finish('length'), { isContextShort: true }, 'model_context_window_exceeded', null],
    [finish('abort'), {}, null, null],
  ])('ends by %j as %s', (events, view, reason, sequence) => {
    const { body } = write([...content('a'), ...events], view);
    expect(body).toMatchObject({ stop_reason: reason, stop_sequence: sequence });
  });

  it('leaves the text of thinking out where it is not to be shown', async () => {
    const { events, body } = write([...reasoning('secret'), ...content('a'), ...finish('stop')], {
      showsThinking: false,
    });
    expect(JSON.stringify(events)).not.toContain('secret');
    expect(body.content[0]).toEqual({ type: 'thinking', thinking: '', signature: 'tokenflare' });
    expect(await accumulate(events)).toEqual(body);
  });
});

const pieces = fc.array(fc.string({ maxLength: 4 }), { maxLength: 3 });
const answers = fc
  .array(
    fc.oneof(
      pieces.map((texts) => () => reasoning(...texts)),
      pieces.map((texts) => () => content(...texts)),
      fc
        .dictionary(fc.constantFrom('a', 'b'), fc.integer(), { noNullPrototype: true })
        .map((value) => (callIndex: number) => call(callIndex, 'f', ...JSON.stringify(value).split(/(?=:)/))),
    ),
    { maxLength: 6 },
  )
  .map((parts) => [...parts.flatMap((part, index) => part(index)), ...finish('stop')]);

it('says the same streamed and not, whatever the answer', async () => {
  await fc.assert(
    fc.asyncProperty(answers, async (answer) => {
      const { events, body } = write(answer);
      expect(await accumulate(events)).toEqual(body);
    }),
    { numRuns: 40 },
  );
});
