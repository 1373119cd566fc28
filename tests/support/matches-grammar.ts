import { Ajv } from 'ajv';
import type { GrammarSpec } from '../../src/grammar/grammar-spec.ts';

const ajv = new Ajv({ strict: false });

/**
 * Whether a whole text is one that a grammar describes: by trying all ends of each part, with ajv for JSON Schemas.
 * @param specialTokens what free text cannot hold
 */
export function matchesGrammar(
  spec: GrammarSpec,
  text: string,
  specialTokens: readonly string[] = [],
): boolean {
  return ends(spec, text, 0, specialTokens).has(text.length);
}

function ends(spec: GrammarSpec, text: string, start: number, specialTokens: readonly string[]): Set<number> {
  const next = (item: GrammarSpec, from: number): Set<number> => ends(item, text, from, specialTokens);
  const all = Array.from({ length: text.length - start + 1 }, (_, length) => start + length);
  switch (spec.type) {
    case 'literal':
      return new Set(text.startsWith(spec.text, start) ? [start + spec.text.length] : []);
    case 'specialToken':
      return new Set(text.startsWith(spec.name, start) ? [start + spec.name.length] : []);
    case 'textWithout': {
      const stops = [...spec.stops, ...specialTokens];
      return new Set(all.filter((end) => !stops.some((stop) => text.slice(start, end).includes(stop))));
    }
    case 'jsonObject':
      return new Set(all.filter((end) => isJson(text.slice(start, end), { type: 'object' })));
    case 'jsonSchema':
      return new Set(all.filter((end) => isJson(text.slice(start, end), spec.schema)));
    case 'sequence':
      return spec.items.reduce<Set<number>>(
        (froms, item) => new Set([...froms].flatMap((from) => [...next(item, from)])),
        new Set([start]),
      );
    case 'choice':
      return new Set(spec.items.flatMap((item) => [...next(item, start)]));
    case 'repeat': {
      const found = new Set<number>(spec.min === 0 ? [start] : []);
      let froms = new Set([start]);
      for (let count = 1; count <= (spec.max ?? text.length + 1) && froms.size > 0; count++) {
        froms = new Set([...froms].flatMap((from) => [...next(spec.item, from)].filter((end) => end > from)));
        if (count >= spec.min) froms.forEach((end) => found.add(end));
      }
      return found;
    }
    default:
      throw new TypeError(`${spec.type} is not matched here`);
  }
}

function isJson(text: string, schema: unknown): boolean {
  if (text !== text.trim()) return false;
  try {
    return ajv.validate(schema as object, JSON.parse(text));
  } catch {
    return false;
  }
}
