import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messagesSchema, toChatMessages } from '../../../routes/openai/schemas/chat-messages.ts';
import { parseInput } from '../../../routes/shared/schemas/parse-input.ts';
import { z } from 'zod';
import type { ChatMessage } from '../../../src/chat-template/renderer.ts';

const bodySchema = z.object({ messages: messagesSchema });
const read = (messages: unknown): ChatMessage[] =>
  toChatMessages(parseInput(bodySchema, { messages }).messages);

const call = (given: unknown): object => ({
  id: 'c',
  type: 'function',
  function: { name: 'f', arguments: given },
});
const argumentsOf = (given: unknown): unknown => {
  const [message] = read([{ role: 'assistant', tool_calls: [call(given)] }]);
  return message?.['tool_calls'];
};

describe('toChatMessages', () => {
  it('takes the message of an answer as clients hand it back', () => {
    const given = {
      role: 'assistant',
      content: null,
      name: null,
      refusal: null,
      audio: null,
      annotations: [],
      parsed: null,
      reasoning: 'hm',
      function_call: null,
      tool_calls: [{ ...call('{"a": 1}'), index: 0, parsed_arguments: { a: 1 } }],
    };
    expect(read([given])).toEqual([
      { role: 'assistant', reasoning_content: 'hm', tool_calls: [call({ a: 1 })] },
    ]);
  });

  it('has no field of what is null or empty', () => {
    const fields = { name: null, tool_call_id: null, tool_calls: [], reasoning_content: null };
    expect(read([{ role: 'user', content: 'a', ...fields }])).toEqual([{ role: 'user', content: 'a' }]);
  });

  it.each([[{ content: null }], [{}], [{ content: null, tool_calls: [] }]])(
    'takes an assistant that said nothing: %j',
    (fields) =>
      expect(read([{ role: 'assistant', ...fields }])).toEqual([{ role: 'assistant', content: '' }]),
  );

  it('reads a refusal as content, as a field and as a part', () => {
    expect(read([{ role: 'assistant', content: null, refusal: 'No.' }])).toEqual([
      { role: 'assistant', content: 'No.' },
    ]);
    const parts = [
      { type: 'refusal', refusal: 'No.' },
      { type: 'text', text: 'b', cache_control: { type: 'ephemeral' } },
    ];
    expect(read([{ role: 'assistant', content: parts }])).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'No.' },
          { type: 'text', text: 'b' },
        ],
      },
    ]);
  });

  it('reads the older form of calls and results as the newer', () => {
    expect(
      read([
        { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
        { role: 'function', name: 'f', content: '1' },
        { role: 'assistant', content: null, function_call: { name: 'g', arguments: '' } },
        { role: 'function', name: 'g', content: '2' },
      ]),
    ).toEqual([
      { role: 'assistant', tool_calls: [{ ...call({}), id: 'call_1' }] },
      { role: 'tool', name: 'f', content: '1', tool_call_id: 'call_1' },
      {
        role: 'assistant',
        tool_calls: [{ id: 'call_2', type: 'function', function: { name: 'g', arguments: {} } }],
      },
      { role: 'tool', name: 'g', content: '2', tool_call_id: 'call_2' },
    ]);
  });

  it.each([
    ['{"a": [1]}', { a: [1] }],
    ['', {}],
    [{ a: 1 }, { a: 1 }],
    ['{"a": ', '{"a": '],
    ['[1]', '[1]'],
    ['"text"', '"text"'],
    ['null', 'null'],
    [`${'{"a":'.repeat(33)}1${'}'.repeat(33)}`, `${'{"a":'.repeat(33)}1${'}'.repeat(33)}`],
  ])('gives arguments as an object where they are one, and else as they came: %j', (given, expected) => {
    expect(argumentsOf(given)).toEqual([call(expected)]);
  });

  it.each(['image_url', 'input_audio', 'file', 'video_url'])('refuses a part by its name: %s', (type) => {
    const messages = [{ role: 'user', content: [{ type: 'text', text: 'a' }, { type }] }];
    expect(() => read(messages)).toThrow(`must be "text", not "${type}"`);
  });

  it('is the same whatever fields a client adds', () => {
    const known = new Set(['role', 'content', 'name', 'tool_calls', 'tool_call_id', 'function_call', 'type']);
    const names = ['reasoning_content', 'reasoning', 'refusal', 'text', 'id', 'function', 'arguments'];
    const extra = fc.dictionary(
      fc
        .oneof(fc.constantFrom('audio', 'parsed', 'index', 'cache_control'), fc.string())
        .filter((name) => !known.has(name) && !names.includes(name) && name !== '__proto__'),
      fc.jsonValue({ maxDepth: 2 }),
    );
    fc.assert(
      fc.property(extra, extra, extra, extra, (ofMessage, ofPart, ofCall, ofFunction) => {
        const messages = (...fields: object[]): unknown => [
          { role: 'user', content: [{ type: 'text', text: 'a', ...fields[1] }], ...fields[0] },
          {
            role: 'assistant',
            tool_calls: [
              {
                id: 'c',
                type: 'function',
                function: { name: 'f', arguments: '{}', ...fields[3] },
                ...fields[2],
              },
            ],
            ...fields[0],
          },
        ];
        expect(read(messages(ofMessage, ofPart, ofCall, ofFunction))).toEqual(read(messages()));
      }),
    );
  });
});
