import { isRecord } from '../../values.ts';
import { accepts } from '../regular/dfa.ts';
import type { Effort } from '../regular/effort.ts';
import { formatDfa, NUMBER_FORMATS, stringFormatKind } from './formats.ts';
import { equalityKey, type JsonRecord } from './json-value.ts';
import { additionalSchemaOf, tupleOf } from './object-keywords.ts';
import type { SchemaDocument, SchemaNode } from './schema-document.ts';
import type { Patterns } from './strings.ts';
import type { TermExpander } from './terms.ts';
import { typeOfValue, typesOf } from './types.ts';

/**
 * Says whether a value is valid: for the values of `enum` and `const`, which stand beside other keywords. It follows
 * JSON Schema, and never a regular expression of JavaScript's engine.
 */
export class ValueChecker {
  readonly #document: SchemaDocument;
  readonly #terms: TermExpander;
  readonly #patterns: Patterns;
  readonly #effort: Effort;
  /** What the values of each `enum` are equal to. */
  readonly #keys = new WeakMap<readonly unknown[], ReadonlySet<string>>();

  constructor(document: SchemaDocument, terms: TermExpander, patterns: Patterns, effort: Effort) {
    this.#document = document;
    this.#terms = terms;
    this.#patterns = patterns;
    this.#effort = effort;
  }

  /** `formats` false takes any string for one of any format, as `stringLanguageOf` does. */
  isValid(node: SchemaNode, value: unknown, formats = true): boolean {
    this.#effort.spend(4);
    const { schema } = node;
    if (typeof schema === 'boolean') return schema;
    // Expanding the terms finds schemas that refer to themselves, which would be followed without an end here.
    this.#terms.termsOf(node);
    return (
      (typesOf(schema) & typeOfValue(value)) !== 0 &&
      this.#isListed(schema, value) &&
      this.#matchesApplicators(node, schema, value, formats) &&
      (typeof value !== 'number' || isNumberValid(schema, value)) &&
      (typeof value !== 'string' || this.#isStringValid(node, schema, value, formats)) &&
      (!Array.isArray(value) || this.#isArrayValid(node, schema, value, formats)) &&
      (!isRecord(value) || this.#isObjectValid(node, schema, value, formats))
    );
  }

  #isListed(schema: JsonRecord, value: unknown): boolean {
    const lists: (readonly unknown[])[] = Array.isArray(schema['enum']) ? [schema['enum']] : [];
    if (Object.hasOwn(schema, 'const')) lists.push([schema['const']]);
    if (lists.length === 0) return true;
    const key = equalityKey(value);
    return lists.every((list) => this.#keysOf(list).has(key));
  }

  #keysOf(list: readonly unknown[]): ReadonlySet<string> {
    let keys = this.#keys.get(list);
    if (keys === undefined) {
      this.#effort.spend(list.length);
      keys = new Set(list.map(equalityKey));
      this.#keys.set(list, keys);
    }
    return keys;
  }

  #matchesApplicators(node: SchemaNode, schema: JsonRecord, value: unknown, formats: boolean): boolean {
    const countOf = (keyword: string): number => {
      const list: unknown = schema[keyword];
      if (!Array.isArray(list)) return 0;
      const nodes = list.map((item, i) => this.#document.child(node, item, `${keyword}[${i}]`));
      return nodes.filter((branch) => this.isValid(branch, value, formats)).length;
    };
    const { $ref: reference, not, allOf } = schema;
    if (not !== undefined && not !== false) return false;
    if (
      typeof reference === 'string' &&
      !this.isValid(this.#document.resolve(node, reference), value, formats)
    )
      return false;
    return (
      (!Array.isArray(allOf) || countOf('allOf') === allOf.length) &&
      (schema['anyOf'] === undefined || countOf('anyOf') > 0) &&
      (schema['oneOf'] === undefined || countOf('oneOf') === 1)
    );
  }

  #isStringValid(node: SchemaNode, schema: JsonRecord, value: string, formats: boolean): boolean {
    const length = Array.from(value).length;
    const { minLength, maxLength, pattern, format } = schema;
    this.#effort.spend(length / 4);
    if (typeof minLength === 'number' && length < minLength) return false;
    if (typeof maxLength === 'number' && length > maxLength) return false;
    if (typeof pattern === 'string' && !accepts(this.#patterns.get(pattern, `${node.path}.pattern`), value))
      return false;
    const isEnforced = formats && typeof format === 'string' && stringFormatKind(format) === 'enforced';
    return !isEnforced || accepts(formatDfa(format), value);
  }

  #isArrayValid(node: SchemaNode, schema: JsonRecord, value: readonly unknown[], formats: boolean): boolean {
    const { minItems, maxItems, uniqueItems } = schema;
    if (typeof minItems === 'number' && value.length < minItems) return false;
    if (typeof maxItems === 'number' && value.length > maxItems) return false;
    if (uniqueItems === true && new Set(value.map(equalityKey)).size < value.length) return false;
    const tuple = tupleOf(this.#document, node);
    return value.every((item, i) => {
      const itemNode = tuple.prefix[i] ?? tuple.rest;
      return itemNode === undefined || this.isValid(itemNode, item, formats);
    });
  }

  #isObjectValid(node: SchemaNode, schema: JsonRecord, value: JsonRecord, formats: boolean): boolean {
    const { required, minProperties, maxProperties } = schema;
    const names = Object.keys(value);
    if (typeof minProperties === 'number' && names.length < minProperties) return false;
    if (typeof maxProperties === 'number' && names.length > maxProperties) return false;
    if (Array.isArray(required) && !required.every((name) => Object.hasOwn(value, String(name))))
      return false;
    return names.every((name) => this.#isMemberValid(node, schema, name, value[name], formats));
  }

  #isMemberValid(
    node: SchemaNode,
    schema: JsonRecord,
    name: string,
    value: unknown,
    formats: boolean,
  ): boolean {
    const { propertyNames } = schema;
    if (propertyNames !== undefined) {
      const names = this.#document.child(node, propertyNames, 'propertyNames');
      if (!this.isValid(names, name, formats)) return false;
    }
    return this.nodesOfMember(node, name).every((member) => this.isValid(member, value, formats));
  }

  /** The schemas of one object schema that hold for a property of that name. */
  nodesOfMember(node: SchemaNode, name: string): SchemaNode[] {
    if (typeof node.schema === 'boolean') return [];
    const { properties, patternProperties } = node.schema;
    const found: SchemaNode[] = [];
    if (isRecord(properties) && Object.hasOwn(properties, name))
      found.push(this.#document.child(node, properties[name], `properties.${name}`));
    for (const [pattern, schema] of Object.entries(isRecord(patternProperties) ? patternProperties : {})) {
      const path = `patternProperties.${pattern}`;
      if (accepts(this.#patterns.get(pattern, `${node.path}.${path}`), name))
        found.push(this.#document.child(node, schema, path));
    }
    if (found.length > 0) return found;
    const additional = additionalSchemaOf(this.#document, node);
    return additional === undefined ? [] : [additional];
  }
}

function isNumberValid(schema: JsonRecord, value: number): boolean {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, format } = schema;
  const range =
    typeof format === 'string' && Object.hasOwn(NUMBER_FORMATS, format) ? NUMBER_FORMATS[format] : undefined;
  return (
    !(typeof minimum === 'number' && value < minimum) &&
    !(typeof maximum === 'number' && value > maximum) &&
    !(typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum) &&
    !(typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum) &&
    !(typeof multipleOf === 'number' && !Number.isInteger(value / multipleOf)) &&
    (range === undefined || (Number.isInteger(value) && value >= range.minimum && value <= range.maximum))
  );
}
