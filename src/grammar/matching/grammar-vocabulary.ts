import { createHash } from 'node:crypto';
import type { ByteAutomaton, Terminal } from '../grammar.ts';
import { Fuel } from './fuel.ts';
import { type Forgetful, KeptMatches } from './configuration.ts';
import { SizedStates } from './sized-states.ts';
import type { SharedTerminal } from './stack-sets.ts';
import { AutomatonStates, CountedStates, LiteralStates, type TerminalStates } from './terminal-states.ts';
import { TerminalWalks } from './terminal-walks.ts';
import { TokenMasks } from './token-masks.ts';
import { TokenTrie, type TokenTrieData } from './token-trie.ts';

/**
 * What all grammars of a vocabulary may remember of terminals, walks, stacks and masks. Beside it there are what running
 * texts hold (MAX_TEXT_FRAMES) and the grammars themselves.
 */
const MAX_KEPT_BYTES = 32 * 2 ** 20;
/** Of a terminal, about, beside its states. */
const TERMINAL_BYTES = 500;

/** A vocabulary, and what all grammars over it share: terminals of the same content, and the walks made of them. */
export class GrammarVocabulary implements Forgetful {
  /** The texts of the tokens are there as long as the model is. */
  readonly ownBytes = 0;
  readonly trie: TokenTrie;
  readonly masks: TokenMasks;
  readonly fuel: Fuel;
  readonly kept: KeptMatches;
  readonly #walks: TerminalWalks;
  readonly #terminals = new Map<string, SharedTerminal>();
  #numIds = 0;

  constructor(
    data: TokenTrieData,
    { maxKeptBytes = MAX_KEPT_BYTES, maxFuel }: { maxKeptBytes?: number; maxFuel?: number } = {},
  ) {
    this.trie = new TokenTrie(data);
    this.fuel = new Fuel(maxFuel);
    this.kept = new KeptMatches(maxKeptBytes);
    this.#walks = new TerminalWalks(this.trie, this.fuel, (numBytes) => this.kept.keep(this, numBytes));
    this.masks = new TokenMasks(this.trie, this.#walks, this.fuel);
  }

  /** @param suffix of a counted or sized terminal, see CountedStates */
  terminal(terminal: Terminal, suffix: Uint8Array): SharedTerminal {
    const key = contentKey(terminal, suffix);
    const known = this.#terminals.get(key);
    if (known !== undefined) return known;
    const shared: SharedTerminal = { id: this.#numIds++, states: toStates(terminal, suffix) };
    this.#terminals.set(key, shared);
    this.kept.keep(this, TERMINAL_BYTES + 2 * key.length + shared.states.numBytes);
    return shared;
  }

  /** Grammars keep the terminals that they have; others of the same content are made again. */
  forget(): void {
    this.#terminals.clear();
    this.#walks.forget();
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
