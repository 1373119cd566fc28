import { isRecord } from '../is-record.ts';

/** A JSON Schema, of which nothing is known yet. */
type Schema = Readonly<Record<string, unknown>>;

export type JsonType = 'string' | 'number' | 'integer' | 'boolean' | 'null' | 'object' | 'array';

const MAX_LEVELS = 8;
const TYPES: ReadonlySet<string> = new Set([
  'string',
  'number',
  'integer',
  'boolean',
  'null',
  'object',
  'array',
]);

/**
 * The types that a schema lets a value have, where it says so at its top or behind `$ref`, `anyOf`, `oneOf`, `allOf`, `enum`
 * and `const`. Undefined: it says nothing.
 * @param root where `$ref` points to
 */
export function schemaTypes(schema: unknown, root: Schema, level = 0): ReadonlySet<JsonType> | undefined {
  if (!isSchema(schema) || level > MAX_LEVELS) return undefined;
  const { type, $ref: ref, const: constant, enum: values } = schema;
  if (typeof ref === 'string') return schemaTypes(resolve(ref, root), root, level + 1);
  const named = [type].flat().filter(isJsonType);
  if (named.length > 0) return new Set(named);
  if (constant !== undefined) return new Set([typeOf(constant)]);
  if (Array.isArray(values)) return new Set(values.map(typeOf));
  for (const key of ['anyOf', 'oneOf', 'allOf']) {
    const parts: unknown = schema[key];
    if (!Array.isArray(parts)) continue;
    const found = parts.map((part: unknown) => schemaTypes(part, root, level + 1));
    const known = found.flatMap((types) => (types === undefined ? [] : [...types]));
    if (known.length > 0) return new Set(known);
  }
  return undefined;
}

/** The schemas of an object's properties, by name. */
export function propertiesOf(schema: unknown, root: Schema): ReadonlyMap<string, unknown> {
  const target =
    isSchema(schema) && typeof schema['$ref'] === 'string' ? resolve(schema['$ref'], root) : schema;
  const properties = isSchema(target) ? target['properties'] : undefined;
  return new Map(isSchema(properties) ? Object.entries(properties) : []);
}

function resolve(ref: string, root: Schema): unknown {
  if (!ref.startsWith('#')) return undefined;
  let target: unknown = root;
  for (const part of ref.slice(1).split('/').slice(1)) {
    const key = decodeURIComponentSafely(part).replaceAll('~1', '/').replaceAll('~0', '~');
    if (!isSchema(target) || !Object.hasOwn(target, key)) return undefined;
    target = target[key];
  }
  return target;
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function typeOf(value: unknown): JsonType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value === 'string' || typeof value === 'boolean' ? typeofName(value) : 'object';
}

const typeofName = (value: string | boolean): JsonType => (typeof value === 'string' ? 'string' : 'boolean');

const isJsonType = (value: unknown): value is JsonType => typeof value === 'string' && TYPES.has(value);

export const isSchema = (value: unknown): value is Schema => isRecord(value);
