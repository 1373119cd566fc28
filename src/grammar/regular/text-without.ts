import { codePoints, complementOf, codePointOf, unionOf, type CodePoints } from './code-points.ts';
import { type Dfa } from './dfa.ts';
import type { Effort } from './effort.ts';
import { fromSteps } from './from-steps.ts';

/**
 * All texts that hold none of the stops; each state accepts. The states are how much of a stop has been read, as Aho
 * and Corasick have it ("Efficient string matching", 1975). No stop is the empty text; without stops it is any text.
 */
export function textWithout(stops: readonly string[], effort: Effort): Dfa {
  const characters = [...new Set(stops.flatMap((stop) => Array.from(stop)))];
  const singles = characters.map((character): CodePoints => {
    const codePoint = codePointOf(character);
    return codePoints([[codePoint, codePoint]]);
  });
  const longest = Math.max(0, ...stops.map((stop) => stop.length));
  const prefixes = new Set(['', ...stops.flatMap((stop) => prefixesOf(stop))]);
  const step = (read: string, symbol: number): string | undefined => {
    effort.spend(longest);
    let rest = symbol < characters.length ? read + (characters[symbol] ?? '') : '';
    if (stops.some((stop) => rest.endsWith(stop))) return undefined;
    while (!prefixes.has(rest)) rest = Array.from(rest).slice(1).join('');
    return rest;
  };
  return fromSteps(
    {
      start: '',
      symbols: [...singles, complementOf(unionOf(singles))],
      step,
      accepts: () => true,
      keyOf: (read) => read,
    },
    effort,
  );
}

function prefixesOf(text: string): string[] {
  const characters = Array.from(text);
  return characters.map((_, i) => characters.slice(0, i + 1).join(''));
}
