import { describe, expect, it } from 'vitest';
import { attentionRequestSchema } from '../../../routes/service/attention.ts';
import { chatRequestSchema } from '../../../routes/openai/schemas/chat.ts';
import { completionRequestSchema } from '../../../routes/openai/schemas/completions.ts';
import { embeddingRequestSchema } from '../../../routes/openai/schemas/embeddings.ts';
import { messageRequestSchema } from '../../../routes/anthropic/schemas/message-request.ts';
import { parseInput } from '../../../routes/shared/schemas/parse-input.ts';
import { responseRequestSchema } from '../../../routes/responses/schemas/response-request.ts';
import { detokenizeRequestSchema } from '../../../routes/service/tokenize.ts';
import type { EngineError } from '../../../src/errors.ts';

/** A list or record that counts how many of its entries are read. */
function counted<T extends object>(entries: T): { entries: T; numRead(): number } {
  const read = new Set<PropertyKey>();
  const handler: ProxyHandler<T> = {
    get: (target, key, receiver) => {
      if (/^\d+$/.test(String(key))) read.add(key);
      return Reflect.get(target, key, receiver) as unknown;
    },
  };
  return { entries: new Proxy(entries, handler), numRead: () => read.size };
}

const USER = { role: 'user', content: 'a' };
const many = <T>(entry: T): T[] => Array<T>(100_000).fill(entry);
const some = <T>(entry: T): T[] => Array<T>(4096).fill(entry);

describe('parseInput', () => {
  it.each([
    ['tokens[0]', detokenizeRequestSchema, 'tokens', many('a'), {}],
    ['tokens[0]', detokenizeRequestSchema, 'tokens', many(-1), {}],
    ['tokens[0]', detokenizeRequestSchema, 'tokens', many(2 ** 40), {}],
    ['tokens[0]', detokenizeRequestSchema, 'tokens', many(2 ** 60), {}],
    ['tokens[0]', detokenizeRequestSchema, 'tokens', many(0.5), {}],
    ['tokens', detokenizeRequestSchema, 'tokens', Array<number>(2 ** 20 + 1).fill(-1), {}],
    ['messages', chatRequestSchema, 'messages', many({}), {}],
    ['messages[0]', chatRequestSchema, 'messages', some(1), {}],
    ['messages[0].role', chatRequestSchema, 'messages', some({}), {}],
    ['layers', attentionRequestSchema, 'layers', many(0), { prompt: 'a' }],
    ['prompt[1]', completionRequestSchema, 'prompt', ['a', ...many(1).slice(0, 63)], {}],
    ['stop', completionRequestSchema, 'stop', many(1), { prompt: 'a' }],
    ['logit_bias', completionRequestSchema, 'logit_bias', many('x'), { prompt: 'a' }],
    ['input', embeddingRequestSchema, 'input', many('a'), {}],
    ['input', responseRequestSchema, 'input', many({}), {}],
    ['input[0].type', responseRequestSchema, 'input', some({}), {}],
    ['input[0]', responseRequestSchema, 'input', some(1), {}],
    ['tools', responseRequestSchema, 'tools', many({}), { input: 'a' }],
    ['messages', messageRequestSchema, 'messages', many({}), { max_tokens: 1 }],
    ['messages[0].role', messageRequestSchema, 'messages', some({}), { max_tokens: 1 }],
    ['system', messageRequestSchema, 'system', many({}), { max_tokens: 1, messages: [USER] }],
    [
      'system[0].type',
      messageRequestSchema,
      'system',
      some({}).slice(0, 9),
      { max_tokens: 1, messages: [USER] },
    ],
    ['stop_sequences', messageRequestSchema, 'stop_sequences', many(1), { max_tokens: 1, messages: [USER] }],
  ] as const)('reads no entry behind the first bad one: %s', (param, schema, field, list, rest) => {
    const { entries, numRead } = counted<object>(
      field === 'logit_bias' ? Object.fromEntries(list.entries()) : list,
    );
    let error: unknown;
    try {
      parseInput<unknown>(schema, { ...rest, [field]: entries });
    } catch (thrown) {
      error = thrown;
    }
    expect((error as EngineError).param).toBe(param);
    expect(numRead()).toBeLessThanOrEqual(2);
  });

  it('names the first of many unknown fields, and no more', () => {
    const unknown = Object.fromEntries(many(0).map((_, index) => [`field${index}`, 0]));
    expect(() => parseInput(completionRequestSchema, { prompt: 'a', ...unknown })).toThrow(
      /^unknown field 'field0'$/,
    );
  });

  it.each([
    [{ input: 5 }, 'input must be a string or a list'],
    [{ input: [{ role: 'user' }] }, 'input[0].content is required'],
    [
      { input: [{ role: 'user', content: [{ type: 'input_text', text: 'a' }, { type: 'input_image' }] }] },
      'input[0].content[1].type must be "input_text" or "output_text" or "refusal", not "input_image": ' +
        'this service reads text only',
    ],
    [
      { input: [{ role: 'user', content: [{ type: 'input_text', text: 'a', b: 1 }] }] },
      "unknown field 'input[0].content[0].b'",
    ],
    [
      { input: 'a', tools: [{ type: 'function', name: 'f', parameters: 5 }] },
      'tools[0].parameters must be an object, not 5',
    ],
    [{ input: 'a', tools: [5] }, 'tools[0] must be an object'],
    [
      { input: 'a', tool_choice: 'always' },
      'tool_choice must be "none" or "auto" or "required", not another text',
    ],
  ])('says of a value of several forms what is wrong in the one that it has: %j', (body, message) => {
    expect(() => parseInput<unknown>(responseRequestSchema, body)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(message) as string }) as Error,
    );
  });

  it('takes what is sound as it is', () => {
    const tokens = [0, 1, 2 ** 31 - 1];
    expect(parseInput(detokenizeRequestSchema, { tokens })).toEqual({ tokens });
    const body = { prompt: 'a', logit_bias: { 5: 1 }, metadata: { a: 'b' }, truncate_prompt_tokens: -1 };
    expect(parseInput(completionRequestSchema, body)).toEqual({ ...body, prompt: ['a'] });
  });
});
