import { clip, isRecord } from '../../values.ts';
import { invalidField } from '../../errors.ts';
import type { JsonRecord } from './json-value.ts';
import { JSON_TYPES } from './types.ts';

/** Properties of one schema. */
export const MAX_PROPERTIES = 1_000;
/** Values of one `enum`, and schemas of one list. */
export const MAX_ENUM_VALUES = 1_000;
/** What `minLength`, `maxItems` and the like may say. */
export const MAX_LENGTH = 10_000;

/** Keywords that say nothing about what is valid. Names that begin with `x-` are annotations too, as in OpenAPI. */
const ANNOTATIONS = new Set([
  ...['$schema', '$id', '$anchor', '$comment', '$defs', 'definitions'],
  ...['title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly'],
  ...['contentMediaType', 'contentEncoding', 'contentSchema'],
  ...['discriminator', 'example', 'externalDocs', 'xml'],
]);

/** Keywords of JSON Schema that are not enforced, so that a schema with one is refused. */
const REFUSED = new Set([
  ...['if', 'then', 'else', 'contains', 'minContains', 'maxContains'],
  ...['dependencies', 'dependentRequired', 'dependentSchemas'],
  ...['$dynamicRef', '$dynamicAnchor', '$recursiveRef', '$recursiveAnchor', '$vocabulary'],
]);

/** What is wrong with a keyword's value; undefined if nothing is. */
type Check = (value: unknown) => string | undefined;

const isSchema = (value: unknown): boolean => typeof value === 'boolean' || isRecord(value);
const complainUnless =
  (test: (value: unknown) => boolean, complaint: string): Check =>
  (value) =>
    test(value) ? undefined : complaint;

const SCHEMA = complainUnless(isSchema, 'must be a schema: an object, true or false');
const TEXT = complainUnless((value) => typeof value === 'string', 'must be a string');
const FLAG = complainUnless((value) => typeof value === 'boolean', 'must be true or false');
const NUMBER = complainUnless((value) => typeof value === 'number', 'must be a number');
const COUNT = complainUnless(
  (value) => typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_LENGTH,
  `must be an integer from 0 to ${MAX_LENGTH}`,
);

const SCHEMA_LIST: Check = (value) => {
  if (!Array.isArray(value) || value.length === 0) return 'must be a list of schemas, not empty';
  if (value.length > MAX_ENUM_VALUES) return `must have at most ${MAX_ENUM_VALUES} schemas`;
  return value.every(isSchema) ? undefined : 'must have schemas only: objects, true or false';
};
const SCHEMAS_BY_NAME: Check = (value) => {
  if (!isRecord(value)) return 'must be an object of schemas';
  return Object.keys(value).length > MAX_PROPERTIES
    ? `must have at most ${MAX_PROPERTIES} properties`
    : undefined;
};
const NAMES: Check = (value) => {
  if (!Array.isArray(value) || !value.every((name) => typeof name === 'string'))
    return 'must be a list of names';
  return value.length > MAX_PROPERTIES ? `must have at most ${MAX_PROPERTIES} names` : undefined;
};
const VALUES: Check = (value) => {
  if (!Array.isArray(value) || value.length === 0) return 'must be a list of values, not empty';
  return value.length > MAX_ENUM_VALUES ? `must have at most ${MAX_ENUM_VALUES} values` : undefined;
};
const TYPE: Check = (value) => {
  const types: unknown[] = Array.isArray(value) ? value : [value];
  const areTypes =
    types.length > 0 && types.every((type) => typeof type === 'string' && Object.hasOwn(JSON_TYPES, type));
  return areTypes ? undefined : `must be one of ${Object.keys(JSON_TYPES).join(', ')}, or a list of these`;
};
const MULTIPLE: Check = (value) => {
  if (typeof value !== 'number' || value <= 0) return 'must be a number above 0';
  if (!Number.isInteger(value)) return 'is not supported unless it is an integer';
  return value > MAX_MULTIPLE ? `is not supported above ${MAX_MULTIPLE}` : undefined;
};
/** An automaton has a state for each remainder. */
const MAX_MULTIPLE = 100;

const NOT: Check = (value) =>
  typeof value === 'boolean' || (isRecord(value) && Object.keys(value).length === 0)
    ? undefined
    : 'is not supported unless it is {}, true or false';

const ENFORCED: Readonly<Record<string, Check>> = {
  $ref: TEXT,
  type: TYPE,
  nullable: FLAG,
  enum: VALUES,
  const: () => undefined,
  not: NOT,
  allOf: SCHEMA_LIST,
  anyOf: SCHEMA_LIST,
  oneOf: SCHEMA_LIST,
  properties: SCHEMAS_BY_NAME,
  patternProperties: SCHEMAS_BY_NAME,
  additionalProperties: SCHEMA,
  unevaluatedProperties: SCHEMA,
  propertyNames: SCHEMA,
  required: NAMES,
  minProperties: COUNT,
  maxProperties: COUNT,
  prefixItems: SCHEMA_LIST,
  items: (value) => (Array.isArray(value) && value.length > 0 ? SCHEMA_LIST(value) : SCHEMA(value)),
  additionalItems: SCHEMA,
  unevaluatedItems: SCHEMA,
  minItems: COUNT,
  maxItems: COUNT,
  uniqueItems: FLAG,
  minLength: COUNT,
  maxLength: COUNT,
  pattern: TEXT,
  format: TEXT,
  minimum: NUMBER,
  maximum: NUMBER,
  exclusiveMinimum: NUMBER,
  exclusiveMaximum: NUMBER,
  multipleOf: MULTIPLE,
};

const APPLICATORS = ['$ref', 'allOf', 'anyOf', 'oneOf'];

/**
 * Checks that each keyword of a schema is an annotation or is enforced, and that its value is of the right kind.
 * @throws EngineError `invalid_request` that names the keyword
 */
export function checkKeywords(schema: JsonRecord, path: string): void {
  for (const [keyword, value] of Object.entries(schema)) {
    if (ANNOTATIONS.has(keyword) || keyword.startsWith('x-')) continue;
    const field = `${path}.${clip(keyword)}`;
    if (REFUSED.has(keyword)) throw invalidField(field, 'is not supported by constrained decoding');
    if (!Object.hasOwn(ENFORCED, keyword))
      throw invalidField(field, 'is not a known keyword of JSON Schema; own annotations begin with x-');
    const complaint = ENFORCED[keyword]?.(value);
    if (complaint !== undefined) throw invalidField(field, complaint);
  }
  checkTogether(schema, path);
}

function checkTogether(schema: JsonRecord, path: string): void {
  if (schema['nullable'] === true && schema['type'] === undefined)
    throw invalidField(`${path}.nullable`, 'is not supported without type');
  for (const keyword of ['unevaluatedProperties', 'unevaluatedItems'])
    if (schema[keyword] !== undefined && APPLICATORS.some((applicator) => schema[applicator] !== undefined))
      throw invalidField(`${path}.${keyword}`, `is not supported beside ${APPLICATORS.join(', ')}`);
  if (Array.isArray(schema['items']) && schema['prefixItems'] !== undefined)
    throw invalidField(`${path}.items`, 'must be a schema beside prefixItems');
  if (
    schema['additionalItems'] !== undefined &&
    schema['items'] === undefined &&
    schema['prefixItems'] !== undefined
  )
    throw invalidField(`${path}.additionalItems`, 'is not supported beside prefixItems: items says the same');
}
