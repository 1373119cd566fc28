import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  completionFieldsSchema,
  completionRequestSchema,
} from '../../../routes/openai/schemas/completions.ts';
import { readPresentFields } from '../../../routes/shared/schemas/present-fields.ts';

const makeSchema = (): z.ZodObject =>
  z.strictObject({
    required: z.string(),
    optional: z.int().min(0).optional(),
    nullish: z.number().nullish(),
    defaulted: z.int().default(7),
    filled: z.union([z.undefined(), z.string()]).transform((text) => text ?? 'nothing'),
    caught: z.boolean().catch(false),
    trimmed: z.string().trim().optional(),
    list: z.array(z.object({ name: z.string() })).optional(),
  });
const odd = fc.constantFrom('', ' a ', null, true, {}, [], -1, 0.5);
const mostly = (...good: unknown[]): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: odd });
const body = fc
  .record({
    fields: fc.record(
      {
        required: mostly('a', ''),
        optional: mostly(0, 3),
        nullish: mostly(null, 0.5),
        defaulted: mostly(1),
        filled: mostly('b'),
        caught: mostly(true),
        trimmed: mostly(' a ', 'b'),
        list: mostly([], [{ name: 'a', other: 1 }]),
      },
      { requiredKeys: [] },
    ),
    unknown: fc.option(fc.constantFrom('unknown', '__proto__', 'toString', 'constructor'), { freq: 10 }),
  })
  // As JSON makes it: `__proto__` is a field like others.
  .map(({ fields, unknown }): unknown =>
    JSON.parse(
      JSON.stringify(fields).replace(
        /\}$/,
        unknown === null ? '}' : `${Object.keys(fields).length === 0 ? '' : ','}"${unknown}":1}`,
      ),
    ),
  );

/** What comes out, and the complaints word for word. */
const outcome = (schema: z.ZodType, input: unknown): unknown => {
  const { success, data, error } = schema.safeParse(input, { abortEarly: true } as object);
  return success ? { data } : { issues: error.issues };
};

describe('a schema that reads present fields only', () => {
  it('says of every body what zod says of it', () => {
    const whole = makeSchema();
    const present = readPresentFields(makeSchema());
    let numValid = 0;
    fc.assert(
      fc.property(fc.oneof({ weight: 20, arbitrary: body }, { weight: 1, arbitrary: odd }), (input) => {
        const expected = outcome(whole, input);
        expect(outcome(present, input)).toEqual(expected);
        if ('data' in (expected as object)) numValid++;
      }),
      { numRuns: 5000 },
    );
    expect(numValid).toBeGreaterThan(100);
  });

  it('reads few fields of a completion, and runs its rules', () => {
    const fields = completionFieldsSchema.shape;
    const input = { prompt: 'a', max_tokens: 3, stop: 'b', logit_bias: { 5: 1 }, user: 'me' };
    expect(Object.keys(fields).length).toBeGreaterThan(80);
    expect(outcome(completionRequestSchema, input)).toEqual(outcome(completionFieldsSchema, input));
    expect(completionFieldsSchema.safeParse({ ...input, stream_options: {} }).success).toBe(true);
    expect(completionRequestSchema.safeParse({ ...input, stream_options: {} }).success).toBe(false);
  });
});
