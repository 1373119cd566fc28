import { commonAlphabet } from './alphabet.ts';
import { type Dfa, EVERY_TEXT, NO_TEXT, reduce, trim } from './dfa.ts';
import type { Effort } from './effort.ts';

/** Texts of both. */
export function intersect(a: Dfa, b: Dfa, effort: Effort): Dfa {
  if (a === EVERY_TEXT) return b;
  if (b === EVERY_TEXT) return a;
  return reduce(
    product(a, b, (inA, inB) => inA && inB, effort),
    effort,
  );
}

/** Texts of an automaton of `min` to `max` code points. It is trimmed and not minimised: that is left to the encoder. */
export function withLength(dfa: Dfa, min: number, max: number | undefined, effort: Effort): Dfa {
  const length = ofLength(min, max, effort);
  return trim(
    product(dfa, length, (inA, inB) => inA && inB, effort),
    effort,
  );
}

/** Texts of either. */
export const union = (a: Dfa, b: Dfa, effort: Effort): Dfa =>
  reduce(
    product(a, b, (inA, inB) => inA || inB, effort),
    effort,
  );

/** Texts of the first that are not of the second. */
export const subtract = (a: Dfa, b: Dfa, effort: Effort): Dfa =>
  reduce(
    product(a, b, (inA, inB) => inA && !inB, effort),
    effort,
  );

export const complement = (a: Dfa, effort: Effort): Dfa => subtract(EVERY_TEXT, a, effort);

export const unionOfAll = (automata: readonly Dfa[], effort: Effort): Dfa =>
  automata.reduce((all, automaton) => union(all, automaton, effort), NO_TEXT);

/** Both automata side by side; -1 stands for "no text any more". */
function product(a: Dfa, b: Dfa, accepts: (inA: boolean, inB: boolean) => boolean, effort: Effort): Dfa {
  const { alphabet, first, second } = commonAlphabet(a.alphabet, b.alphabet, effort);
  const { numClasses } = alphabet;
  const needsA = !accepts(false, true);
  const needsB = !accepts(true, false);
  const width = b.numStates + 1;
  const pairs = [width + 1];
  const numbers = new Map([[width + 1, 0]]);
  const numberOf = (pair: number): number => {
    const known = numbers.get(pair);
    if (known !== undefined) return known;
    effort.checkStates(pairs.length + 1);
    numbers.set(pair, pairs.length);
    return pairs.push(pair) - 1;
  };
  const rows: number[] = [];
  const accepting: number[] = [];
  for (let i = 0; i < pairs.length; i++) {
    const pair = pairs[i] ?? 0;
    const p = Math.floor(pair / width) - 1;
    const q = (pair % width) - 1;
    accepting.push(accepts(a.accepts[p] === 1, b.accepts[q] === 1) ? 1 : 0);
    effort.spend(numClasses);
    for (let c = 0; c < numClasses; c++) {
      const nextA = p < 0 ? -1 : (a.next[p * a.alphabet.numClasses + (first[c] ?? 0)] ?? -1);
      const nextB = q < 0 ? -1 : (b.next[q * b.alphabet.numClasses + (second[c] ?? 0)] ?? -1);
      const isDead = (nextA < 0 && (needsA || nextB < 0)) || (nextB < 0 && needsB);
      rows.push(isDead ? -1 : numberOf((nextA + 1) * width + nextB + 1));
    }
  }
  return {
    alphabet,
    numStates: pairs.length,
    next: Int32Array.from(rows),
    accepts: Uint8Array.from(accepting),
  };
}

/** Texts of `min` to `max` code points; `max` undefined: any more. */
export function ofLength(min: number, max: number | undefined, effort: Effort): Dfa {
  const numStates = (max ?? min) + 1;
  effort.checkStates(numStates);
  effort.spend(numStates);
  return {
    alphabet: EVERY_TEXT.alphabet,
    numStates,
    next: Int32Array.from({ length: numStates }, (_, i) =>
      i + 1 < numStates ? i + 1 : max === undefined ? i : -1,
    ),
    accepts: Uint8Array.from({ length: numStates }, (_, i) => (i >= min ? 1 : 0)),
  };
}
