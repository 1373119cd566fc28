import { alphabetOf, classesOf, type CodePoints } from './alphabet.ts';
import { type Dfa, reduce } from './dfa.ts';
import type { Effort } from './effort.ts';

export interface Steps<State> {
  readonly start: State;
  /** The characters that the language is made of, each in one set only. */
  readonly symbols: readonly CodePoints[];
  /** The state after a character of `symbols[symbol]`; undefined where no text goes on. */
  readonly step: (state: State, symbol: number) => State | undefined;
  readonly accepts: (state: State) => boolean;
  /** Equal for states that are the same. */
  readonly keyOf: (state: State) => string | number;
}

/** The automaton of a step function: for what is easier counted than written as an expression. */
export function fromSteps<State>(
  { start, symbols, step, accepts, keyOf }: Steps<State>,
  effort: Effort,
): Dfa {
  const alphabet = alphabetOf(symbols, effort);
  const classes = symbols.map((symbol) => classesOf(alphabet, symbol));
  const numbers = new Map<string | number, number>([[keyOf(start), 0]]);
  const states = [start];
  const numberOf = (state: State): number => {
    const key = keyOf(state);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    effort.checkStates(states.length + 1);
    numbers.set(key, states.length);
    return states.push(state) - 1;
  };
  const rows: Int32Array[] = [];
  for (let i = 0; i < states.length; i++) {
    effort.spend(10 * symbols.length);
    const row = new Int32Array(alphabet.numClasses).fill(-1);
    symbols.forEach((_, symbol) => {
      const target = step(states[i] ?? start, symbol);
      if (target === undefined) return;
      for (const classIndex of classes[symbol] ?? []) row[classIndex] = numberOf(target);
    });
    rows.push(row);
  }
  const next = new Int32Array(states.length * alphabet.numClasses);
  rows.forEach((row, i) => next.set(row, i * alphabet.numClasses));
  const dfa = {
    alphabet,
    numStates: states.length,
    next,
    accepts: Uint8Array.from(states, (state) => (accepts(state) ? 1 : 0)),
  };
  return reduce(dfa, effort);
}
