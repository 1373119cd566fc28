import { isRecord } from '../../values.ts';
import type { Term } from './terms.ts';
import type { ValueChecker } from './values.ts';

/**
 * The values that a term leaves of an `enum` or a `const`; undefined if it has none of them and is not finite.
 * `formats` as in ValueChecker.isValid.
 */
export function enumeratedValues(term: Term, values: ValueChecker, formats = true): unknown[] | undefined {
  const lists = term.nodes.flatMap(({ schema }) => {
    if (!isRecord(schema)) return [];
    if (Object.hasOwn(schema, 'const')) return [[schema['const']]];
    return Array.isArray(schema['enum']) ? [schema['enum'] as unknown[]] : [];
  });
  const shortest = lists.sort((a, b) => a.length - b.length)[0];
  return shortest?.filter(
    (value) =>
      term.nodes.every((node) => values.isValid(node, value, formats)) &&
      term.forced.every((name) => isRecord(value) && Object.hasOwn(value, name)) &&
      term.forbidden.every((name) => isRecord(value) && !Object.hasOwn(value, name)),
  );
}
