import type { ByteAutomaton, Expression, Grammar, Terminal } from './grammar.ts';

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
