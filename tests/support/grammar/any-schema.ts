import fc from 'fast-check';
import { STRING_FORMATS } from '../../../src/grammar/json-schema/formats.ts';

const name = fc.constantFrom('a', 'b', 'c', 'kind', 'x1', 'é"');
const scalar = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, 1, 2, -3, 1.5, '', 'a', 'bc', 'é"\n', 'x1'),
  fc.integer({ min: -20, max: 20 }),
);
const value = fc.oneof(
  { weight: 5, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.dictionary(name, scalar, { maxKeys: 2, noNullPrototype: true }) },
);
const small = fc.nat(4);
const bound = fc.oneof(
  fc.integer({ min: -30, max: 30 }),
  fc.constantFrom(0.5, -1.25, 1e-7, 12345.678, 0.1, 1e15, -1e21, 999999999999999),
);
const pattern = fc.constantFrom(
  '^a',
  'b$',
  '^[a-z]+$',
  '\\d',
  '^x',
  '^(?!b)',
  '.',
  '^$',
  '[^a]',
  '^\\p{L}*$',
  '^.{2,3}$',
);

const partial = (model: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> =>
  fc.record(model, { requiredKeys: [] });

const string = partial({
  type: fc.constant('string'),
  minLength: small,
  maxLength: fc.integer({ min: 1, max: 9 }),
  pattern,
});
const formatted = partial({
  type: fc.constant('string'),
  format: fc.constantFrom(...STRING_FORMATS),
  minLength: fc.nat(40),
});
const number = partial({
  type: fc.constantFrom('number', 'integer', ['integer', 'null']),
  minimum: bound,
  maximum: bound,
  exclusiveMinimum: bound,
  exclusiveMaximum: bound,
  multipleOf: fc.constantFrom(1, 2, 3, 7, 10),
});
const types = fc.constantFrom<unknown>(
  'string',
  'number',
  'integer',
  'object',
  'array',
  'null',
  'boolean',
  ['string', 'null'],
  ['object', 'array', 'integer'],
);

const { schema } = fc.letrec<{ schema: object | boolean; object: object; array: object; union: object }>(
  (tie) => ({
    schema: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      string,
      number,
      formatted,
      partial({ enum: fc.array(value, { minLength: 1, maxLength: 4 }), type: types }),
      partial({ const: value, title: fc.constant('t') }),
      fc.constantFrom<object | boolean>(
        true,
        {},
        { type: 'null' },
        { type: 'boolean' },
        { type: 'string', nullable: true },
      ),
      tie('object'),
      tie('array'),
      tie('union'),
      fc.constant({ $ref: '#/$defs/tree' }),
      fc.constant({ $ref: '#/$defs/other', maxLength: 3 }),
    ),
    object: partial({
      type: fc.constantFrom('object', ['object', 'null']),
      properties: fc.dictionary(name, tie('schema'), { maxKeys: 4, noNullPrototype: true }),
      required: fc.uniqueArray(name, { maxLength: 3 }),
      additionalProperties: fc.oneof(fc.boolean(), tie('schema')),
      patternProperties: fc.dictionary(pattern, tie('schema'), { maxKeys: 2, noNullPrototype: true }),
      propertyNames: fc.oneof(string, fc.constant({ enum: ['a', 'b', 'zz'] })),
      minProperties: small,
      maxProperties: small,
    }),
    array: partial({
      type: fc.constant('array'),
      items: fc.oneof(tie('schema'), fc.constant(false)),
      prefixItems: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }),
      minItems: small,
      maxItems: small,
      uniqueItems: fc.boolean(),
    }),
    union: fc.oneof(
      fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
      fc.record({ oneOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
      fc.record({ allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
      fc.tuple(tie('object'), tie('object')).map(([a, b]) => ({ ...a, oneOf: [b, { required: ['kind'] }] })),
      fc.tuple(tie('object'), tie('object')).map(([a, b]) => ({ allOf: [a, b] })),
      fc.tuple(tie('object'), tie('schema')).map(([a, b]) => ({ ...a, anyOf: [b, { required: ['a'] }] })),
      fc.tuple(tie('schema'), tie('schema')).map(([a, b]) => ({
        oneOf: [
          { type: 'object', properties: { kind: { const: 'a' }, v: a }, required: ['v'] },
          { type: 'object', properties: { kind: { enum: ['b', 'c'] }, v: b } },
        ],
      })),
    ),
  }),
);

/** Any keyword that is enforced, in any combination; some have no text, or are refused. */
export const anySchema: fc.Arbitrary<object> = schema.map((it) => {
  const root = typeof it === 'boolean' ? { allOf: [it] } : it;
  return {
    ...root,
    $defs: {
      tree: {
        type: 'object',
        properties: { left: { $ref: '#/$defs/tree' }, v: { type: 'integer' } },
        required: ['v'],
      },
      other: { type: ['string', 'null'] },
    },
  };
});
