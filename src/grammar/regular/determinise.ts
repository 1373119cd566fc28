import { type Alphabet, alphabetOf, classesOf } from './alphabet.ts';
import { type Dfa, reduce } from './dfa.ts';
import type { Effort } from './effort.ts';
import type { Nfa } from './nfa.ts';

/** The automaton whose states are the sets of states that a nondeterministic one can be in; reduced. */
export function determinise(nfa: Nfa, start: number, effort: Effort): Dfa {
  const sets = nfa.states.flatMap(({ set }) => (set === undefined ? [] : [set]));
  const alphabet = alphabetOf(sets, effort);
  return reduce(new SubsetConstruction(nfa, alphabet, effort).run(start), effort);
}

class SubsetConstruction {
  readonly #nfa: Nfa;
  readonly #alphabet: Alphabet;
  readonly #effort: Effort;
  readonly #classes: (readonly number[])[];
  /** The number of the last closure that holds a state. */
  readonly #seen: Int32Array;
  #closures = 0;
  readonly #numbers = new Map<string, number>();
  readonly #subsets: (readonly number[])[] = [];
  readonly #accepts: number[] = [];

  constructor(nfa: Nfa, alphabet: Alphabet, effort: Effort) {
    this.#nfa = nfa;
    this.#alphabet = alphabet;
    this.#effort = effort;
    const known = new Map<string, readonly number[]>();
    this.#classes = nfa.states.map(({ set }) => {
      if (set === undefined) return [];
      const key = set.join();
      const classes = known.get(key) ?? classesOf(alphabet, set);
      known.set(key, classes);
      return classes;
    });
    this.#seen = new Int32Array(nfa.states.length);
  }

  run(start: number): Dfa {
    this.#number([start], true);
    const rows: number[] = [];
    for (let i = 0; i < this.#subsets.length; i++)
      for (const targets of this.#targetsOf(this.#subsets[i] ?? []))
        rows.push(targets.length === 0 ? -1 : this.#number(targets, false));
    return {
      alphabet: this.#alphabet,
      numStates: this.#subsets.length,
      next: Int32Array.from(rows),
      accepts: Uint8Array.from(this.#accepts),
    };
  }

  /** For each class, the states that its characters lead to. */
  #targetsOf(subset: readonly number[]): number[][] {
    const targets = Array.from({ length: this.#alphabet.numClasses }, (): number[] => []);
    let visits = targets.length;
    for (const state of subset) {
      const target = this.#nfa.states[state]?.target ?? -1;
      for (const classIndex of this.#classes[state] ?? []) {
        targets[classIndex]?.push(target);
        visits++;
      }
    }
    this.#effort.spend(visits);
    return targets;
  }

  /** The number of the subset that these states and the empty edges from them make up. */
  #number(states: readonly number[], atStart: boolean): number {
    const subset = this.#closure(states, atStart, false);
    const key = `${atStart ? '^' : ''}${subset.join()}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#effort.checkStates(this.#subsets.length + 1);
    const atEnd = this.#closure(atStart ? states : subset, atStart, true);
    this.#accepts.push(atEnd.includes(this.#nfa.final) ? 1 : 0);
    this.#numbers.set(key, this.#subsets.length);
    return this.#subsets.push(subset) - 1;
  }

  /** The states that matter later: those that read a character, that wait for the text's end, and the final one. */
  #closure(states: readonly number[], atStart: boolean, atEnd: boolean): number[] {
    const round = ++this.#closures;
    const open = [...states];
    const kept: number[] = [];
    let visits = 0;
    for (let state = open.pop(); state !== undefined; state = open.pop()) {
      visits++;
      if (this.#seen[state] === round) continue;
      this.#seen[state] = round;
      const { set, gate, empty } = this.#nfa.states[state] ?? { set: undefined, gate: 'any', empty: [] };
      if (set !== undefined || state === this.#nfa.final || gate === 'end') kept.push(state);
      const passes = gate === 'any' || (gate === 'start' ? atStart : atEnd);
      if (passes) for (const target of empty) open.push(target);
    }
    this.#effort.spend(visits + 2 * kept.length);
    return kept.sort((a, b) => a - b);
  }
}
