import { invalidField } from '../../errors.ts';
import { automatonOf, NEVER, type Part } from '../compile/part.ts';
import { isEmpty } from '../regular/dfa.ts';
import type { Effort } from '../regular/effort.ts';
import { encodeBytes } from '../regular/encode-bytes.ts';
import { NUMBER_FORMATS } from './formats.ts';
import { jsonInteger, jsonNumber, MAX_DIGITS } from './json-terminals.ts';
import { type Bound, numberLanguage, type NumberRange } from './number-language.ts';
import type { SchemaNode } from './schema-document.ts';
import type { Term } from './terms.ts';
import { FRACTION } from './types.ts';

/** Integers beyond this have more digits than are written anyway. */
const NO_BOUND = 10 ** MAX_DIGITS;

/** The range that the schemas of a term set together. @throws EngineError `invalid_request` */
export function numberRangeOf(term: Term): NumberRange {
  let [min, max]: (Bound | undefined)[] = [];
  let multipleOf: number | undefined;
  let isInteger = (term.types & FRACTION) === 0;
  const above = (value: unknown, exclusive: boolean): void => {
    if (typeof value === 'number') min = tighter(min, { value, exclusive }, -1);
  };
  const below = (value: unknown, exclusive: boolean): void => {
    if (typeof value === 'number') max = tighter(max, { value, exclusive }, 1);
  };
  for (const { schema, path } of term.nodes) {
    if (typeof schema === 'boolean') continue;
    above(schema['minimum'], false);
    above(schema['exclusiveMinimum'], true);
    below(schema['maximum'], false);
    below(schema['exclusiveMaximum'], true);
    const format = typeof schema['format'] === 'string' ? NUMBER_FORMATS[schema['format']] : undefined;
    isInteger ||= format !== undefined;
    above(format?.minimum, false);
    below(format?.maximum, false);
    if (typeof schema['multipleOf'] === 'number')
      multipleOf = commonMultiple(multipleOf ?? 1, schema['multipleOf'], path);
  }
  return { isInteger: isInteger || multipleOf !== undefined, min, max, multipleOf: multipleOf ?? 1 };
}

/** The numbers of a term. `known` keeps those of each range, since fields of one kind are many. */
export function compileNumber(term: Term, known: Map<string, Part>, effort: Effort): Part {
  const range = withoutVacuousBounds(numberRangeOf(term));
  const isPlain = range.min === undefined && range.max === undefined && range.multipleOf === 1;
  if (isPlain) return automatonOf(range.isInteger ? jsonInteger() : jsonNumber());
  const key = JSON.stringify(range);
  let part = known.get(key);
  if (part === undefined) {
    const dfa = numberLanguage(range, effort);
    part = isEmpty(dfa) ? NEVER : automatonOf(encodeBytes(dfa, 'utf8', false, effort));
    known.set(key, part);
  }
  return part;
}

function withoutVacuousBounds(range: NumberRange): NumberRange {
  if (!range.isInteger) return range;
  const min = range.min !== undefined && range.min.value <= -NO_BOUND ? undefined : range.min;
  const max = range.max !== undefined && range.max.value >= NO_BOUND ? undefined : range.max;
  return { ...range, min, max };
}

/** The bound that allows less: the greater one for minima (`side` -1), the lesser for maxima (`side` 1). */
function tighter(known: Bound | undefined, bound: Bound, side: number): Bound {
  if (known === undefined) return bound;
  if (known.value === bound.value) return known.exclusive ? known : bound;
  return (known.value - bound.value) * side < 0 ? known : bound;
}

function commonMultiple(a: number, b: number, path: SchemaNode['path']): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  const multiple = (a / x) * b;
  if (multiple > MAX_COMMON_MULTIPLE)
    throw invalidField(
      `${path}.multipleOf`,
      `and the others beside it have no common multiple up to ${MAX_COMMON_MULTIPLE}`,
    );
  return multiple;
}

const MAX_COMMON_MULTIPLE = 100;
