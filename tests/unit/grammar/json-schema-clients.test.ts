import { readFileSync } from 'node:fs';
import { zodResponseFormat } from 'openai/helpers/zod';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isTextOf, randomTextOf } from '../../support/grammar/grammar-texts.ts';
import { compiled, complaintOf, seededRandom, validatorOf } from '../../support/grammar/json-schema.ts';

/** Each text of the schema's grammar is valid for ajv, and for another judge if there is one. */
function checkTexts(schema: object, isValid: (value: unknown) => boolean = () => true, numTexts = 30): void {
  const grammar = compiled(schema);
  const validate = validatorOf(schema, JSON.stringify(schema).includes('draft-07') ? '7' : '2020-12');
  const random = seededRandom(11);
  for (let i = 0; i < numTexts; i++) {
    const text = randomTextOf(grammar, random);
    const complaint = complaintOf(validate, text) ?? (isValid(JSON.parse(text)) ? undefined : 'refused');
    if (complaint !== undefined) expect.unreachable(`${text} of ${JSON.stringify(schema)}: ${complaint}`);
  }
}

const Tree = z.object({
  value: z.int(),
  get children() {
    return z.array(Tree);
  },
});

/** Types of Zod, each with values that people would expect to come. */
const ZOD: Record<string, [z.ZodType, unknown[]]> = {
  uuid: [z.uuid(), ['6fa459ea-ee8a-4ca4-894e-db77e160355e']],
  guid: [z.guid(), ['6FA459EA-ee8a-4ca4-894e-db77e160355e']],
  email: [z.email(), ['jo.doe+x@mail.example.org']],
  'short email': [z.email().max(254), ['a@b.co']],
  datetime: [z.iso.datetime(), ['2024-02-29T23:59:59.123Z']],
  'datetime with offset': [z.iso.datetime({ offset: true }), ['2024-12-31T00:00:00+02:00']],
  date: [z.iso.date(), ['2000-02-29']],
  time: [z.iso.time(), ['23:59:59']],
  duration: [z.iso.duration(), ['P1DT2H', 'P3W', 'PT5S']],
  ipv4: [z.ipv4(), ['192.168.0.1']],
  ipv6: [z.ipv6(), ['2001:db8::7', '::1']],
  cidrv4: [z.cidrv4(), ['10.0.0.0/8']],
  url: [z.url(), ['https://example.org:8080/a/b?c=d&e=%20#f']],
  'long url': [z.url().max(2048), ['https://example.org/a']],
  cuid2: [z.cuid2(), ['tz4a98xxat96iws9zmbrgj3a']],
  ulid: [z.ulid(), ['01ARZ3NDEKTSV4RRFFQ69G5FAV']],
  nanoid: [z.nanoid(), ['V1StGXR8_Z5jdHi6B-myT']],
  base64: [z.base64(), ['aGVsbG8=', '']],
  e164: [z.e164(), ['+4915112345678']],
  emoji: [z.emoji(), ['😀', '👍🏽']],
  parts: [z.string().startsWith('a.b').endsWith('z').includes('q'), ['a.b q z']],
  lowercase: [z.string().lowercase(), ['abc é']],
  lengths: [z.string().min(2).max(5), ['ab', 'é😀"\\\n']],
  regex: [z.string().regex(/^[A-Z]\d{2,3}$/), ['A12', 'Z999']],
  int: [z.int(), [0, -1, 123456]],
  int32: [z.int32(), [2147483647, -2147483648]],
  positive: [z.number().positive(), [0.5, 1, 99.25]],
  percent: [z.number().min(0).max(100), [0, 100, 99.9, 0.001]],
  step: [z.int().multipleOf(5), [0, 5, -115]],
  nullable: [z.string().nullable(), [null, 'a']],
  literals: [z.literal(['a', 1, null]), ['a', 1, null]],
  enum: [z.enum(['low', 'high']), ['low', 'high']],
  union: [z.union([z.string(), z.int(), z.array(z.boolean())]), ['a', 1, [], [true, false]]],
  tuple: [z.tuple([z.string(), z.number()]), [['a', 1.5]]],
  'tuple with rest': [z.tuple([z.string()]).rest(z.int()), [['a'], ['a', 1, 2]]],
  array: [z.array(z.string()).nonempty().max(4), [['a'], ['a', 'b', 'c', 'd']]],
  record: [z.record(z.string(), z.number()), [{}, { a: 1, 'b c': 2 }]],
  'record of an enum': [z.record(z.enum(['a', 'b']), z.int()), [{ a: 1, b: 2 }]],
  'partial record': [z.partialRecord(z.enum(['a', 'b']), z.int()), [{}, { b: 2 }]],
  object: [
    z.object({ a: z.string(), b: z.int().optional(), c: z.boolean() }),
    [
      { a: 'x', c: true },
      { a: '', b: 1, c: false },
    ],
  ],
  'only optional': [
    z.object({ a: z.int().optional(), b: z.int().optional() }),
    [{}, { a: 1 }, { b: 2 }, { a: 1, b: 2 }],
  ],
  loose: [z.looseObject({ a: z.int() }), [{ a: 1 }, { a: 1, x: { y: [] } }]],
  catchall: [z.object({ a: z.string() }).catchall(z.int()), [{ a: 'x', b: 1 }]],
  intersection: [z.intersection(z.object({ a: z.int() }), z.object({ b: z.int() })), [{ a: 1, b: 2 }]],
  discriminated: [
    z.discriminatedUnion('k', [
      z.object({ k: z.literal('a') }),
      z.object({ k: z.literal('b'), x: z.int().optional() }),
    ]),
    [{ k: 'a' }, { k: 'b' }, { k: 'b', x: 1 }],
  ],
  never: [z.object({ a: z.int(), b: z.never().optional() }), [{ a: 1 }]],
  default: [z.object({ a: z.string().default('x') }), [{ a: 'y' }]],
  tree: [Tree, [{ value: 1, children: [{ value: 2, children: [] }] }]],
  any: [z.any(), [1, 'a', { a: [null] }]],
};

describe('what Zod writes', () => {
  it.each(Object.entries(ZOD))('%s', (_, [type, values]) => {
    const schema = z.toJSONSchema(type);
    const grammar = compiled(schema);
    for (const value of values) {
      expect(type.safeParse(value).success, JSON.stringify(value)).toBe(true);
      expect(isTextOf(grammar, JSON.stringify(value)), JSON.stringify(value)).toBe(true);
    }
    checkTexts(schema, (value) => type.safeParse(value).success);
  });

  it('in draft-07, with definitions', () => {
    const schema = z.toJSONSchema(z.object({ t: Tree, p: z.tuple([z.string(), z.int()]) }), {
      target: 'draft-7',
      reused: 'ref',
    });
    expect(JSON.stringify(schema)).toContain('"definitions"');
    checkTexts(schema);
  });
});

describe("what OpenAI's helper writes", () => {
  it('is taken as it is', () => {
    const Answer = z.object({
      steps: z
        .array(z.object({ explanation: z.string(), output: z.string() }))
        .min(1)
        .max(5),
      confidence: z.number().min(0).max(1),
      note: z.string().nullable(),
      next: z.union([z.literal('stop'), z.object({ tool: z.enum(['a', 'b']), args: z.array(z.int()) })]),
    });
    const { schema } = zodResponseFormat(Answer, 'answer').json_schema;
    expect(JSON.stringify(schema)).toContain('$schema');
    checkTexts(schema ?? {}, (value) => Answer.safeParse(value).success);
  });
});

describe('what pydantic writes', () => {
  const { models } = JSON.parse(readFileSync('tests/fixtures/json-schema/pydantic.json', 'utf8')) as {
    models: Record<string, { schema: object; texts: string[] }>;
  };
  it.each(Object.entries(models))('%s', (_, { schema, texts }) => {
    const grammar = compiled(schema);
    expect(texts.filter((text) => !isTextOf(grammar, text))).toEqual([]);
    checkTexts(schema);
  });
});

/** Schemas as people write them by hand, with texts that must be reached and texts that must not. */
const object = (properties: object, more: object = {}): object => ({ type: 'object', properties, ...more });
const HAND_WRITTEN: [string, object, string[], string[]][] = [
  [
    'a schema of AI SDK, without required',
    object({ a: { type: 'string' } }, { strict: undefined }),
    ['{}', '{"a":"x"}'],
    ['{"b":1}', '{"a":1}', ' {}'],
  ],
  [
    'title and default of LangChain',
    { title: 'T', ...object({ a: { type: 'integer', title: 'A', default: 1 } }, { required: ['a'] }) },
    ['{"a":12}'],
    ['{}', '{"a":1.0}', '{"a":-0}', '{"a":01}'],
  ],
  [
    'nullable of OpenAPI',
    object({ a: { type: 'string', nullable: true } }, { required: ['a'] }),
    ['{"a":null}', '{"a":"b"}'],
    ['{"a":1}'],
  ],
  ['properties without type', { properties: { a: { const: 1 } }, required: ['a'] }, ['{"a":1}'], ['{}', '1']],
  [
    'required names that are not declared',
    object({ b: {} }, { required: ['a'] }),
    ['{"a":[1,"x"]}', '{"b":{},"a":null}'],
    ['{"b":1}'],
  ],
  [
    'mixed values of an enum',
    { enum: ['a', 1, null, { b: [true] }] },
    ['"a"', '1', 'null', '{"b":[true]}'],
    ['"b"', '{}'],
  ],
  ['an enum beside a type', { type: 'string', enum: ['a', 1] }, ['"a"'], ['1']],
  [
    'several bounds of allOf',
    { allOf: [{ type: 'integer', minimum: 3 }, { maximum: 5 }, { not: false }] },
    ['3', '5'],
    ['2', '6', '3.5'],
  ],
  [
    'a reference with bounds beside it',
    { $ref: '#/$defs/n', maximum: 9, $defs: { n: { type: 'integer', minimum: 8 } } },
    ['8', '9'],
    ['7', '10'],
  ],
  ['an anchor', { $ref: '#here', $defs: { x: { $anchor: 'here', type: 'null' } } }, ['null'], ['1']],
  [
    'a pointer into properties',
    object({ a: { type: 'boolean' }, b: { $ref: '#/properties/a' } }, { required: ['b'] }),
    ['{"b":true}'],
    ['{"b":1}'],
  ],
  [
    'the own $id in a reference',
    {
      $id: 'https://example.org/s',
      ...object({ a: { $ref: 'https://example.org/s#/$defs/x' } }),
      $defs: { x: { const: 2 } },
    },
    ['{"a":2}'],
    ['{"a":3}'],
  ],
  [
    'exclusive bounds of numbers',
    { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
    ['0.5', '0.000001', '0.99'],
    ['0', '1', '0.0', '1.0', '-0.5', '5e-1'],
  ],
  [
    'bounds below zero',
    { type: 'number', minimum: -2.5, maximum: -1 },
    ['-1', '-2.5', '-2.49', '-1.0'],
    ['-0.99', '-2.51', '0', '-3'],
  ],
  [
    'a bound of 1e21',
    { type: 'integer', maximum: 1e21, minimum: -5 },
    ['-5', '999999999999999'],
    ['-6', '1000000000000000'],
  ],
  [
    'a range of fractions',
    { type: 'number', minimum: 0.1, maximum: 0.3 },
    ['0.1', '0.2', '0.3', '0.10'],
    ['0.09', '0.31', '0.30000000000001'],
  ],
  [
    'unique values of an enum',
    { type: 'array', items: { enum: ['a', 'b', 'c'] }, uniqueItems: true, minItems: 1 },
    ['["c","a"]', '["b"]'],
    ['[]', '["a","a"]'],
  ],
  [
    'a tuple of draft-07',
    {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'array',
      items: [{ type: 'integer' }, { type: 'string' }],
      additionalItems: false,
    },
    ['[1,"a"]', '[1]', '[]'],
    ['["a"]', '[1,"a",2]'],
  ],
  [
    'patterns of names',
    {
      type: 'object',
      patternProperties: { '^x_': { type: 'integer' }, _y$: { minimum: 5 } },
      additionalProperties: false,
    },
    ['{"x_a":1,"x_y":7}', '{}'],
    ['{"x_y":3}', '{"a":1}'],
  ],
  [
    'other names than the declared ones',
    object({ ab: { type: 'integer' } }, { additionalProperties: { type: 'string' } }),
    ['{"ab":1,"a":"x","abc":"y"}', '{"":""}'],
    ['{"ab":"x"}', '{"a":1}'],
  ],
  [
    'numbers of properties',
    object({ a: {}, b: {}, c: {} }, { minProperties: 1, maxProperties: 2, additionalProperties: false }),
    ['{"a":1}', '{"b":1,"c":2}'],
    ['{}', '{"a":1,"b":1,"c":1}'],
  ],
  [
    'one or the other',
    object({ a: { const: 1 }, b: { const: 2 } }, { oneOf: [{ required: ['a'] }, { required: ['b'] }] }),
    ['{"a":1}', '{"b":2}'],
    ['{}', '{"a":1,"b":2}'],
  ],
  [
    'a union told apart by a property that is not required',
    { oneOf: [object({ k: { const: 'a' } }), object({ k: { const: 'b' } })] },
    ['{"k":"a"}', '{"k":"b"}'],
    ['{}'],
  ],
  [
    'a union of kinds',
    { oneOf: [{ type: 'string', maxLength: 2 }, { type: 'integer' }, { type: 'string', minLength: 4 }] },
    ['"ab"', '1', '"abcd"'],
    ['"abc"', 'null'],
  ],
  [
    'code points, not units',
    { type: 'string', minLength: 2, maxLength: 2 },
    ['"😀😀"', '"\\n\\""'],
    ['"😀"', '"abc"'],
  ],
  ['an unanchored pattern', { type: 'string', pattern: '\\d\\d' }, ['"a12b"', '"12"'], ['"1a2"']],
  [
    'an expression beside lengths',
    { type: 'string', pattern: '^[a-z]*$', minLength: 2, maxLength: 3 },
    ['"ab"', '"abc"'],
    ['"a"', '"abcd"', '"AB"'],
  ],
  ['own annotations', { type: 'null', 'x-order': 1, $comment: 'c', deprecated: true }, ['null'], []],
  ['int64 of a number', { type: 'number', format: 'int64' }, ['5', '-7'], ['5.5', '1e3']],
  ['int32 of OpenAPI', { type: 'integer', format: 'int32' }, ['2147483647', '-2147483648'], ['2147483648']],
  [
    'mutual recursion',
    {
      $ref: '#/$defs/a',
      $defs: {
        a: object({ b: { $ref: '#/$defs/b' } }),
        b: { type: ['null', 'array'], items: { $ref: '#/$defs/a' } },
      },
    },
    ['{}', '{"b":[{"b":null}]}'],
    ['{"b":1}'],
  ],
  [
    'any of two objects',
    {
      anyOf: [
        object({ a: { type: 'integer' } }, { required: ['a'] }),
        object({ a: { type: 'string' }, b: {} }, { required: ['b'] }),
      ],
    },
    ['{"a":1}', '{"a":"x","b":0}'],
    ['{"a":"x"}'],
  ],
];

describe('schemas as people write them', () => {
  it.each(HAND_WRITTEN)('%s', (_, schema, texts, others) => {
    const plain = JSON.parse(JSON.stringify(schema)) as object;
    const grammar = compiled(plain);
    expect(texts.filter((text) => !isTextOf(grammar, text))).toEqual([]);
    expect(others.filter((text) => isTextOf(grammar, text))).toEqual([]);
    checkTexts(plain);
  });
});
