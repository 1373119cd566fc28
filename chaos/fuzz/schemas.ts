import * as fc from 'fast-check';
import { anySchema } from '../../tests/support/grammar/any-schema.ts';
import { formatScript } from './format-script.ts';
import type { FuzzKind } from './fuzz-script.ts';

/** JSON Schemas: every keyword, and what multiplies when it is followed without care. */

const ref = (index: number): object => ({ $ref: `#/$defs/d${index}` });
const definitions = (schemas: readonly object[]): object =>
  Object.fromEntries(schemas.map((schema, index) => [`d${index}`, schema]));

const leaf = fc.constantFrom<object>(
  { type: 'null' },
  { type: 'integer', minimum: 0, maximum: 99 },
  { type: 'string', maxLength: 8 },
  { type: 'string', pattern: '^[a-c]{1,4}$' },
  { enum: ['a', 'b', 1, null] },
  { type: 'string', format: 'date' },
  { type: 'boolean' },
);

/** Definitions that name each other in lists, objects and choices. */
const recursive = fc.integer({ min: 1, max: 24 }).chain((count) => {
  const any = fc.nat(count - 1).map(ref);
  const definition = fc.oneof(
    fc
      .tuple(fc.array(any, { minLength: 1, maxLength: 8 }), leaf)
      .map(([refs, it]) => ({ anyOf: [...refs, it] })),
    any.map((items) => ({ type: 'array', items })),
    fc.tuple(any, leaf, fc.boolean()).map(([left, value, isStrict]) => ({
      type: 'object',
      properties: { left, value },
      required: ['value'],
      ...(isStrict ? { additionalProperties: false } : {}),
    })),
    leaf,
  );
  return fc
    .array(definition, { minLength: count, maxLength: count })
    .map((schemas) => ({ $ref: '#/$defs/d0', $defs: definitions(schemas) }));
});

/** Two lists that cannot be told apart until they end. */
const twoLists = fc.tuple(leaf, fc.integer({ min: 2, max: 5 })).map(([value, count]) => ({
  $ref: '#/$defs/d0',
  $defs: definitions([
    { anyOf: [...Array.from({ length: count }, () => ({ type: 'array', items: ref(0) })), value] },
  ]),
}));

const nested = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom(1, 3, 10, 100, 1000), leaf)
  .map(([depth, minItems, value]) =>
    Array.from({ length: depth }).reduce<object>((items) => ({ type: 'array', minItems, items }), value),
  );

const wide = fc
  .tuple(fc.integer({ min: 1, max: 200 }), fc.boolean(), leaf)
  .map(([count, isRequired, value]) => {
    const names = Array.from({ length: count }, (_, index) => `p${index}`);
    return {
      type: 'object',
      properties: Object.fromEntries(names.map((name) => [name, value])),
      ...(isRequired ? { required: names.slice(0, 3) } : { minProperties: Math.min(2, count) }),
      additionalProperties: false,
    };
  });

const enumerated = fc
  .array(fc.oneof(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.integer(), fc.constant(null)), {
    minLength: 1,
    maxLength: 300,
  })
  .map((values) => ({ enum: values }));

const named = fc
  .tuple(fc.constantFrom('^[a-z]+$', '^x', '\\d', '^.{1,3}$'), leaf, fc.nat(3))
  .map(([pattern, value, minProperties]) => ({
    type: 'object',
    propertyNames: { pattern },
    additionalProperties: value,
    minProperties,
  }));

const schema = fc.oneof(
  { weight: 8, arbitrary: anySchema },
  { weight: 4, arbitrary: recursive },
  { weight: 1, arbitrary: twoLists },
  { weight: 1, arbitrary: nested },
  { weight: 1, arbitrary: wide },
  { weight: 1, arbitrary: enumerated },
  { weight: 1, arbitrary: named },
);

export const SCHEMA_KIND: FuzzKind = {
  name: 'schemas',
  scripts: formatScript(
    schema.chain((it) =>
      fc.constantFrom<object[]>(
        { guided_json: it },
        { guided_json: it },
        { guided_json: JSON.stringify(it) },
        { json_schema: it },
        { structured_outputs: { json: it } },
        { response_format: { type: 'json_schema', json_schema: { name: 'it', schema: it } } },
      ),
    ),
  ),
};
