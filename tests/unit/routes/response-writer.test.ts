import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import OpenAI from 'openai';
import OpenAI7 from 'openai-7';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ResponseBody } from '../../../routes/responses/schemas/response-body.ts';
import {
  responseEventSchema,
  type ResponseEvent,
} from '../../../routes/responses/schemas/response-events.ts';
import { toEcho } from '../../../routes/responses/schemas/response-generation.ts';
import { ResponseWriter } from '../../../routes/responses/schemas/response-writer.ts';
import type { GenerationEvent } from '../../../src/generation/generation-event.ts';
import { EngineError } from '../../../src/errors.ts';
import { eventFrame } from '../../../src/http/sse/sse.ts';
import { ANSWERS, call, content, finish, reasoning } from '../../support/answer-events.ts';

const USAGE = {
  usage: { numPromptTokens: 9, numGeneratedTokens: 5, numReasoningTokens: 2, numCachedTokens: 4 },
};
const isEvent = new Ajv2020({ strict: false }).compile(z.toJSONSchema(responseEventSchema, { io: 'output' }));

const writerOf = (withLogprobs = false, summary: 'auto' | null = null): ResponseWriter =>
  new ResponseWriter({
    requestId: 'r1',
    echo: toEcho({ input: 'a', reasoning: { summary } }, { id: 'tiny' }),
    prompt: { isTruncated: false, numDropped: 0 },
    tokenizer: { idToBytes: (tokenId) => new TextEncoder().encode(`<${tokenId}>`) },
    withLogprobs,
    now: () => 1_700_000_000,
  });

interface WriteOptions {
  withLogprobs?: boolean;
  summary?: 'auto';
  error?: EngineError;
}

/** The whole stream of an answer, and the body that it would be in one piece. */
function write(
  events: readonly GenerationEvent[],
  { withLogprobs, summary, error }: WriteOptions = {},
): { events: ResponseEvent[]; body: ResponseBody } {
  const writer = writerOf(withLogprobs, summary);
  const written = [...writer.open(), ...events.flatMap((event) => writer.write(event))];
  written.push(...(error === undefined ? writer.close(USAGE) : writer.fail(error, USAGE)));
  return { events: structuredClone(written), body: writer.body };
}

/** What the official client makes of a stream. */
function accumulate(name: 'openai 6' | 'openai 7', events: readonly ResponseEvent[]): Promise<unknown> {
  const options = {
    baseURL: 'http://localhost/v1',
    apiKey: 'none',
    maxRetries: 0,
    fetch: () =>
      Promise.resolve(
        new Response(events.map(eventFrame).join(''), { headers: { 'content-type': 'text/event-stream' } }),
      ),
  };
  // The majors have the same methods, with types that are no relatives.
  const client = name === 'openai 6' ? new OpenAI(options) : (new OpenAI7(options) as unknown as OpenAI);
  return client.responses.stream({ model: 'tiny', input: 'a' }).finalResponse();
}

/** Each answer, and those with reasoning once more for a client that asks for a summary. */
const CASES = Object.entries(ANSWERS).flatMap(([name, answer]) => [
  { name, answer, options: {} },
  ...(answer.some(({ type }) => type === 'reasoning')
    ? [{ name: `${name}; a summary`, answer, options: { summary: 'auto' as const } }]
    : []),
]);

describe.each(CASES)('an answer with $name', ({ answer, options }) => {
  it('has events of the schema, numbered from 0', () => {
    const { events } = write(answer, options);
    for (const event of events) expect(isEvent(event), JSON.stringify(isEvent.errors)).toBe(true);
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((__, index) => index));
  });

  it.each(['openai 6', 'openai 7'] as const)(
    'is accumulated by %s into the body in one piece',
    async (name) => {
      const { events, body } = write(answer, options);
      expect(await accumulate(name, events)).toMatchObject(body);
    },
  );

  it('has items of one id from beginning to end, each begun and ended once', () => {
    const { events, body } = write(answer, options);
    const begun = events.flatMap((event) =>
      event.type === 'response.output_item.added' ? [event.item.id] : [],
    );
    const ended = events.flatMap((event) => (event.type === 'response.output_item.done' ? [event.item] : []));
    expect(begun).toEqual(body.output.map(({ id }) => id));
    expect(new Set(begun).size).toBe(begun.length);
    expect(ended).toEqual(body.output);
  });
});

describe('the response', () => {
  it('has reasoning, text and calls as items', () => {
    const { body } = write(ANSWERS['reasoning, text and several calls'] ?? []);
    expect(body.status).toBe('completed');
    expect(body.output).toMatchObject([
      { type: 'reasoning', id: 'rs_r1_0', content: [{ text: 'Two places' }], summary: [] },
      { type: 'message', id: 'msg_r1_1', content: [{ text: 'I look.' }] },
      {
        type: 'function_call',
        id: 'fc_r1_2',
        call_id: 'call_0',
        name: 'weather',
        arguments: '{"city":"Oslo"}',
      },
      { type: 'function_call', id: 'fc_r1_3', call_id: 'call_1', arguments: '{"city":"Rome"}' },
    ]);
    expect(body.usage).toEqual({
      input_tokens: 9,
      input_tokens_details: { cached_tokens: 4, cache_write_tokens: 0 },
      output_tokens: 5,
      output_tokens_details: { reasoning_tokens: 2 },
      total_tokens: 14,
    });
  });

  it('has reasoning as a summary, in place of content, with events in the order of OpenAI', () => {
    const { body, events } = write(ANSWERS['reasoning, then text'] ?? [], { summary: 'auto' });
    const part = { type: 'summary_text', text: 'Hm, so' };
    expect(body).toMatchObject({
      reasoning: { summary: 'auto' },
      output: [
        { type: 'reasoning', id: 'rs_r1_0', status: 'completed', summary: [part], content: [] },
        { type: 'message' },
      ],
    });
    const place = { item_id: 'rs_r1_0', output_index: 0, summary_index: 0 };
    const item = { type: 'reasoning', id: 'rs_r1_0', content: [] };
    expect(events.slice(2, 9)).toMatchObject([
      {
        type: 'response.output_item.added',
        output_index: 0,
        item: { ...item, status: 'in_progress', summary: [] },
      },
      { type: 'response.reasoning_summary_part.added', ...place, part: { type: 'summary_text', text: '' } },
      { type: 'response.reasoning_summary_text.delta', ...place, delta: 'Hm' },
      { type: 'response.reasoning_summary_text.delta', ...place, delta: ', so' },
      { type: 'response.reasoning_summary_text.done', ...place, text: 'Hm, so' },
      { type: 'response.reasoning_summary_part.done', ...place, part },
      {
        type: 'response.output_item.done',
        output_index: 0,
        item: { ...item, status: 'completed', summary: [part] },
      },
    ]);
  });

  it('says of a summary that the limit cuts that it is incomplete', () => {
    const answer = ANSWERS['reasoning that ends at the limit'] ?? [];
    const { events } = write(answer, { summary: 'auto' });
    const ends = events.filter(({ type }) => type === 'response.reasoning_summary_part.done');
    expect(ends).toMatchObject([{ status: 'incomplete', part: { text: 'Hm, so' } }]);
  });

  it.each([
    ['stop', 'completed', 'response.completed', null],
    ['toolCalls', 'completed', 'response.completed', null],
    ['length', 'incomplete', 'response.incomplete', { reason: 'max_output_tokens' }],
    ['abort', 'cancelled', 'response.incomplete', null],
  ] as const)('ends by %s as %s', (reason, status, type, details) => {
    const { body, events } = write([...content('a'), ...finish(reason)]);
    expect(body).toMatchObject({ status, incomplete_details: details });
    expect(events.at(-1)).toEqual({ type, response: body, sequence_number: events.length - 1 });
    expect(body.output[0]?.status).toBe(status === 'completed' ? 'completed' : 'incomplete');
    expect(body.completed_at === null).toBe(status !== 'completed');
  });

  it('leaves what was whole as it is when the limit cuts a call', () => {
    const { body } = write(ANSWERS['a call that the limit cuts'] ?? []);
    expect(body.output).toMatchObject([
      { type: 'message', status: 'completed' },
      { type: 'function_call', status: 'incomplete', arguments: '{"city":"Os' },
    ]);
  });

  it('fails with what there is of it, and is read so by the clients', async () => {
    const error = new EngineError('backend_failure', 'a kernel failed');
    const { events, body } = write([...reasoning('Hm'), ...content('The ri')], { error });
    expect(body).toMatchObject({
      status: 'failed',
      error: { code: 'server_error', message: 'a kernel failed' },
      output: [{ status: 'completed' }, { status: 'incomplete', content: [{ text: 'The ri' }] }],
    });
    for (const name of ['openai 6', 'openai 7'] as const) {
      expect(await accumulate(name, events)).toMatchObject(body);
    }
  });

  it('throws in the clients for a defect of ours, whose message it does not tell', async () => {
    const writer = writerOf();
    const events = [...writer.open(), ...writer.abandon(new EngineError('internal', 'a secret'))];
    expect(isEvent(events.at(-1))).toBe(true);
    expect(JSON.stringify(events)).not.toContain('secret');
    for (const name of ['openai 6', 'openai 7'] as const) {
      await expect(accumulate(name, events)).rejects.toThrow('request id r1');
    }
  });

  it('tells of every token of its text with logprobs, also of those that made none', () => {
    const { body, events } = write(ANSWERS['tokens without text'] ?? [], { withLogprobs: true });
    const [item] = body.output;
    const logprobs = item?.type === 'message' ? item.content[0]?.logprobs : undefined;
    expect(logprobs?.map(({ token }) => token)).toEqual(['<0>', '<3>', '<0>', '<6>', '<0>']);
    const streamed = events.flatMap((event) =>
      event.type === 'response.output_text.delta' ? event.logprobs : [],
    );
    expect(streamed).toEqual(logprobs);
  });

  it('begins no message for the marker of a call', () => {
    const { body } = write(ANSWERS['the marker of a call'] ?? [], { withLogprobs: true });
    expect(body.output.map(({ type }) => type)).toEqual(['function_call']);
  });
});

it('tells of no token of a call with the logprobs of a text behind it', () => {
  const { body } = write([...content(''), ...call(0, 'now', '{}'), ...content('Done'), ...finish('stop')], {
    withLogprobs: true,
  });
  const message = body.output[1];
  const logprobs = message?.type === 'message' ? message.content[0]?.logprobs : undefined;
  expect(logprobs?.map(({ token }) => token)).toEqual(['<4>']);
});

const pieces = fc.array(fc.string({ maxLength: 4 }), { maxLength: 3 });
const answers = fc
  .array(
    fc.oneof(
      pieces.map((texts) => () => reasoning(...texts)),
      pieces.map((texts) => () => content(...texts)),
      pieces.map((texts) => (callIndex: number) => call(callIndex, 'f', ...texts)),
    ),
    { maxLength: 6 },
  )
  .chain((parts) =>
    fc
      .constantFrom('stop', 'length', 'abort', 'toolCalls')
      .map((reason) => [...parts.flatMap((part, index) => part(index)), ...finish(reason as 'stop')]),
  );

it('says the same streamed and not, whatever the answer', async () => {
  await fc.assert(
    fc.asyncProperty(answers, fc.boolean(), fc.boolean(), async (answer, withLogprobs, sumsUp) => {
      const summary = sumsUp ? { summary: 'auto' as const } : {};
      const { events, body } = write(answer, { withLogprobs, ...summary });
      for (const name of ['openai 6', 'openai 7'] as const) {
        expect(await accumulate(name, events)).toMatchObject(body);
      }
    }),
    { numRuns: 40 },
  );
});
