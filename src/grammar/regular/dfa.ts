import { type Alphabet, classOf, ONE_CLASS, codePointOf } from './alphabet.ts';
import { minimalPartition } from './minimal-partition.ts';
import type { Effort } from './effort.ts';

/** A deterministic finite automaton over classes of code points. State 0 is its start. */
export interface Dfa {
  readonly alphabet: Alphabet;
  readonly numStates: number;
  /** The next state, or -1: [states, classes]. */
  readonly next: Int32Array;
  /** 1 where a text may end: [states]. */
  readonly accepts: Uint8Array;
}

/** Every text. */
export const EVERY_TEXT: Dfa = {
  alphabet: ONE_CLASS,
  numStates: 1,
  next: Int32Array.of(0),
  accepts: Uint8Array.of(1),
};

/** No text. */
export const NO_TEXT: Dfa = {
  alphabet: ONE_CLASS,
  numStates: 1,
  next: Int32Array.of(-1),
  accepts: Uint8Array.of(0),
};

/** Whether an automaton that was reduced accepts no text. */
export const isEmpty = ({ numStates, accepts }: Dfa): boolean => numStates === 1 && accepts[0] === 0;

export function accepts(dfa: Dfa, text: string): boolean {
  let state = 0;
  for (const character of text) {
    const classIndex = classOf(dfa.alphabet, codePointOf(character));
    state = classIndex < 0 ? -1 : (dfa.next[state * dfa.alphabet.numClasses + classIndex] ?? -1);
    if (state < 0) return false;
  }
  return dfa.accepts[state] === 1;
}

/** The least automaton of the same language: each state can be reached and leads to an accepting one. */
export function reduce(dfa: Dfa, effort: Effort): Dfa {
  const { alphabet, numStates, next, accepts: accepting } = trim(dfa, effort);
  if (numStates === 1)
    return accepting[0] === 0 ? NO_TEXT : { alphabet, numStates, next, accepts: accepting };
  const { blockOf } = minimalPartition(numStates, alphabet.numClasses, next, accepting, effort);
  return { alphabet, ...renumber(alphabet.numClasses, next, accepting, blockOf) };
}

/** Without the states that cannot be reached and those that lead to no accepting one. */
export function trim(dfa: Dfa, effort: Effort): Dfa {
  const { numClasses } = dfa.alphabet;
  effort.spend(dfa.numStates * numClasses);
  const live = liveStates(dfa.numStates, numClasses, dfa.next, dfa.accepts);
  if (live[0] === 0) return NO_TEXT;
  const next = dfa.next.map((target) => (target >= 0 && live[target] === 1 ? target : -1));
  const each = Int32Array.from({ length: dfa.numStates }, (_, state) => state);
  return { alphabet: dfa.alphabet, ...renumber(numClasses, next, dfa.accepts, each) };
}

export interface Table {
  readonly numStates: number;
  readonly next: Int32Array;
  readonly accepts: Uint8Array;
}

/** The blocks of a partition as states, in the order in which a breadth-first walk from the start meets them. */
export function renumber(
  numClasses: number,
  next: Int32Array,
  accepting: Uint8Array,
  blockOf: Int32Array,
): Table {
  const numbers = new Map<number, number>([[blockOf[0] ?? 0, 0]]);
  const samples = [0];
  const rows: number[] = [];
  for (let i = 0; i < samples.length; i++)
    for (let c = 0; c < numClasses; c++) {
      const target = next[(samples[i] ?? 0) * numClasses + c] ?? -1;
      if (target < 0) {
        rows.push(-1);
        continue;
      }
      const block = blockOf[target] ?? 0;
      let number = numbers.get(block);
      if (number === undefined) {
        number = samples.length;
        numbers.set(block, number);
        samples.push(target);
      }
      rows.push(number);
    }
  return {
    numStates: samples.length,
    next: Int32Array.from(rows),
    accepts: Uint8Array.from(samples, (state) => accepting[state] ?? 0),
  };
}

/** 1 for each state from which an accepting one can be reached. */
export function liveStates(
  numStates: number,
  numClasses: number,
  next: Int32Array,
  accepting: Uint8Array,
): Uint8Array {
  const { first, sources } = inverseOf(numStates, numClasses, next);
  const live = Uint8Array.from(accepting);
  const open: number[] = [];
  for (let state = 0; state < numStates; state++) if (live[state] === 1) open.push(state);
  for (let state = open.pop(); state !== undefined; state = open.pop())
    for (let i = first[state] ?? 0; i < (first[state + 1] ?? 0); i++) {
      const source = sources[i] ?? 0;
      if (live[source] === 1) continue;
      live[source] = 1;
      open.push(source);
    }
  return live;
}

/** The states that lead to each state: those of `s` are `sources[first[s]]` up to `sources[first[s + 1]]`. */
function inverseOf(
  numStates: number,
  numClasses: number,
  next: Int32Array,
): { first: Int32Array; sources: Int32Array } {
  const first = new Int32Array(numStates + 1);
  for (const target of next) if (target >= 0) first[target + 1] = (first[target + 1] ?? 0) + 1;
  for (let s = 0; s < numStates; s++) first[s + 1] = (first[s + 1] ?? 0) + (first[s] ?? 0);
  const filled = first.slice();
  const sources = new Int32Array(first[numStates] ?? 0);
  for (let i = 0; i < numStates * numClasses; i++) {
    const target = next[i] ?? -1;
    if (target < 0) continue;
    const place = filled[target] ?? 0;
    filled[target] = place + 1;
    sources[place] = Math.floor(i / numClasses);
  }
  return { first, sources };
}
