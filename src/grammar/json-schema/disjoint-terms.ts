import { isRecord } from '../../values.ts';
import { intersect, withLength } from '../regular/combine.ts';
import { isEmpty } from '../regular/dfa.ts';
import { enumeratedValues } from './enumerated-values.ts';
import { numberRangeOf } from './numbers.ts';
import { tupleOf } from './object-keywords.ts';
import type { SchemaContext } from './schema-context.ts';
import type { SchemaNode } from './schema-document.ts';
import { stringLanguageOf } from './strings.ts';
import type { Term } from './terms.ts';
import { ARRAY, BOOLEAN, FRACTION, INTEGER, NULL, OBJECT, STRING } from './types.ts';

/** Properties inside of properties that are looked into. */
const MAX_LOOK = 4;

type Look = Pick<SchemaContext, 'document' | 'effort' | 'patterns' | 'terms' | 'values'>;

/** Whether it is sure that no value satisfies both terms. False says nothing. */
export function areDisjoint(a: Term, b: Term, context: Look, depth = 0): boolean {
  context.effort.spend(32);
  const types = a.types & b.types;
  if (types === 0) return true;
  const values = enumeratedValues(a, context.values, false);
  if (values !== undefined) return !values.some((value) => satisfies(b, value, context));
  const others = enumeratedValues(b, context.values, false);
  if (others !== undefined) return !others.some((value) => satisfies(a, value, context));
  return (
    (types & (NULL | BOOLEAN)) === 0 &&
    ((types & (INTEGER | FRACTION)) === 0 || areNumbersDisjoint(a, b)) &&
    ((types & STRING) === 0 || areStringsDisjoint(a, b, context)) &&
    ((types & ARRAY) === 0 || areArraysDisjoint(a, b, context, depth)) &&
    ((types & OBJECT) === 0 || areObjectsDisjoint(a, b, context, depth))
  );
}

const satisfies = (term: Term, value: unknown, { values }: Look): boolean =>
  term.nodes.every((node) => values.isValid(node, value, false));

function areNumbersDisjoint(a: Term, b: Term): boolean {
  const [first, second] = [numberRangeOf(a), numberRangeOf(b)];
  const isBelow = (low: typeof first, high: typeof first): boolean =>
    low.max !== undefined &&
    high.min !== undefined &&
    (low.max.value < high.min.value ||
      (low.max.value === high.min.value && (low.max.exclusive || high.min.exclusive)));
  return isBelow(first, second) || isBelow(second, first);
}

function areStringsDisjoint(a: Term, b: Term, { patterns, effort }: Look): boolean {
  const [first, second] = [a, b].map((term) => stringLanguageOf(term, patterns, effort, false));
  if (first === undefined || second === undefined) return false;
  const isShorter = (short: typeof first, long: typeof first): boolean =>
    short.maxLength !== undefined && short.maxLength < long.minLength;
  if (isShorter(first, second) || isShorter(second, first)) return true;
  const min = Math.max(first.minLength, second.minLength);
  const max = Math.min(first.maxLength ?? Infinity, second.maxLength ?? Infinity);
  const both = intersect(first.content, second.content, effort);
  if (isEmpty(both)) return true;
  return isEmpty(withLength(both, min, max === Infinity ? undefined : max, effort));
}

function areArraysDisjoint(a: Term, b: Term, context: Look, depth: number): boolean {
  const [first, second] = [lengthsOf(a), lengthsOf(b)];
  if (first.max < second.min || second.max < first.min) return true;
  const shared = Math.min(Math.max(first.min, second.min), MAX_SHARED_ITEMS);
  return Array.from({ length: shared }, (_, i) => i).some((i) => {
    const [nodesOfA, nodesOfB] = [a, b].map((term) => itemNodesOf(term, i, context));
    return areNodesDisjoint(nodesOfA ?? [], nodesOfB ?? [], context, depth);
  });
}

/** Items that are compared. */
const MAX_SHARED_ITEMS = 8;

function lengthsOf(term: Term): { min: number; max: number } {
  const numbersOf = (keyword: string): number[] =>
    term.nodes.flatMap(({ schema }) => {
      const value = isRecord(schema) ? schema[keyword] : undefined;
      return typeof value === 'number' ? [value] : [];
    });
  return { min: Math.max(0, ...numbersOf('minItems')), max: Math.min(Infinity, ...numbersOf('maxItems')) };
}

const itemNodesOf = (term: Term, index: number, { document }: Look): SchemaNode[] =>
  term.nodes.flatMap((node) => {
    const { prefix, rest } = tupleOf(document, node);
    const item = prefix[index] ?? rest;
    return item === undefined ? [] : [item];
  });

/** A property that one of the two must have, and whose values are never valid for both, tells objects apart. */
function areObjectsDisjoint(a: Term, b: Term, context: Look, depth: number): boolean {
  const names = new Set([...requiredNames(a), ...requiredNames(b)]);
  return [...names].some((name) => arePropertiesDisjoint(a, b, name, context, depth));
}

/** Whether no value of that property is valid for both. */
export function arePropertiesDisjoint(a: Term, b: Term, name: string, context: Look, depth = 0): boolean {
  const nodesOf = (term: Term): SchemaNode[] =>
    term.nodes.flatMap((node) => context.values.nodesOfMember(node, name));
  return areNodesDisjoint(nodesOf(a), nodesOf(b), context, depth);
}

function areNodesDisjoint(
  a: readonly SchemaNode[],
  b: readonly SchemaNode[],
  context: Look,
  depth: number,
): boolean {
  if (depth >= MAX_LOOK || a.length === 0 || b.length === 0) return false;
  // The terms of a schema that is still being expanded are not known yet.
  const [first, second] = [a, b].map((nodes) =>
    context.terms.leadBack(nodes) ? undefined : context.terms.termsOfAll(nodes),
  );
  if (first?.length === 0 || second?.length === 0) return true;
  if (first === undefined || second === undefined) return false;
  return first.every((one) => second.every((other) => areDisjoint(one, other, context, depth + 1)));
}

/** The properties that a term's schemas require. */
export const requiredNames = (term: Term): string[] => [
  ...new Set([
    ...term.nodes.flatMap(({ schema }) =>
      isRecord(schema) && Array.isArray(schema['required']) ? (schema['required'] as string[]) : [],
    ),
    ...term.forced,
  ]),
];
