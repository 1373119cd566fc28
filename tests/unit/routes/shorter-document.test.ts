import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createDocument, type ZodOpenApiOverride } from 'zod-openapi';
import { shorten, withoutRepeats } from '../../../routes/shorter-document.ts';

const count = z.int().min(1).max(9);
const SCHEMAS: Record<string, [schema: z.ZodType, shortened: unknown]> = {
  'a bounded number or null': [count.nullable(), { type: ['integer', 'null'], minimum: 1, maximum: 9 }],
  'one of some texts or null': [
    z.enum(['a', 'b']).nullable(),
    { type: ['string', 'null'], enum: ['a', 'b', null] },
  ],
  'an object or null': [
    z.strictObject({ n: count }).nullable(),
    {
      type: ['object', 'null'],
      properties: { n: { type: 'integer', minimum: 1, maximum: 9 } },
      required: ['n'],
      additionalProperties: false,
    },
  ],
  'a list or null': [
    z.array(z.string()).max(1).nullable(),
    { type: ['array', 'null'], items: { type: 'string' }, maxItems: 1 },
  ],
  'a choice or null': [
    z.union([z.string().max(1), count]).nullable(),
    {
      anyOf: [
        { type: 'string', maxLength: 1 },
        { type: 'integer', minimum: 1, maximum: 9 },
        { type: 'null' },
      ],
    },
  ],
  'a constant or null': [z.literal('a').nullable(), { anyOf: [{ const: 'a' }, { type: 'null' }] }],
  'a number with words of its own, or null': [
    count.meta({ description: 'Own.' }).nullable().meta({ description: 'Both.' }),
    {
      description: 'Both.',
      anyOf: [{ type: 'integer', minimum: 1, maximum: 9, description: 'Own.' }, { type: 'null' }],
    },
  ],
  'members of any name': [
    z.record(z.string(), count),
    { type: 'object', additionalProperties: { type: 'integer', minimum: 1, maximum: 9 } },
  ],
  'members of bounded names': [
    z.record(z.string().max(1), count),
    {
      type: 'object',
      propertyNames: { type: 'string', maxLength: 1 },
      additionalProperties: { type: 'integer', minimum: 1, maximum: 9 },
    },
  ],
};
const VALUES = [null, 0, 1, 9, 10, 1.5, true, '', 'a', 'b', 'ab', [], ['a'], ['a', 'b'], [1], {}];
const OBJECTS = [{ n: 1 }, { n: 0 }, { n: null }, { n: 1, a: 1 }, { ab: 1 }, { a: 'a' }];

function schemaOf(schema: z.ZodType, override?: ZodOpenApiOverride): object {
  const options = override === undefined ? {} : { override };
  const content = { 'application/json': { schema } };
  const { paths } = createDocument(
    {
      openapi: '3.1.0',
      info: { title: '', version: '' },
      paths: { '/': { post: { requestBody: { content }, responses: {} } } },
    },
    options,
  );
  const body = paths?.['/']?.post?.requestBody as { content: Record<string, { schema: object }> };
  return body.content['application/json']?.schema ?? {};
}

describe('a schema in fewer words', () => {
  it.each(Object.entries(SCHEMAS))('takes the same values: %s', (_, [schema, shortened]) => {
    const after = schemaOf(schema, ({ jsonSchema }) => shorten(jsonSchema));
    expect(after).toEqual(shortened);
    const ajv = new Ajv2020({ strict: false });
    const [takes, stillTakes] = [ajv.compile(schemaOf(schema)), ajv.compile(after)];
    const values = [...VALUES, ...OBJECTS];
    expect(values.map((value) => stillTakes(value))).toEqual(values.map((value) => takes(value)));
  });
});

it('a parameter says once what it is', () => {
  const parameter = {
    name: 'a',
    in: 'query',
    description: 'A.',
    schema: { type: 'string', description: 'A.' },
  };
  expect(withoutRepeats({ parameters: [parameter] })).toEqual({
    parameters: [{ ...parameter, schema: { type: 'string' } }],
  });
  const other = { ...parameter, schema: { type: 'string', description: 'Its text.' } };
  expect(withoutRepeats(other)).toEqual(other);
});
