import { clip, isRecord } from '../../values.ts';
import { invalidField } from '../../errors.ts';
import type { Effort } from '../regular/effort.ts';
import { checkKeywords } from './keywords.ts';
import type { JsonRecord } from './json-value.ts';

/** Schemas in one another, from the root or from the definition that a reference leads to. */
export const MAX_SCHEMA_DEPTH = 32;

/** Properties that the schemas of one document declare together. */
export const MAX_TOTAL_PROPERTIES = 5_000;

/** Arrays and objects in one another, values of `enum` included. */
const MAX_JSON_DEPTH = 128;

/** A schema of a document that was reached, its keywords checked. */
export interface SchemaNode {
  /** Equal for the same schema only. */
  readonly id: number;
  readonly schema: boolean | JsonRecord;
  /** Where it stands, as a field of the request: `response_format.json_schema.schema.properties.a`. */
  readonly path: string;
  readonly depth: number;
}

/** Where `$ref` leads, and one node for each schema that is reached. What is never reached is never refused. */
export class SchemaDocument {
  readonly root: SchemaNode;
  readonly #rootSchema: unknown;
  readonly #effort: Effort;
  readonly #nodes = new Map<unknown, SchemaNode>();
  #numProperties = 0;
  #anchors: ReadonlyMap<string, { schema: unknown; path: string }> | undefined;

  /** @throws EngineError `invalid_request` */
  constructor(schema: unknown, effort: Effort) {
    checkDepth(schema, effort);
    this.#rootSchema = schema;
    this.#effort = effort;
    this.root = this.#nodeOf(schema, effort.param, 1);
  }

  /** A schema inside of another: `keyword` as in a path, `properties.a` or `anyOf[0]`. */
  child(parent: SchemaNode, schema: unknown, keyword: string): SchemaNode {
    return this.#nodeOf(schema, `${parent.path}.${keyword}`, parent.depth + 1);
  }

  /** @throws EngineError `invalid_request` if the reference leads outside or nowhere. */
  resolve(node: SchemaNode, reference: string): SchemaNode {
    const path = `${node.path}.$ref`;
    const fragment = this.#fragmentOf(reference);
    if (fragment === undefined)
      throw invalidField(
        path,
        `leads to ${clip(reference)}: only references inside of the schema are supported`,
      );
    if (fragment === '' || fragment.startsWith('/')) return this.#resolvePointer(fragment, path, reference);
    this.#anchors ??= findAnchors(this.#rootSchema, this.#effort.param, this.#effort);
    const target = this.#anchors.get(fragment);
    if (target === undefined) throw invalidField(path, `leads to ${clip(reference)}, which is not there`);
    return this.#nodeOf(target.schema, target.path, 1);
  }

  /** What follows the `#` of a reference to this document. */
  #fragmentOf(reference: string): string | undefined {
    const [base = '', fragment = '', ...more] = reference.split('#');
    const id = isRecord(this.#rootSchema) ? this.#rootSchema['$id'] : undefined;
    const isOwn = base === '' || (typeof id === 'string' && base === id.split('#')[0]);
    if (!isOwn || more.length > 0) return undefined;
    try {
      return decodeURIComponent(fragment);
    } catch {
      return undefined;
    }
  }

  #resolvePointer(pointer: string, path: string, reference: string): SchemaNode {
    let value: unknown = this.#rootSchema;
    let place = this.#effort.param;
    for (const escaped of pointer.split('/').slice(1)) {
      const key = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
      const child = Array.isArray(value) ? itemAt(value, key) : memberOf(value, key);
      if (child === undefined) throw invalidField(path, `leads to ${clip(reference)}, which is not there`);
      place = Array.isArray(value) ? `${place}[${key}]` : `${place}.${key}`;
      if (isRecord(child) && typeof child['$id'] === 'string') throw this.#embedded(place);
      value = child;
    }
    return this.#nodeOf(value, place, 1);
  }

  #nodeOf(schema: unknown, path: string, depth: number): SchemaNode {
    const known = this.#nodes.get(schema);
    if (known !== undefined) return known;
    const shown = clip(path);
    this.#effort.spend(1);
    if (typeof schema !== 'boolean' && !isRecord(schema))
      throw invalidField(shown, 'must be a schema: an object, true or false');
    if (depth > MAX_SCHEMA_DEPTH)
      throw invalidField(shown, `is nested deeper than ${MAX_SCHEMA_DEPTH} schemas`);
    if (isRecord(schema)) {
      if (schema !== this.#rootSchema && schema['$id'] !== undefined) throw this.#embedded(shown);
      checkKeywords(schema, shown);
      this.#countProperties(schema);
    }
    const node = { id: this.#nodes.size, schema, path: shown, depth };
    this.#nodes.set(schema, node);
    return node;
  }

  #embedded(path: string): Error {
    return invalidField(`${path}.$id`, 'is supported at the root of the schema only');
  }

  #countProperties(schema: JsonRecord): void {
    if (!isRecord(schema['properties'])) return;
    this.#numProperties += Object.keys(schema['properties']).length;
    if (this.#numProperties > MAX_TOTAL_PROPERTIES)
      throw invalidField(
        this.#effort.param,
        `must declare at most ${MAX_TOTAL_PROPERTIES} properties in all`,
      );
  }
}

const memberOf = (value: unknown, key: string): unknown =>
  isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;

const itemAt = (items: readonly unknown[], key: string): unknown =>
  /^\d+$/.test(key) ? items[Number(key)] : undefined;

/** Walks without recursion: the depth is what is asked. */
function checkDepth(root: unknown, effort: Effort): void {
  const open: { value: unknown; depth: number }[] = [{ value: root, depth: 1 }];
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    const { value, depth } = top;
    if (typeof value !== 'object' || value === null) continue;
    if (depth > MAX_JSON_DEPTH)
      throw invalidField(effort.param, `nests arrays and objects deeper than ${MAX_JSON_DEPTH}`);
    const children: unknown[] = Object.values(value);
    effort.spend(children.length / 8);
    for (const child of children) open.push({ value: child, depth: depth + 1 });
  }
}

/** Keywords whose value is a schema, a list of schemas, or schemas by name. */
const SCHEMA = new Set([
  'additionalProperties',
  'unevaluatedProperties',
  'propertyNames',
  'items',
  'additionalItems',
  'unevaluatedItems',
  'not',
]);
const SCHEMA_LIST = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems', 'items']);
const SCHEMAS_BY_NAME = new Set(['properties', 'patternProperties', '$defs', 'definitions']);

/** The schemas that `$anchor` names, in places of schemas only: a value of `enum` may look like one. */
function findAnchors(
  root: unknown,
  rootPath: string,
  effort: Effort,
): ReadonlyMap<string, { schema: unknown; path: string }> {
  const anchors = new Map<string, { schema: unknown; path: string }>();
  const visit = (schema: unknown, path: string): void => {
    if (!isRecord(schema)) return;
    effort.spend(1);
    const anchor = schema['$anchor'];
    if (typeof anchor === 'string') {
      if (anchors.has(anchor))
        throw invalidField(`${path}.$anchor`, `is ${clip(anchor)}, like another one's`);
      anchors.set(anchor, { schema, path });
    }
    for (const [keyword, value] of Object.entries(schema)) {
      const place = `${path}.${keyword}`;
      if (Array.isArray(value)) {
        if (SCHEMA_LIST.has(keyword)) value.forEach((item, i) => visit(item, `${place}[${i}]`));
      } else if (SCHEMA.has(keyword)) visit(value, place);
      else if (SCHEMAS_BY_NAME.has(keyword) && isRecord(value))
        for (const [name, item] of Object.entries(value)) visit(item, `${place}.${name}`);
    }
  };
  visit(root, rootPath);
  return anchors;
}
