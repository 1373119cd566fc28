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
import { requiredNames } from './disjoint-terms.ts';
import { extraMembers, propertyNamesOf } from './extra-properties.ts';
import type { SchemaContext } from './schema-context.ts';
import type { Term } from './terms.ts';

interface Property {
  readonly name: string;
  readonly required: boolean;
  readonly value: Part;
}

/** What the schemas of a term ask of an object. */
interface ObjectShape {
  /** In the order in which they are written. */
  readonly properties: readonly Property[];
  /** One more member, with any name but those of `properties`; NEVER if there is none. */
  readonly extra: Part;
  readonly min: number;
  readonly max: number | undefined;
}

/** The objects of a term: the declared properties in the schema's order, then others. */
export function compileObject(term: Term, context: SchemaContext): Part {
  const shape = shapeOf(term, context);
  const numRequired = shape.properties.filter(({ required }) => required).length;
  const { min, max, properties, extra } = shape;
  const isUnbounded = max === undefined || (max >= properties.length && extra === NEVER);
  const members =
    min <= numRequired && isUnbounded ? membersOf(shape, context) : countedMembers(shape, context);
  return sequenceOf([textOf('{'), members, textOf('}')]);
}

function shapeOf(term: Term, context: SchemaContext): ObjectShape {
  const required = new Set(requiredNames(term));
  const declared = new Set([...term.nodes.flatMap(({ schema }) => namesOf(schema)), ...required]);
  const names = propertyNamesOf(term, context);
  const properties = [...declared].flatMap((name): Property[] => {
    const isAllowed =
      !term.forbidden.includes(name) && names.every((node) => context.values.isValid(node, name));
    if (!isAllowed) return required.has(name) ? [{ name, required: true, value: NEVER }] : [];
    const nodes = term.nodes.flatMap((node) => context.values.nodesOfMember(node, name));
    return [{ name, required: required.has(name), value: context.compile(nodes) }];
  });
  const extra = choiceOf(extraMembers(term, [...declared, ...term.forbidden], context));
  const counts = (keyword: string): number[] =>
    term.nodes.flatMap(({ schema }) => {
      const value = isRecord(schema) ? schema[keyword] : undefined;
      return typeof value === 'number' ? [value] : [];
    });
  const max = Math.min(Infinity, ...counts('maxProperties'));
  return {
    properties,
    extra: extra.type === 'choice' && extra.items.length === 0 ? NEVER : extra,
    min: Math.max(0, ...counts('minProperties')),
    max: max === Infinity ? undefined : max,
  };
}

const namesOf = (schema: Term['nodes'][number]['schema']): string[] =>
  isRecord(schema) && isRecord(schema['properties']) ? Object.keys(schema['properties']) : [];

const memberOf = ({ name, value }: Property, isFirst: boolean): Part =>
  sequenceOf([textOf(`${isFirst ? '' : ','}${JSON.stringify(name)}:`), value]);

/** `min` to `max` members of other names. */
function extrasOf(extra: Part, isFirst: boolean, min: number, max: number | undefined): Part {
  const next = sequenceOf([textOf(','), extra]);
  if (!isFirst) return repeatOf(next, min, max);
  if (max === 0) return min === 0 ? NOTHING : NEVER;
  const others = repeatOf(next, Math.max(0, min - 1), max === undefined ? undefined : max - 1);
  const all = sequenceOf([extra, others]);
  return min === 0 ? optional(all) : all;
}

/**
 * Members whose number does not matter. Behind the first one, an optional member is one with its comma or nothing; up to
 * there, each property that may be the first is an alternative.
 */
function membersOf({ properties, extra }: ObjectShape, { rules }: SchemaContext): Part {
  const firstRequired = properties.findIndex(({ required }) => required);
  const numHeads = firstRequired < 0 ? properties.length : firstRequired + 1;
  const follower = (property: Property): Part => {
    const member = memberOf(property, false);
    return property.required ? member : optional(member);
  };
  const tail = [...properties.slice(numHeads).map(follower), extrasOf(extra, false, 0, undefined)];
  // What follows each head; alternatives share it as a rule.
  const behind: Part[] = [sequenceOf(tail)];
  for (const property of properties.slice(1, numHeads).reverse())
    behind.unshift(sequenceOf([follower(property), rules.add(behind[0] ?? NOTHING)]));
  const heads = properties
    .slice(0, numHeads)
    .map((property, i) => sequenceOf([memberOf(property, true), behind[i] ?? NOTHING]));
  return firstRequired < 0 ? choiceOf([...heads, extrasOf(extra, true, 0, undefined)]) : choiceOf(heads);
}

/**
 * Members that are counted: a rule for each property and each number of members before it. Members of other names may
 * repeat a name, so that together they count as one for the least number and each for itself for the greatest.
 */
function countedMembers({ properties, extra, min, max }: ObjectShape, context: SchemaContext): Part {
  const cap = max ?? Math.max(1, min);
  const known = new Map<number, Part>();
  const from = (index: number, count: number): Part => {
    const key = index * (cap + 1) + count;
    let rule = known.get(key);
    if (rule === undefined) {
      rule = context.rules.add(bodyOf(index, count));
      known.set(key, rule);
    }
    return rule;
  };
  const bodyOf = (index: number, count: number): Part => {
    const property = properties[index];
    if (property === undefined) {
      const most = max === undefined ? undefined : max - count;
      if (count >= min) return extrasOf(extra, count === 0, 0, most);
      return count + 1 >= min ? extrasOf(extra, count === 0, 1, most) : NEVER;
    }
    const skipped = property.required ? NEVER : from(index + 1, count);
    if (max !== undefined && count >= max) return skipped;
    const next = from(index + 1, Math.min(count + 1, cap));
    const taken = sequenceOf([memberOf(property, count === 0), next]);
    return property.required ? taken : choiceOf([taken, skipped]);
  };
  return from(0, 0);
}
