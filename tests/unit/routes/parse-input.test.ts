import { describe, expect, it } from 'vitest';
import { attentionRequestSchema } from '../../../routes/schemas/attention.ts';
import { chatRequestSchema } from '../../../routes/schemas/chat.ts';
import { completionRequestSchema } from '../../../routes/schemas/completions.ts';
import { embeddingRequestSchema } from '../../../routes/schemas/embeddings.ts';
import { parseInput } from '../../../routes/schemas/parse-input.ts';
import { detokenizeRequestSchema } from '../../../routes/schemas/tokenize.ts';
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

  it('takes what is sound as it is', () => {
    const tokens = [0, 1, 2 ** 31 - 1];
    expect(parseInput(detokenizeRequestSchema, { tokens })).toEqual({ tokens });
    const body = { prompt: 'a', logit_bias: { 5: 1 }, metadata: { a: 'b' }, truncate_prompt_tokens: -1 };
    expect(parseInput(completionRequestSchema, body)).toEqual({ ...body, prompt: ['a'] });
  });
});
