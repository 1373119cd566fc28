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
    const parts: Found[] = [];
    const isWhole = configuration.threads.every((thread) =>
      this.#collect(thread, undefined, grammar, parts, 1),
    );
    const specials = configuration.specials.flatMap(({ name }) => grammar.specialTokenId(name) ?? []);
    const { vocabSize } = this.#trie.data;
    if (isWhole) return joinTokens(parts, specials, vocabSize);
    return joinTokens([], [...specials, ...this.#readTokens(configuration, grammar)], vocabSize);
  }

  /** All that a thread, and what comes behind it, reads of tokens behind some nodes; false if it takes too many walks. */
  #collect(
    { terminal, state, behind }: Thread,
    roots: EndNodes | undefined,
    grammar: MaskGrammar,
    parts: Found[],
    numChained: number,
  ): boolean {
    if (parts.length >= MAX_JOINED || numChained > MAX_CHAIN) return false;
    this.#fuel.spend(JOIN_UNITS);
    const found = this.#walks.of(terminal, state, roots);
    const { ends, numTokens } = found;
    if (numTokens > 0 || ends !== undefined) parts.push(found);
    if (ends === undefined) return true;
    return grammar
      .entriesOf(behind)
      .threads.every((thread) => this.#collect(thread, ends, grammar, parts, numChained + 1));
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
