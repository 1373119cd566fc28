import type { AllowedTokens } from '../../sampling/allowed-tokens.ts';
import type { Configuration } from './configuration.ts';
import { SizedStates } from './sized-states.ts';
import { SizedWalk } from './sized-walk.ts';
import type { Entries, SharedTerminal, Stack } from './stacks.ts';
import { CountedStates } from './terminal-states.ts';
import { CountedWalk, walkTokens, type TokenWalk } from './token-walk.ts';
import type { TokenTrie } from './token-trie.ts';

/** Tokens that one walk found, and where it left its terminal. */
interface Found {
  readonly tokens: AllowedTokens;
  readonly numTokens: number;
  readonly ends: EndNodes | undefined;
}

/** Nodes of the trie at which a terminal may end. The object stands for them: what was found behind them is kept by it. */
interface EndNodes {
  readonly id: number;
  readonly nodes: Int32Array;
}

const ROOT: readonly number[] = [0];
/** What is kept of the walks and masks of all grammars together; then all is forgotten. */
const MAX_KEPT_BYTES = 48 * 2 ** 20;
/** A list is shorter than the bits, and quicker to draw from, while it holds less than this share of the vocabulary. */
const LIST_SHARE = 1 / 64;

/**
 * Which tokens may follow a configuration. A token is allowed if one of the threads reads it. A thread reads most tokens
 * inside its terminal, whatever follows: such walks over the vocabulary are made once for a state of a terminal, and kept
 * for all texts and grammars. Only tokens that lead beyond the end of the terminal depend on the stack; they are looked
 * for behind the nodes at which the terminal may end.
 */
export class TokenMasks {
  readonly #trie: TokenTrie;
  readonly #found = new Map<string, Found>();
  readonly #counted = new Map<string, CountedWalk>();
  readonly #sized = new Map<string, SizedWalk>();
  readonly #allowed = new Map<Configuration, AllowedTokens>();
  #numBytes = 0;
  #numIds = 0;

  constructor(trie: TokenTrie) {
    this.#trie = trie;
  }

  /** @param entriesOf of the configuration's grammar */
  of(
    configuration: Configuration,
    entriesOf: (stack: Stack | undefined) => Entries,
    specialTokenId: (name: string) => number | undefined,
  ): AllowedTokens {
    const known = this.#allowed.get(configuration);
    if (known !== undefined) return known;
    const parts: Found[] = [];
    for (const { terminal, state, behind } of configuration.threads) {
      this.#collect(terminal, state, undefined, behind, entriesOf, parts);
    }
    const specials = configuration.specials.flatMap(({ name }) => specialTokenId(name) ?? []);
    const allowed = this.#join(parts, specials);
    if (this.#numBytes > MAX_KEPT_BYTES) this.#forget();
    this.#numBytes += sizeOf(allowed);
    this.#allowed.set(configuration, allowed);
    return allowed;
  }

  /** All that a thread, and what comes behind it, reads of tokens behind some nodes. */
  #collect(
    terminal: SharedTerminal,
    state: number,
    roots: EndNodes | undefined,
    behind: Stack | undefined,
    entriesOf: (stack: Stack | undefined) => Entries,
    parts: Found[],
  ): void {
    const found = this.#walk(terminal, state, roots);
    if (found.numTokens > 0) parts.push(found);
    if (found.ends === undefined) return;
    for (const thread of entriesOf(behind).threads) {
      this.#collect(thread.terminal, thread.state, found.ends, thread.behind, entriesOf, parts);
    }
  }

  #walk(terminal: SharedTerminal, state: number, roots: EndNodes | undefined): Found {
    const { states } = terminal;
    const key = `${terminal.id} ${roots?.id ?? ''} ${this.#stateKey(terminal, state)}`;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const walk =
      (roots === undefined ? this.#sharedTokens(terminal, state) : undefined) ??
      walkTokens(this.#trie, states, state, roots?.nodes ?? ROOT);
    const found = this.#toFound(walk);
    this.#numBytes += sizeOf(found.tokens) + walk.endNodes.byteLength;
    this.#found.set(key, found);
    return found;
  }

  /** States of one key read the same tokens. */
  #stateKey({ id, states }: SharedTerminal, state: number): string {
    if (states instanceof SizedStates) {
      const { count, place } = states.split(state);
      if (place >= states.firstSuffixPlace) return `${place}`;
      return `${place} ${this.#sizedWalk(id, states, place).keyOf(count)}`;
    }
    if (!(states instanceof CountedStates)) return `${state}`;
    const { numWords, place } = states.split(state);
    if (place >= states.firstSuffixPlace) return `${place}`;
    const { mayCome, mustCome } = this.#countedWalk(id, states, place).clamp(
      states.max - numWords,
      Math.max(states.min - numWords, 0),
    );
    return `${place} ${mayCome} ${mustCome}`;
  }

  /** Of a walk that serves all counts; undefined for a state that has none. */
  #sharedTokens({ id, states }: SharedTerminal, state: number): TokenWalk | undefined {
    if (!(states instanceof CountedStates || states instanceof SizedStates)) return undefined;
    if (states.split(state).place >= states.firstSuffixPlace) return undefined;
    if (states instanceof CountedStates) return this.#countedTokens(id, states, state);
    const { count, place } = states.split(state);
    return this.#sizedWalk(id, states, place).tokens(count);
  }

  #countedTokens(id: number, states: CountedStates, state: number): TokenWalk {
    const { numWords, place } = states.split(state);
    const walk = this.#countedWalk(id, states, place);
    const { mayCome, mustCome } = walk.clamp(states.max - numWords, Math.max(states.min - numWords, 0));
    return walk.tokens(mayCome, mustCome);
  }

  #countedWalk(id: number, states: CountedStates, place: number): CountedWalk {
    const key = `${id} ${place}`;
    const known = this.#counted.get(key);
    if (known !== undefined) return known;
    const walk = new CountedWalk(this.#trie, states, place);
    this.#numBytes += walk.numBytes;
    this.#counted.set(key, walk);
    return walk;
  }

  #sizedWalk(id: number, states: SizedStates, place: number): SizedWalk {
    const key = `${id} ${place}`;
    const known = this.#sized.get(key);
    if (known !== undefined) return known;
    const walk = new SizedWalk(this.#trie, states, place);
    this.#numBytes += walk.numBytes;
    this.#sized.set(key, walk);
    return walk;
  }

  #toFound({ tokenIds, endNodes }: TokenWalk): Found {
    return {
      tokens: this.#isShort(tokenIds.length)
        ? { type: 'list', tokenIds: tokenIds.toSorted() }
        : { type: 'bits', bits: this.#toBits([tokenIds]) },
      numTokens: tokenIds.length,
      ends: endNodes.length === 0 ? undefined : { id: this.#numIds++, nodes: endNodes },
    };
  }

  #join(parts: readonly Found[], specials: readonly number[]): AllowedTokens {
    const [only] = parts;
    if (only !== undefined && parts.length === 1 && specials.length === 0) return only.tokens;
    const numTokens = parts.reduce((sum, part) => sum + part.numTokens, specials.length);
    const lists = parts.flatMap(({ tokens }) => (tokens.type === 'list' ? [tokens.tokenIds] : []));
    if (this.#isShort(numTokens) && lists.length === parts.length) {
      const ids = new Set([...specials, ...lists.flatMap((list) => [...list])]);
      return { type: 'list', tokenIds: Int32Array.from(ids).toSorted() };
    }
    const bits = this.#toBits([...lists, specials]);
    for (const { tokens } of parts) {
      if (tokens.type === 'bits') orInto(bits, tokens.bits);
    }
    return { type: 'bits', bits };
  }

  #isShort(numTokens: number): boolean {
    return numTokens <= this.#trie.data.vocabSize * LIST_SHARE;
  }

  #toBits(lists: readonly (Int32Array | readonly number[])[]): Uint32Array {
    const bits = new Uint32Array(Math.ceil(this.#trie.data.vocabSize / 32)); // [vocab / 32]
    for (const list of lists) {
      for (let i = 0; i < list.length; i++) {
        const id = list[i] ?? 0;
        bits[id >> 5] = (bits[id >> 5] ?? 0) | (1 << (id & 31));
      }
    }
    return bits;
  }

  #forget(): void {
    this.#found.clear();
    this.#counted.clear();
    this.#sized.clear();
    this.#allowed.clear();
    this.#numBytes = 0;
  }
}

function orInto(bits: Uint32Array, others: Uint32Array): void {
  for (let i = 0; i < bits.length; i++) bits[i] = (bits[i] ?? 0) | (others[i] ?? 0);
}

const sizeOf = (tokens: AllowedTokens): number =>
  tokens.type === 'list' ? tokens.tokenIds.byteLength : tokens.bits.byteLength;
