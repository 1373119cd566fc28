import { type CodePoints, setsOf } from './alphabet.ts';
import { type Dfa } from './dfa.ts';
import type { Effort } from './effort.ts';
import type { RegularNode } from './regular-node.ts';

/** An edge without a character may be passed anywhere, or at the text's start or end only. */
export type Gate = 'any' | 'start' | 'end';

interface NfaState {
  /** The character that leads to `target`, of a state that reads one. */
  readonly set: CodePoints | undefined;
  readonly target: number;
  readonly gate: Gate;
  /** Where edges without a character lead. */
  readonly empty: readonly number[];
}

/** Thompson's construction, built from the end: each part is made with the state that follows it. */
export class Nfa {
  readonly states: NfaState[] = [{ set: undefined, target: -1, gate: 'any', empty: [] }];
  /** The only state in which a text may end. */
  readonly final = 0;
  readonly #effort: Effort;

  constructor(effort: Effort) {
    this.#effort = effort;
  }

  /** Adds the states of a node that is followed by state `next`. Returns where they start. Takes no lookahead. */
  add(node: RegularNode, next: number): number {
    this.#effort.spend(1);
    switch (node.type) {
      case 'set':
        return this.#push({ set: node.set, target: next, gate: 'any', empty: [] });
      case 'sequence':
        return node.items.reduceRight((following, item) => this.add(item, following), next);
      case 'choice':
        return this.#push(fork(node.items.map((item) => this.add(item, next))));
      case 'repeat':
        return this.#addRepeat(node, next);
      case 'start':
      case 'end':
        return this.#push({ ...fork([next]), gate: node.type });
      case 'lookahead':
        return this.#push(fork([]));
    }
  }

  /** Adds the states of an automaton, which ends where the text ends. */
  addDfa({ alphabet, numStates, next, accepts }: Dfa): number {
    const sets = setsOf(alphabet);
    const first = this.states.length;
    for (let state = 0; state < numStates; state++) this.#push(fork([]));
    for (let state = 0; state < numStates; state++) {
      const empty = accepts[state] === 1 ? [this.final] : [];
      sets.forEach((set, c) => {
        const target = next[state * sets.length + c] ?? -1;
        if (target >= 0) empty.push(this.#push({ set, target: first + target, gate: 'any', empty: [] }));
      });
      this.states[first + state] = fork(empty);
    }
    return first;
  }

  #addRepeat({ item, min, max }: RegularNode & { type: 'repeat' }, next: number): number {
    let entry = next;
    if (max === undefined) {
      entry = this.#push(fork([]));
      this.states[entry] = fork([this.add(item, entry), next]);
    } else {
      // Each optional copy leads to the end itself, so that a state has few edges whatever `max` is.
      for (let i = min; i < max; i++) entry = this.#push(fork([this.add(item, entry), next]));
    }
    for (let i = 0; i < min; i++) entry = this.add(item, entry);
    return entry;
  }

  #push(state: NfaState): number {
    this.#effort.spend(1);
    this.#effort.checkStates(this.states.length);
    return this.states.push(state) - 1;
  }
}

const fork = (empty: readonly number[]): NfaState => ({ set: undefined, target: -1, gate: 'any', empty });
