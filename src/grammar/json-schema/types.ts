import type { JsonRecord } from './json-value.ts';

/** The kinds of JSON values as bits; a number is an integer or has a fraction. */
export const NULL = 1;
export const BOOLEAN = 2;
export const INTEGER = 4;
export const FRACTION = 8;
export const STRING = 16;
export const ARRAY = 32;
export const OBJECT = 64;
export const ANY_TYPE = 127;

/** The names that `type` may have. */
export const JSON_TYPES: Readonly<Record<string, number>> = {
  null: NULL,
  boolean: BOOLEAN,
  integer: INTEGER,
  number: INTEGER | FRACTION,
  string: STRING,
  array: ARRAY,
  object: OBJECT,
};

/** The kinds that `type` and `nullable` allow. */
export function typesOf(schema: boolean | JsonRecord): number {
  if (typeof schema === 'boolean') return schema ? ANY_TYPE : 0;
  const { type, nullable } = schema;
  if (type === undefined) return ANY_TYPE;
  const names: unknown[] = Array.isArray(type) ? type : [type];
  const bits = names.reduce<number>((all, name) => all | (JSON_TYPES[String(name)] ?? 0), 0);
  return nullable === true ? bits | NULL : bits;
}

export function typeOfValue(value: unknown): number {
  if (value === null) return NULL;
  if (typeof value === 'boolean') return BOOLEAN;
  if (typeof value === 'number') return Number.isInteger(value) ? INTEGER : FRACTION;
  if (typeof value === 'string') return STRING;
  return Array.isArray(value) ? ARRAY : OBJECT;
}

const APPLIES_TO: Readonly<Record<string, number>> = {
  ...of(OBJECT, 'properties', 'patternProperties', 'additionalProperties', 'unevaluatedProperties'),
  ...of(OBJECT, 'propertyNames', 'required', 'minProperties', 'maxProperties'),
  ...of(ARRAY, 'prefixItems', 'items', 'additionalItems', 'unevaluatedItems'),
  ...of(ARRAY, 'minItems', 'maxItems', 'uniqueItems'),
  ...of(STRING, 'minLength', 'maxLength', 'pattern', 'format'),
  ...of(INTEGER | FRACTION, 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'),
};

function of(type: number, ...keywords: string[]): Record<string, number> {
  return Object.fromEntries(keywords.map((keyword) => [keyword, type]));
}

/** The kinds of values that a schema's keywords are about; 0 if it has none such. */
export function typesMeantBy(schema: boolean | JsonRecord): number {
  if (typeof schema === 'boolean') return 0;
  return Object.keys(schema).reduce((all, keyword) => all | (APPLIES_TO[keyword] ?? 0), 0);
}
