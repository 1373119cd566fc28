import type { ByteAutomaton, Expression, Grammar, Terminal } from '../../../src/grammar/grammar.ts';

/** An edge of an automaton by hand: from a state, by each of the characters (of ASCII), to a state. */
export type Edge = readonly [from: number, characters: string, to: number];

export function automaton(edges: readonly Edge[], accepting: readonly number[]): ByteAutomaton {
  const numStates = 1 + Math.max(...edges.flatMap(([from, , to]) => [from, to]), ...accepting);
  const classOf = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const next = new Int32Array(numStates * 256).fill(-1);
  for (const [from, characters, to] of edges) {
    for (const character of Buffer.from(characters, 'latin1')) next[from * 256 + character] = to;
  }
  const accepts = Uint8Array.from({ length: numStates }, (_, state) => Number(accepting.includes(state)));
  return { numStates, classOf, numClasses: 256, next, accepts };
}

/** Grammars by hand: terminals are collected as they are used. */
export class GrammarBuilder {
  readonly terminals: Terminal[] = [];

  terminal(terminal: Terminal): Expression {
    return { type: 'terminal', index: this.terminals.push(terminal) - 1 };
  }

  literal(text: string): Expression {
    return this.terminal({ type: 'literal', bytes: Buffer.from(text) });
  }

  build(...rules: readonly Expression[]): Grammar {
    return { terminals: this.terminals, rules };
  }
}

export const sequence = (...items: readonly Expression[]): Expression => ({ type: 'sequence', items });
export const choice = (...items: readonly Expression[]): Expression => ({ type: 'choice', items });
export const rule = (index: number): Expression => ({ type: 'rule', index });
export const repeat = (item: Expression, min: number, max?: number): Expression => ({
  type: 'repeat',
  item,
  min,
  max,
});

const DIGITS = '0123456789';
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/** A small language with all there is: nesting, counted strings, numbers that end anywhere, choices that begin alike. */
export function smallJson(): Grammar {
  const make = new GrammarBuilder();
  const number = make.terminal({
    type: 'automaton',
    automaton: automaton(
      [
        [0, '-', 1],
        [0, '0', 2],
        [0, '123456789', 3],
        [1, '0', 2],
        [1, '123456789', 3],
        [3, DIGITS, 3],
        [2, '.', 4],
        [3, '.', 4],
        [4, DIGITS, 5],
        [5, DIGITS, 5],
      ],
      [2, 3, 5],
    ),
  });
  const string = sequence(
    make.literal('"'),
    make.terminal({
      type: 'counted',
      word: automaton(
        [
          [0, LETTERS + ' ', 1],
          [0, '\\', 2],
          [2, 'n"', 1],
        ],
        [1],
      ),
      min: 1,
      max: 5,
    }),
    make.literal('"'),
  );
  const value = rule(1);
  const list = sequence(
    make.literal('['),
    choice(sequence(value, repeat(sequence(make.literal(','), value), 0, 3)), sequence()),
    make.literal(']'),
  );
  const object = sequence(
    make.literal('{"a":'),
    value,
    repeat(make.literal(',"b":true'), 0, 1),
    make.literal('}'),
  );
  const words = choice(make.literal('true'), make.literal('tru'), make.literal('null'));
  return make.build(value, choice(number, string, list, object, words));
}
