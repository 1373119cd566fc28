import type { ByteAutomaton, Expression, Terminal } from '../grammar.ts';
import type { Effort } from '../regular/effort.ts';

/** The terminals of a grammar, each content once: what is kept for a terminal then serves each place of it. */
export class TerminalTable {
  readonly terminals: Terminal[] = [];
  readonly #texts = new Map<string, number>();
  readonly #automata = new Map<string, number>();
  /** The quick way for one that comes again. */
  readonly #sameAutomata = new Map<ByteAutomaton, Expression>();
  readonly #effort: Effort;

  constructor(effort: Effort) {
    this.#effort = effort;
  }

  text(text: string): Expression {
    const known = this.#texts.get(text);
    const index = known ?? this.#add({ type: 'literal', bytes: new Uint8Array(Buffer.from(text)) });
    this.#texts.set(text, index);
    return { type: 'terminal', index };
  }

  automaton(automaton: ByteAutomaton): Expression {
    const known = this.#sameAutomata.get(automaton);
    const expression = known ?? this.#intern('', automaton, () => ({ type: 'automaton', automaton }));
    this.#sameAutomata.set(automaton, expression);
    return expression;
  }

  counted(word: ByteAutomaton, min: number, max: number | undefined): Expression {
    return this.#intern(`${min},${max ?? ''}`, word, () => ({ type: 'counted', word, min, max }));
  }

  sized(automaton: ByteAutomaton, min: number, max: number | undefined): Expression {
    return this.#intern(`sized ${min},${max ?? ''}`, automaton, () => ({
      type: 'sized',
      automaton,
      min,
      max,
    }));
  }

  #intern(prefix: string, automaton: ByteAutomaton, make: () => Terminal): Expression {
    const key = `${prefix}:${contentKey(automaton)}`;
    let index = this.#automata.get(key);
    if (index === undefined) {
      this.#effort.keepStates(automaton.numStates);
      this.#effort.spend(automaton.next.length);
      index = this.#add(make());
      this.#automata.set(key, index);
    }
    return { type: 'terminal', index };
  }

  #add(terminal: Terminal): number {
    return this.terminals.push(terminal) - 1;
  }
}

const keys = new WeakMap<ByteAutomaton, string>();

/** Equal for automata that are equal in every field. */
function contentKey(automaton: ByteAutomaton): string {
  let key = keys.get(automaton);
  if (key === undefined) {
    const { numStates, numClasses, classOf, next, accepts } = automaton;
    const bytes = [classOf, new Uint8Array(next.buffer, next.byteOffset, next.byteLength), accepts];
    key = `${numStates},${numClasses},${Buffer.concat(bytes).toString('latin1')}`;
    keys.set(automaton, key);
  }
  return key;
}
