import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** Bodies for the routes of openapi.yaml, each with a text that can be recognised in one place, valid there or not. */

/** Any three letters of it are found again: messages quote as few as ten characters. */
export const CANARY = 'qzxqzxqzxqzxqzxqzxqzxqzxqzxqzx';
export const CANARY_PIECE = /qzx|zxq|xqz/i;

export interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  items?: Schema;
  minItems?: number;
  minimum?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
}

interface Operation {
  requestBody?: { content: Record<string, { schema: Schema }> };
}

export const openApi = parse(
  readFileSync(fileURLToPath(new URL('../../openapi.yaml', import.meta.url)), 'utf8'),
) as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};

/** Deeper than any field of the API; schemas that hold themselves end here. */
const MAX_DEPTH = 9;

/** What a value without a schema may be: a JSON Schema, arguments, metadata. */
const OPEN_VALUES: readonly unknown[] = [
  CANARY,
  { type: CANARY },
  { type: 'object', properties: { [CANARY]: { type: 'object', properties: { a: CANARY } } } },
  { type: 'object', [CANARY]: 1, required: [CANARY] },
  { type: 'string', pattern: `(${CANARY}` },
  { type: 'string', format: CANARY },
  { $ref: `#/$defs/${CANARY}` },
  { anyOf: [{ const: CANARY }, CANARY] },
  [CANARY],
];

/** The smallest value that a schema takes. */
export function leastValue(given: Schema, depth = 0): unknown {
  const schema = resolved(given);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  const [branch] = branchesOf(schema);
  if (branch !== undefined) return leastValue(branch, depth + 1);
  switch ([schema.type ?? []].flat()[0]) {
    case 'object':
      return leastObject(schema, depth);
    case 'array':
      return Array.from({ length: Math.max(schema.minItems ?? 0, 1) }, () =>
        leastValue(schema.items ?? {}, depth + 1),
      );
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? 1, 1);
    case 'boolean':
      return false;
    case 'null':
      return null;
    default:
      return 'a';
  }
}

function leastObject({ properties = {}, required = [] }: Schema, depth: number): Record<string, unknown> {
  const names = required.filter((name) => name in properties);
  return Object.fromEntries(names.map((name) => [name, leastValue(properties[name] ?? {}, depth + 1)]));
}

/** Values with the canary in one place each: every field, every list, beside the fields that there are. */
export function canaryValues(given: Schema, depth = 0): unknown[] {
  const schema = resolved(given);
  if (depth > MAX_DEPTH) return [CANARY];
  const branches = branchesOf(schema);
  if (branches.length > 0) return branches.flatMap((branch) => canaryValues(branch, depth + 1));
  const { type, properties, items, additionalProperties: rest } = schema;
  if (type === undefined && schema.const === undefined && schema.enum === undefined) return [...OPEN_VALUES];
  if (properties !== undefined) {
    const least = leastObject(schema, depth);
    const inFields = Object.entries(properties).flatMap(([name, field]) =>
      canaryValues(field, depth + 1).map((value) => ({ ...least, [name]: value })),
    );
    return [...inFields, { ...least, [CANARY]: 1 }, CANARY];
  }
  if (items !== undefined) return [...canaryValues(items, depth + 1).map((value) => [value]), CANARY];
  if (typeof rest === 'object') {
    const named = canaryValues(rest, depth + 1).map((value) => ({ a: value }));
    return [...named, { [CANARY]: leastValue(rest) }];
  }
  return type === 'object' ? [...OPEN_VALUES] : [CANARY, { [CANARY]: 1 }];
}

function branchesOf({ anyOf, oneOf }: Schema): Schema[] {
  return [...(anyOf ?? []), ...(oneOf ?? [])];
}

const resolved = (schema: Schema): Schema =>
  schema.$ref === undefined ? schema : resolved(schemaAt(schema.$ref));

/** A schema by its reference. */
export function schemaAt(ref: string): Schema {
  const { [ref.split('/').at(-1) ?? '']: target } = openApi.components.schemas;
  if (target === undefined) throw new Error(`openapi.yaml has no ${ref}`);
  return target;
}

/** So many of a list, evenly spread. */
export function spread<T>(values: readonly T[], most: number): T[] {
  const stride = Math.max(values.length / most, 1);
  return values.filter((_, index) => Math.floor(index / stride) !== Math.floor((index - 1) / stride));
}
