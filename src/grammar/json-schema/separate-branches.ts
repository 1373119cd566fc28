import { invalidField } from '../../errors.ts';
import { isRecord } from '../../values.ts';
import { areDisjoint, arePropertiesDisjoint, requiredNames } from './disjoint-terms.ts';
import { enumeratedValues } from './enumerated-values.ts';
import { merge, type Term } from './terms.ts';
import { OBJECT } from './types.ts';

type Look = Parameters<typeof areDisjoint>[2];

/** How objects of a term are kept from matching another one. */
type Remedy = { readonly force: string } | { readonly forbid: string };

/**
 * The branches of a `oneOf` as terms: no value of one satisfies another branch. Where branches may overlap, objects are
 * narrowed: a property that tells the branches apart is required, or one that the other branch requires is left out.
 * @throws EngineError `invalid_request` if neither can be done
 */
export function separateBranches(
  branches: readonly (readonly Term[])[],
  base: Term,
  path: string,
  context: Look,
): Term[] {
  // What stands beside `oneOf` holds for each branch, and may be what tells them apart.
  const merged = branches.map((terms) => terms.map((term) => ({ term, whole: merge(term, base) })));
  return merged.flatMap((terms, i) =>
    terms.flatMap(({ term, whole }) => {
      if (whole === undefined) return [];
      const others = merged.flatMap((other, j) => (j === i ? [] : other.map((it) => it.whole)));
      const remedies = others.flatMap((other) => {
        if (other === undefined) return [];
        const remedy = remedyFor(whole, other, context);
        if (remedy === undefined)
          throw invalidField(
            path,
            `is not supported: its branch ${i} may be valid together with another one`,
          );
        return remedy;
      });
      return [narrowed(term, remedies)];
    }),
  );
}

/** No remedy is needed, one remedy is enough, or (undefined) none is known. */
function remedyFor(term: Term, other: Term, context: Look): Remedy[] | undefined {
  // Listed values are checked one by one, the number of branches that they match included.
  if (enumeratedValues(term, context.values) !== undefined) return [];
  if (areDisjoint(term, other, context)) return [];
  if ((term.types & other.types) !== OBJECT) return undefined;
  const told = declaredNames(term).find((name) => arePropertiesDisjoint(term, other, name, context));
  if (told !== undefined) return [{ force: told }];
  const required = requiredNames(term);
  const left = requiredNames(other).find((name) => !required.includes(name));
  return left === undefined ? undefined : [{ forbid: left }];
}

function narrowed(term: Term, remedies: readonly Remedy[]): Term {
  const forced = remedies.flatMap((remedy) => ('force' in remedy ? [remedy.force] : []));
  const forbidden = remedies.flatMap((remedy) => ('forbid' in remedy ? [remedy.forbid] : []));
  if (remedies.length === 0) return term;
  return {
    ...term,
    types: term.types & OBJECT,
    forced: [...new Set([...term.forced, ...forced])],
    forbidden: [...new Set([...term.forbidden, ...forbidden])],
  };
}

const declaredNames = (term: Term): string[] =>
  term.nodes.flatMap(({ schema }) =>
    isRecord(schema) && isRecord(schema['properties']) ? Object.keys(schema['properties']) : [],
  );
