import type { ByteAutomaton, Terminal } from '../grammar.ts';
import type { GrammarSource } from './token-grammar.ts';

/**
 * A grammar that came from another process, with memory of its own. There its arrays are views of what the channel read,
 * so that one terminal that is kept would hold on to whole messages.
 */
export const ownSource = ({ grammar, specialTokenIds, nodeCosts }: GrammarSource): GrammarSource => ({
  grammar: { rules: grammar.rules, terminals: grammar.terminals.map(ownTerminal) },
  specialTokenIds,
  ...(nodeCosts !== undefined && { nodeCosts: new Float64Array(nodeCosts) }),
});

function ownTerminal(terminal: Terminal): Terminal {
  switch (terminal.type) {
    case 'literal':
      return { ...terminal, bytes: new Uint8Array(terminal.bytes) };
    case 'counted':
      return { ...terminal, word: ownAutomaton(terminal.word) };
    default:
      return { ...terminal, automaton: ownAutomaton(terminal.automaton) };
  }
}

const ownAutomaton = ({ classOf, next, accepts, ...sizes }: ByteAutomaton): ByteAutomaton => ({
  ...sizes,
  classOf: new Uint8Array(classOf),
  next: new Int32Array(next),
  accepts: new Uint8Array(accepts),
});
