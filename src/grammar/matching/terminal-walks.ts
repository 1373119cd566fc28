import type { AllowedTokens } from '../../sampling/allowed-tokens.ts';
import { CountedWalk } from './counted-walk.ts';
import type { Fuel } from './fuel.ts';
import type { SharedTerminal } from './stack-sets.ts';
import { SizedStates } from './sized-states.ts';
import { SizedWalk } from './sized-walk.ts';
import { CountedStates } from './terminal-states.ts';
import { walkTokens, type TokenWalk } from './token-walk.ts';
import type { TokenTrie } from './token-trie.ts';

/** Tokens that one walk found, and where it left its terminal. */
export interface Found {
  readonly tokens: AllowedTokens;
  readonly numTokens: number;
  readonly ends: EndNodes | undefined;
}

/** Nodes of the trie at which a terminal may end. The object stands for them: what was found behind them is kept by it. */
export interface EndNodes {
  readonly id: number;
  /** In rising order. */
  readonly nodes: Int32Array;
}

const ROOT: readonly number[] = [0];
/** A list is shorter than the bits, and quicker to draw from, while it holds less than this share of the vocabulary. */
const LIST_SHARE = 1 / 64;
/** Of memory, about: an object and its place in a map. */
const ENTRY_BYTES = 400;

/**
 * The tokens that a terminal reads from one of its states on, whatever follows it. A walk over the vocabulary is made
 * once for a state and kept for all texts and grammars.
 */
export class TerminalWalks {
  readonly #trie: TokenTrie;
  readonly #fuel: Fuel;
  readonly #keep: (numBytes: number) => void;
  readonly #found = new Map<string, Found>();
  readonly #counted = new Map<string, CountedWalk>();
  readonly #sized = new Map<string, SizedWalk>();
  /** What `without` found; undefined where nothing was left. */
  readonly #rests = new Map<string, EndNodes | undefined>();
  #numIds = 0;

  /** @param keep is told of bytes that are kept */
  constructor(trie: TokenTrie, fuel: Fuel, keep: (numBytes: number) => void) {
    this.#trie = trie;
    this.#fuel = fuel;
    this.#keep = keep;
  }

  /** @param roots behind whose bytes the terminal begins; undefined: at the root of the trie */
  of(terminal: SharedTerminal, state: number, roots: EndNodes | undefined): Found {
    const key = `${terminal.id} ${roots?.id ?? ''} ${this.#stateKey(terminal, state)}`;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const walk =
      (roots === undefined ? this.#sharedTokens(terminal, state) : undefined) ??
      walkTokens(this.#trie, terminal.states, state, roots?.nodes ?? ROOT, this.#fuel);
    const found = this.#toFound(walk);
    this.#keep(ENTRY_BYTES + sizeOf(found.tokens) + walk.endNodes.byteLength);
    this.#found.set(key, found);
    return found;
  }

  /** The nodes that are in none of some other sets; undefined if there is none. */
  without(from: EndNodes, others: readonly EndNodes[]): EndNodes | undefined {
    if (others.includes(from)) return undefined;
    const key = [from, ...others].map(({ id }) => id).join(' ');
    if (this.#rests.has(key)) return this.#rests.get(key);
    this.#fuel.spend(from.nodes.length * others.length);
    const nodes = from.nodes.filter((node) => !others.some((other) => holds(other.nodes, node)));
    const isSame = nodes.length === from.nodes.length;
    const rest = nodes.length === 0 ? undefined : isSame ? from : { id: this.#numIds++, nodes };
    this.#keep(ENTRY_BYTES + (isSame ? 0 : nodes.byteLength));
    this.#rests.set(key, rest);
    return rest;
  }

  forget(): void {
    this.#found.clear();
    this.#rests.clear();
    this.#counted.clear();
    this.#sized.clear();
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
    this.#fuel.spend(this.#trie.data.byteOf.length);
    const walk = new CountedWalk(this.#trie, states, place);
    this.#keep(ENTRY_BYTES + walk.numBytes);
    this.#counted.set(key, walk);
    return walk;
  }

  #sizedWalk(id: number, states: SizedStates, place: number): SizedWalk {
    const key = `${id} ${place}`;
    const known = this.#sized.get(key);
    if (known !== undefined) return known;
    this.#fuel.spend(this.#trie.data.byteOf.length);
    const walk = new SizedWalk(this.#trie, states, place);
    this.#keep(ENTRY_BYTES + walk.numBytes);
    this.#sized.set(key, walk);
    return walk;
  }

  #toFound({ tokenIds, endNodes }: TokenWalk): Found {
    const { vocabSize } = this.#trie.data;
    return {
      tokens: isShort(tokenIds.length, vocabSize)
        ? { type: 'list', tokenIds: tokenIds.toSorted() }
        : { type: 'bits', bits: toBits([tokenIds], vocabSize) },
      numTokens: tokenIds.length,
      ends: endNodes.length === 0 ? undefined : { id: this.#numIds++, nodes: endNodes.toSorted() },
    };
  }
}

/** By bisection. */
function holds(nodes: Int32Array, wanted: number): boolean {
  let low = 0;
  let high = nodes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((nodes[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return nodes[low] === wanted;
}

/** The tokens of walks, and some others, as one. */
export function joinTokens(
  parts: readonly Found[],
  others: readonly number[],
  vocabSize: number,
): AllowedTokens {
  const [only] = parts;
  if (only !== undefined && parts.length === 1 && others.length === 0) return only.tokens;
  const numTokens = parts.reduce((sum, part) => sum + part.numTokens, others.length);
  const lists = parts.flatMap(({ tokens }) => (tokens.type === 'list' ? [tokens.tokenIds] : []));
  if (isShort(numTokens, vocabSize) && lists.length === parts.length) {
    const ids = new Set(others);
    for (const list of lists) for (const id of list) ids.add(id);
    return { type: 'list', tokenIds: Int32Array.from(ids).toSorted() };
  }
  const bits = toBits([...lists, others], vocabSize);
  for (const { tokens } of parts) {
    if (tokens.type === 'bits') orInto(bits, tokens.bits);
  }
  return { type: 'bits', bits };
}

const isShort = (numTokens: number, vocabSize: number): boolean => numTokens <= vocabSize * LIST_SHARE;

function toBits(lists: readonly (Int32Array | readonly number[])[], vocabSize: number): Uint32Array {
  const bits = new Uint32Array(Math.ceil(vocabSize / 32)); // [vocab / 32]
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      const id = list[i] ?? 0;
      bits[id >> 5] = (bits[id >> 5] ?? 0) | (1 << (id & 31));
    }
  }
  return bits;
}

function orInto(bits: Uint32Array, others: Uint32Array): void {
  for (let i = 0; i < bits.length; i++) bits[i] = (bits[i] ?? 0) | (others[i] ?? 0);
}

/** Bytes of memory that tokens take. */
export const sizeOf = (tokens: AllowedTokens): number =>
  tokens.type === 'list' ? tokens.tokenIds.byteLength : tokens.bits.byteLength;
