import { isRecord } from '../values.ts';
import type { StepBudget } from '../step-budget.ts';

/** A JSON Schema, of which nothing is known yet. */
type Schema = Readonly<Record<string, unknown>>;

export type JsonType = 'string' | 'number' | 'integer' | 'boolean' | 'null' | 'object' | 'array';

/** The types that a schema allows; undefined: it does not say. */
export type AllowedTypes = ReadonlySet<JsonType> | undefined;

/** Of references and alternatives in one another: what is deeper says nothing. */
const MAX_LEVELS = 64;
/** Characters of a reference that count as a step. */
const CHARACTERS_PER_STEP = 16;
const ALTERNATIVES = ['anyOf', 'oneOf', 'allOf'] as const;
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
 * Reads the types and properties of a tool's schema. Each part is read once for a question, however often the schema
 * refers to it, and each question is answered once. The steps are counted.
 */
export class SchemaReader {
  /** Where `$ref` points to. */
  readonly root: Schema;
  readonly #param: string;
  readonly #budget: StepBudget;
  readonly #targets = new Map<string, unknown>();
  readonly #answers = new Map<Schema, AllowedTypes>();

  /** @param param the request's field that the schema is */
  constructor(root: Schema, param: string, budget: StepBudget) {
    this.root = root;
    this.#param = param;
    this.#budget = budget;
  }

  /**
   * Counts steps of a reader of this schema.
   * @throws EngineError `invalid_request` naming the field
   */
  take(numSteps: number): void {
    this.#budget.take(numSteps, this.#param);
  }

  /**
   * The types that a schema lets a value have, where it says so at its top or behind `$ref`, `anyOf`, `oneOf`, `allOf`,
   * `enum` and `const`.
   * @throws EngineError `invalid_request` naming the field, where that takes too many steps
   */
  types(schema: unknown): AllowedTypes {
    if (!isSchema(schema)) return undefined;
    if (this.#answers.has(schema)) return this.#answers.get(schema);
    const types = this.#typesOf(schema, new Map(), 0);
    this.#answers.set(schema, types);
    return types;
  }

  /** The schemas of an object's properties, by name. */
  properties(schema: unknown): ReadonlyMap<string, unknown> {
    const ref = isSchema(schema) ? schema['$ref'] : undefined;
    const target = typeof ref === 'string' ? this.#resolve(ref) : schema;
    const properties = isSchema(target) ? target['properties'] : undefined;
    const entries = isSchema(properties) ? Object.entries(properties) : [];
    this.take(1 + entries.length);
    return new Map(entries);
  }

  /** @param seen what this question has come by: while a part is being read it adds nothing to itself */
  #typesOf(schema: unknown, seen: Map<Schema, AllowedTypes>, level: number): AllowedTypes {
    this.take(1);
    if (!isSchema(schema) || level > MAX_LEVELS) return undefined;
    if (seen.has(schema)) return seen.get(schema);
    seen.set(schema, undefined);
    const types = this.#readTypes(schema, seen, level);
    seen.set(schema, types);
    return types;
  }

  #readTypes(schema: Schema, seen: Map<Schema, AllowedTypes>, level: number): AllowedTypes {
    const { type, $ref: ref, const: constant, enum: values } = schema;
    if (typeof ref === 'string') return this.#typesOf(this.#resolve(ref), seen, level + 1);
    const named = this.#typesIn([type].flat());
    if (named.size > 0) return named;
    if (constant !== undefined) return new Set([typeOf(constant)]);
    if (Array.isArray(values)) {
      this.take(values.length);
      return new Set(values.map(typeOf));
    }
    for (const key of ALTERNATIVES) {
      const parts: unknown = schema[key];
      if (!Array.isArray(parts)) continue;
      const known = new Set<JsonType>();
      for (const part of parts as unknown[]) {
        for (const found of this.#typesOf(part, seen, level + 1) ?? []) known.add(found);
      }
      if (known.size > 0) return known;
    }
    return undefined;
  }

  #typesIn(values: readonly unknown[]): ReadonlySet<JsonType> {
    this.take(values.length);
    return new Set(values.filter(isJsonType));
  }

  #resolve(ref: string): unknown {
    if (this.#targets.has(ref)) return this.#targets.get(ref);
    this.take(1 + ref.length / CHARACTERS_PER_STEP);
    const target = resolve(ref, this.root);
    this.#targets.set(ref, target);
    return target;
  }
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
