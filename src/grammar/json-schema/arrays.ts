import { invalidField } from '../../errors.ts';
import { isRecord } from '../../values.ts';
import {
  choiceOf,
  NEVER,
  NOTHING,
  optional,
  type Part,
  repeatOf,
  sequenceOf,
  textOf,
} from '../compile/part.ts';
import { areDisjoint } from './disjoint-terms.ts';
import { enumeratedValues } from './enumerated-values.ts';
import { equalityKey } from './json-value.ts';
import { type Tuple, tupleOf } from './object-keywords.ts';
import type { SchemaContext } from './schema-context.ts';
import type { SchemaNode } from './schema-document.ts';
import type { Term } from './terms.ts';

/** Unique values of a list come in any order up to this many, which takes a rule for each set of them. */
const MAX_UNORDERED_VALUES = 6;

/** What the schemas of a term ask of an array. */
interface ArrayShape {
  readonly tuples: readonly Tuple[];
  /** Items with schemas of their own. */
  readonly prefixLength: number;
  readonly min: number;
  readonly max: number | undefined;
}

/** The arrays of a term. @throws EngineError `invalid_request` */
export function compileArray(term: Term, context: SchemaContext): Part {
  const shape = shapeOf(term, context);
  if (shape.max !== undefined && shape.max < shape.min) return NEVER;
  const unique = term.nodes.find(({ schema }) => isRecord(schema) && schema['uniqueItems'] === true);
  if (unique !== undefined) {
    const items = compileUnique(shape, unique, context);
    if (items !== undefined) return inBrackets(items);
  }
  return inBrackets(itemsFrom(0, shape, context));
}

const inBrackets = (items: Part): Part => sequenceOf([textOf('['), items, textOf(']')]);

function shapeOf(term: Term, { document }: SchemaContext): ArrayShape {
  let min = 0;
  let max: number | undefined;
  for (const { schema } of term.nodes) {
    if (!isRecord(schema)) continue;
    if (typeof schema['minItems'] === 'number') min = Math.max(min, schema['minItems']);
    if (typeof schema['maxItems'] === 'number') max = Math.min(max ?? Infinity, schema['maxItems']);
  }
  const tuples = term.nodes.map((node) => tupleOf(document, node));
  const prefixLength = Math.max(0, ...tuples.map(({ prefix }) => prefix.length));
  // Behind a prefix, more items come only if the schema says of what kind they are, or that there must be some.
  const isOpen = prefixLength === 0 || min > prefixLength || tuples.some(({ rest }) => rest !== undefined);
  return { tuples, prefixLength, min, max: isOpen ? max : Math.min(max ?? Infinity, prefixLength) };
}

const nodesAt = ({ tuples }: ArrayShape, index: number): SchemaNode[] =>
  tuples.flatMap(({ prefix, rest }) => {
    const node = prefix[index] ?? rest;
    return node === undefined ? [] : [node];
  });

const separator = (index: number): Part => textOf(index === 0 ? '' : ',');

/** The items from an index on, with the comma before each but the first. */
function itemsFrom(index: number, shape: ArrayShape, context: SchemaContext): Part {
  const { min, max, prefixLength } = shape;
  if (max !== undefined && index >= max) return sequenceOf([]);
  const item = context.compile(nodesAt(shape, index));
  if (index < prefixLength) {
    const rest = itemsFrom(index + 1, shape, context);
    // A rule of its own keeps expressions from nesting as deep as the prefix is long.
    const items = sequenceOf([separator(index), item, index < min ? rest : context.rules.add(rest)]);
    return index < min ? items : optional(items);
  }
  const left = Math.max(0, min - index);
  const most = max === undefined ? undefined : max - index;
  if (index > 0) return repeatOf(sequenceOf([separator(index), item]), left, most);
  const others = repeatOf(
    sequenceOf([textOf(','), item]),
    Math.max(0, left - 1),
    most === undefined ? undefined : most - 1,
  );
  const items = sequenceOf([item, others]);
  return left === 0 ? optional(items) : items;
}

/** Unique items, where they can be had; undefined if any items of the shape are unique. */
function compileUnique(shape: ArrayShape, node: SchemaNode, context: SchemaContext): Part | undefined {
  const { max, prefixLength } = shape;
  if (max !== undefined && max <= 1) return undefined;
  if (prefixLength === 0) {
    const values = finiteValues(nodesAt(shape, 0), context);
    if (values !== undefined) return uniqueValues(values, shape, context);
  } else if (max !== undefined && max <= prefixLength && areItemsDisjoint(shape, max, context))
    return undefined;
  throw invalidField(
    `${node.path}.uniqueItems`,
    'is supported for items of an enum, and for items of prefixItems that cannot be equal',
  );
}

function finiteValues(nodes: readonly SchemaNode[], { terms, values }: SchemaContext): unknown[] | undefined {
  const lists = terms.termsOfAll(nodes).map((term) => enumeratedValues(term, values));
  if (lists.some((list) => list === undefined)) return undefined;
  const distinct = new Map(
    lists.flatMap((list) => (list ?? []).map((value) => [equalityKey(value), value] as const)),
  );
  return [...distinct.values()];
}

function areItemsDisjoint(shape: ArrayShape, count: number, context: SchemaContext): boolean {
  const terms = Array.from({ length: count }, (_, i) => context.terms.termsOfAll(nodesAt(shape, i)));
  return terms.every((first, i) =>
    terms.slice(i + 1).every((second) => first.every((a) => second.every((b) => areDisjoint(a, b, context)))),
  );
}

/** Each value at most once: in any order while they are few, in the order of the enum if they are many. */
function uniqueValues(values: readonly unknown[], { min, max }: ArrayShape, context: SchemaContext): Part {
  const most = Math.min(max ?? Infinity, values.length);
  if (min > most) return NEVER;
  const texts = values.map((value) => textOf(JSON.stringify(value)));
  const bounds = { min, most, cap: most < values.length ? most : Math.max(1, min) };
  return texts.length <= MAX_UNORDERED_VALUES
    ? valuesInAnyOrder(texts, bounds, context)
    : valuesInOrder(texts, bounds, context);
}

interface CountBounds {
  readonly min: number;
  readonly most: number;
  /** Counts from here on are not told apart. */
  readonly cap: number;
}

/** A rule for each set of values that are gone. */
function valuesInAnyOrder(
  texts: readonly Part[],
  { min, most }: CountBounds,
  { rules }: SchemaContext,
): Part {
  const known = new Map<number, Part>();
  const from = (used: number, count: number): Part => {
    const rule = known.get(used);
    if (rule !== undefined) return rule;
    const options = texts.flatMap((text, i) => {
      const isGone = ((used >> i) & 1) === 1 || count === most;
      return isGone ? [] : [sequenceOf([separator(count), text, from(used | (1 << i), count + 1)])];
    });
    const part = rules.add(choiceOf(count >= min ? [NOTHING, ...options] : options));
    known.set(used, part);
    return part;
  };
  return from(0, 0);
}

/** A rule for each value and each number of values before it. */
function valuesInOrder(
  texts: readonly Part[],
  { min, most, cap }: CountBounds,
  { rules }: SchemaContext,
): Part {
  const known = new Map<number, Part>();
  const from = (index: number, count: number): Part => {
    const text = texts[index];
    if (text === undefined) return count >= min ? NOTHING : NEVER;
    if (count >= most) return NOTHING;
    const key = index * (cap + 1) + count;
    const rule = known.get(key);
    if (rule !== undefined) return rule;
    const taken = sequenceOf([separator(count), text, from(index + 1, Math.min(count + 1, cap))]);
    const part = rules.add(choiceOf([taken, from(index + 1, count)]));
    known.set(key, part);
    return part;
  };
  return from(0, 0);
}
