import { createHash } from 'node:crypto';
import type { ByteAutomaton, Terminal } from '../grammar.ts';
import { SizedStates } from './sized-states.ts';
import type { SharedTerminal } from './stacks.ts';
import { AutomatonStates, CountedStates, LiteralStates, type TerminalStates } from './terminal-states.ts';
import { TokenMasks } from './token-masks.ts';
import { TokenTrie, type TokenTrieData } from './token-trie.ts';

/** Terminals that are known by their content; then all are forgotten, except what is in use. */
const MAX_TERMINALS = 8192;

/** A vocabulary, and what all grammars over it share: terminals of the same content, and the masks made of them. */
export class GrammarVocabulary {
  readonly trie: TokenTrie;
  readonly masks: TokenMasks;
  readonly #terminals = new Map<string, SharedTerminal>();
  #numIds = 0;

  constructor(data: TokenTrieData) {
    this.trie = new TokenTrie(data);
    this.masks = new TokenMasks(this.trie);
  }

  /** @param suffix of a counted or sized terminal, see CountedStates */
  terminal(terminal: Terminal, suffix: Uint8Array): SharedTerminal {
    const key = contentKey(terminal, suffix);
    const known = this.#terminals.get(key);
    if (known !== undefined) return known;
    if (this.#terminals.size >= MAX_TERMINALS) this.#terminals.clear();
    const shared: SharedTerminal = { id: this.#numIds++, states: toStates(terminal, suffix) };
    this.#terminals.set(key, shared);
    return shared;
  }
}

function toStates(terminal: Terminal, suffix: Uint8Array): TerminalStates {
  if (terminal.type === 'literal') return new LiteralStates(terminal.bytes);
  if (terminal.type === 'automaton') return new AutomatonStates(terminal.automaton);
  if (terminal.type === 'sized') return new SizedStates(terminal, suffix);
  return new CountedStates(terminal, suffix);
}

function contentKey(terminal: Terminal, suffix: Uint8Array): string {
  if (terminal.type === 'literal') return `literal ${Buffer.from(terminal.bytes).toString('latin1')}`;
  if (terminal.type === 'automaton') return `automaton ${digest(terminal.automaton)}`;
  const { type, min, max = '' } = terminal;
  const automaton = type === 'sized' ? terminal.automaton : terminal.word;
  return `${type} ${min} ${max} ${digest(automaton)} ${Buffer.from(suffix).toString('latin1')}`;
}

function digest({ numStates, numClasses, classOf, next, accepts }: ByteAutomaton): string {
  const hash = createHash('sha256').update(`${numStates} ${numClasses}`);
  for (const array of [classOf, next, accepts]) {
    hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  return hash.digest('base64');
}
