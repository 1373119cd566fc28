import type { AllowedTokens } from '../../sampling/allowed-tokens.ts';
import type { Configuration } from './configuration.ts';
import type { Fuel } from './fuel.ts';
import type { Entries, StackSet, Thread } from './stack-sets.ts';
import { type EndNodes, type Found, joinTokens, type TerminalWalks } from './terminal-walks.ts';
import type { TokenTrie } from './token-trie.ts';

/** What masks ask of the grammar of a configuration. */
export interface MaskGrammar {
  entriesOf(set: StackSet): Entries;
  step(from: Configuration, byte: number): Configuration | undefined;
  specialTokenId(name: string): number | undefined;
}

/** Walks that are joined to one mask, and how many of them follow each other; else the tokens are read one by one. */
const MAX_JOINED = 256;
const MAX_CHAIN = 8;
/** Of a walk that is joined, in units of Fuel. */
const JOIN_UNITS = 50;

/**
 * Which tokens may follow a configuration. A token is allowed if one of the threads reads it. A thread reads most tokens
 * inside its terminal, whatever follows: TerminalWalks has these. Only tokens that lead beyond the end of the terminal
 * depend on the stacks; they are looked for behind the nodes at which the terminal may end. Where a token may be cut into
 * terminals in many ways, that is a walk for each way. Then the tokens are read one by one instead, byte by byte.
 */
export class TokenMasks {
  readonly #trie: TokenTrie;
  readonly #walks: TerminalWalks;
  readonly #fuel: Fuel;

  constructor(trie: TokenTrie, walks: TerminalWalks, fuel: Fuel) {
    this.#trie = trie;
    this.#walks = walks;
    this.#fuel = fuel;
  }

  of(configuration: Configuration, grammar: MaskGrammar): AllowedTokens {
    const mask = new MaskInParts(this.#walks, this.#fuel, grammar);
    const isWhole = configuration.threads.every((thread) => mask.collect(thread, undefined, 1));
    const specials = configuration.specials.flatMap(({ name }) => grammar.specialTokenId(name) ?? []);
    const { vocabSize } = this.#trie.data;
    if (isWhole) return joinTokens(mask.parts, specials, vocabSize);
    return joinTokens([], [...specials, ...this.#readTokens(configuration, grammar)], vocabSize);
  }

  /** The tokens whose bytes lead somewhere; those that begin alike are read once. */
  #readTokens(start: Configuration, grammar: MaskGrammar): number[] {
    const { byteOf, depthOf, endOf, tokensFrom, tokenIds } = this.#trie.data;
    const read: number[] = [];
    const reached: Configuration[] = [start]; // by depth
    for (let node = 1; node < byteOf.length;) {
      const depth = depthOf[node] ?? 0;
      const before = reached[depth - 1];
      const after = before && grammar.step(before, byteOf[node] ?? 0);
      if (after === undefined) {
        node = endOf[node] ?? byteOf.length;
        continue;
      }
      reached[depth] = after;
      for (let at = tokensFrom[node] ?? 0; at < (tokensFrom[node + 1] ?? 0); at++)
        read.push(tokenIds[at] ?? 0);
      node++;
    }
    return read;
  }
}

/** The walks that make up one mask. */
class MaskInParts {
  readonly parts: Found[] = [];
  readonly #walks: TerminalWalks;
  readonly #fuel: Fuel;
  readonly #grammar: MaskGrammar;
  /** The nodes behind which each thread was looked for: what can follow a text may be what the text began with. */
  readonly #walked = new Map<Thread, EndNodes[]>();

  constructor(walks: TerminalWalks, fuel: Fuel, grammar: MaskGrammar) {
    this.#walks = walks;
    this.#fuel = fuel;
    this.#grammar = grammar;
  }

  /** Adds all that a thread, and what comes behind it, reads of tokens behind some nodes; false if it takes too many walks. */
  collect(thread: Thread, nodes: EndNodes | undefined, numChained: number): boolean {
    if (this.parts.length >= MAX_JOINED || numChained > MAX_CHAIN) return false;
    this.#fuel.spend(JOIN_UNITS);
    const roots = nodes && this.#notWalked(thread, nodes);
    if (nodes !== undefined && roots === undefined) return true;
    const found = this.#walks.of(thread.terminal, thread.state, roots);
    const { ends, numTokens } = found;
    if (numTokens > 0 || ends !== undefined) this.parts.push(found);
    if (ends === undefined) return true;
    const { threads } = this.#grammar.entriesOf(thread.behind);
    return threads.every((next) => this.collect(next, ends, numChained + 1));
  }

  #notWalked(thread: Thread, nodes: EndNodes): EndNodes | undefined {
    const walked = this.#walked.get(thread);
    if (walked === undefined) {
      this.#walked.set(thread, [nodes]);
      return nodes;
    }
    const rest = this.#walks.without(nodes, walked);
    if (rest !== undefined) walked.push(rest);
    return rest;
  }
}
