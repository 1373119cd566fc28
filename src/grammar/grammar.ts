/**
 * A context-free grammar over the bytes of UTF-8, as plain data: it crosses from one process to another by structured
 * clone. Its leaves are automata, so that a state of the whole is a state of one automaton and a stack of what follows.
 *
 * The compiler holds to these, so that a matcher cannot go round without reading a byte:
 * - no rule is left-recursive: none comes back to itself before a byte or a special token has been read;
 * - the item of a repeat does not match the empty text;
 * - there is a text of each rule, of each alternative and of each automaton.
 */
export interface Grammar {
  readonly terminals: readonly Terminal[];
  /** `rules[0]` is the whole text. */
  readonly rules: readonly Expression[];
}

export type Expression =
  /** A text of that automaton; `index` into `terminals`. */
  | { readonly type: 'terminal'; readonly index: number }
  /** One special token, by what it is written as: these are no text. */
  | { readonly type: 'specialToken'; readonly name: string }
  | { readonly type: 'sequence'; readonly items: readonly Expression[] }
  | { readonly type: 'choice'; readonly items: readonly Expression[] }
  /** `max` undefined: without end. */
  | {
      readonly type: 'repeat';
      readonly item: Expression;
      readonly min: number;
      readonly max: number | undefined;
    }
  /** `index` into `rules`; rules may refer to each other and to themselves. */
  | { readonly type: 'rule'; readonly index: number };

export type Terminal =
  /** The bytes of one text. */
  | { readonly type: 'literal'; readonly bytes: Uint8Array }
  | { readonly type: 'automaton'; readonly automaton: ByteAutomaton }
  /**
   * `min` to `max` words of an automaton, one after the other: a counter in place of as many copies of its states.
   * No word of it is the beginning of another, so that each byte has one meaning.
   */
  | {
      readonly type: 'counted';
      readonly word: ByteAutomaton;
      readonly min: number;
      readonly max: number | undefined;
    }
  /**
   * The texts of an automaton, as the content of a JSON string, that have `min` to `max` characters; an escape is one. A
   * counter in place of a state for each length. `max` is large enough for one of them.
   */
  | {
      readonly type: 'sized';
      readonly automaton: ByteAutomaton;
      readonly min: number;
      readonly max: number | undefined;
    };

/**
 * A deterministic finite automaton over bytes. State 0 is its start. Every state leads to an accepting one, so that a
 * text that is alive can be finished.
 */
export interface ByteAutomaton {
  readonly numStates: number;
  /** Bytes of one class lead to the same states: [256]. */
  readonly classOf: Uint8Array;
  readonly numClasses: number;
  /** The next state, or -1: [states * classes]. */
  readonly next: Int32Array;
  /** 1 where a text may end: [states]. */
  readonly accepts: Uint8Array;
}

/** Of an expression, of a literal and of an automaton beside their bytes, about: as objects in memory. */
const EXPRESSION_BYTES = 100;
const LITERAL_BYTES = 250;
const AUTOMATON_BYTES = 900;

/** Bytes of memory that a grammar takes, about. */
export function grammarBytes({ terminals, rules }: Grammar): number {
  const ofTerminals = terminals.reduce((sum, terminal) => sum + terminalBytes(terminal), 0);
  return ofTerminals + EXPRESSION_BYTES * rules.reduce((sum, rule) => sum + numExpressions(rule), 0);
}

function terminalBytes(terminal: Terminal): number {
  if (terminal.type === 'literal') return LITERAL_BYTES + terminal.bytes.length;
  return AUTOMATON_BYTES + automatonBytes(terminal.type === 'counted' ? terminal.word : terminal.automaton);
}

const automatonBytes = ({ classOf, next, accepts }: ByteAutomaton): number =>
  classOf.byteLength + next.byteLength + accepts.byteLength;

function numExpressions(expression: Expression): number {
  switch (expression.type) {
    case 'sequence':
    case 'choice':
      return expression.items.reduce((sum, item) => sum + numExpressions(item), 1);
    case 'repeat':
      return 1 + numExpressions(expression.item);
    default:
      return 1;
  }
}
