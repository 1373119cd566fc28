import { isRecord } from '../values.ts';
import { bodyFault } from './faults.ts';
import { LIMITS } from './limits.ts';
import { truncated, type Indexed } from './property-values.ts';

/** A condition on one property. All of a filter's must hold. */
export type Clause =
  | {
      readonly property: string;
      readonly kind: 'in';
      readonly values: readonly FilterValue[];
      readonly isNegated: boolean;
    }
  | { readonly property: string; readonly kind: 'range'; readonly bounds: readonly Bound[] };

type FilterValue = Indexed | null;

interface Bound {
  readonly operator: RangeOperator;
  readonly value: string | number;
}

const RANGE_OPERATORS = ['$lt', '$lte', '$gt', '$gte'] as const;
type RangeOperator = (typeof RANGE_OPERATORS)[number];
/** A range has one of each at most. */
const UPPER: ReadonlySet<string> = new Set(['$lt', '$lte']);

const FIELD = 'filter';

/**
 * A filter as Cloudflare takes it (vectorize/reference/metadata-filtering).
 * @throws EngineError `invalid_request` that says what is wrong with it
 */
export function readFilter(filter: Readonly<Record<string, unknown>>): Clause[] {
  const entries = Object.entries(filter);
  if (entries.length === 0) throw bodyFault(FIELD, 'must not be empty');
  return entries.map(([property, condition]) => {
    checkProperty(property);
    return isRecord(condition)
      ? readCondition(property, condition)
      : { property, kind: 'in', values: [readValue(property, condition)], isNegated: false };
  });
}

function checkProperty(property: string): void {
  if (property === '') throw bodyFault(FIELD, 'a key must not be empty');
  if (property.length > LIMITS.propertyCharacters) {
    throw bodyFault(
      FIELD,
      `a key has at most ${LIMITS.propertyCharacters} characters, not ${property.length}`,
    );
  }
  if (/^\$|["|]/.test(property)) {
    throw bodyFault(FIELD, 'a key must neither begin with $ nor contain " or |');
  }
}

function readCondition(property: string, condition: Readonly<Record<string, unknown>>): Clause {
  const operators = Object.keys(condition);
  const [operator = ''] = operators;
  const operand = condition[operator];
  if (operators.length === 1 && (operator === '$eq' || operator === '$ne')) {
    return { property, kind: 'in', values: [readValue(property, operand)], isNegated: operator === '$ne' };
  }
  if (operators.length === 1 && (operator === '$in' || operator === '$nin')) {
    if (!Array.isArray(operand)) throw bodyFault(FIELD, `${operator} of ${property} takes a list`);
    const values = operand.map((value) => readValue(property, value));
    return { property, kind: 'in', values, isNegated: operator === '$nin' };
  }
  return { property, kind: 'range', bounds: readRange(property, condition) };
}

function readRange(property: string, condition: Readonly<Record<string, unknown>>): Bound[] {
  const bounds = Object.entries(condition).map(([operator, value]) => {
    if (!isRangeOperator(operator)) {
      throw bodyFault(
        FIELD,
        `${property} takes a value, $eq, $ne, $in or $nin alone, or $gt or $gte with $lt or $lte; of a nested property the key is its path with dots`,
      );
    }
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw bodyFault(FIELD, `${operator} of ${property} takes a string or a number`);
    }
    return { operator, value: typeof value === 'string' ? truncated(value) : value };
  });
  const numUpper = bounds.filter(({ operator }) => UPPER.has(operator)).length;
  if (bounds.length === 0 || numUpper > 1 || bounds.length - numUpper > 1) {
    throw bodyFault(
      FIELD,
      `${property} takes one lower and one upper bound at most, and one of them at least`,
    );
  }
  return bounds;
}

function readValue(property: string, value: unknown): FilterValue {
  if (typeof value === 'string') return truncated(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  throw bodyFault(FIELD, `${property} takes a string, a number, true, false or null`);
}

const isRangeOperator = (text: string): text is RangeOperator =>
  (RANGE_OPERATORS as readonly string[]).includes(text);

/**
 * Whether a value fulfils a condition. A vector that the metadata index does not have counts as one with null, which
 * equals null alone.
 */
export function accepts(clause: Clause, value: Indexed | undefined): boolean {
  if (clause.kind === 'in') return clause.values.includes(value ?? null) !== clause.isNegated;
  return clause.bounds.every(({ operator, value: bound }) => {
    if (value === undefined || typeof value !== typeof bound) return false;
    const order = compare(value, bound);
    if (operator === '$lt') return order < 0;
    if (operator === '$lte') return order <= 0;
    return operator === '$gt' ? order > 0 : order >= 0;
  });
}

/** Texts by their bytes in UTF-8, which JavaScript's own order is not. */
function compare(one: Indexed, other: Indexed): number {
  if (typeof one === 'string' && typeof other === 'string')
    return Buffer.compare(Buffer.from(one), Buffer.from(other));
  return Number(one) - Number(other);
}
