import type { Fuel } from './fuel.ts';
import type { CountedStates } from './terminal-states.ts';
import { DEAD, type TerminalStates } from './terminal-states.ts';
import type { TokenTrie } from './token-trie.ts';

/** What a walk over the vocabulary finds from a state of a terminal. */
export interface TokenWalk {
  /** Tokens that the terminal reads to their last byte, each once, in no order. */
  readonly tokenIds: Int32Array;
  /** Nodes of the trie at which the terminal's text may end, and below which there are longer tokens. */
  readonly endNodes: Int32Array;
}

/** All tokens that a terminal reads from a state on, behind the bytes of each of some nodes. */
export function walkTokens(
  trie: TokenTrie,
  states: TerminalStates,
  start: number,
  roots: Int32Array | readonly number[],
  fuel: Fuel,
): TokenWalk {
  const { byteOf, depthOf, endOf, tokensFrom, tokenIds } = trie.data;
  // Of the nodes below a root, one can be read: a choice of a thousand names would look at all of them for each.
  const onlyByte = states.accepts(start) ? DEAD : states.onlyByte(start);
  const found: number[] = [];
  const endNodes: number[] = [];
  const stateAt: number[] = []; // by depth
  // Roots may lie one behind the other. Where two ways meet in one state, what follows was found by the first.
  const stateOf = roots.length > 1 ? new Int32Array(byteOf.length).fill(DEAD) : undefined; // [nodes]
  for (let i = 0; i < roots.length; i++) {
    const root = roots[i] ?? 0;
    stateAt[depthOf[root] ?? 0] = start;
    const child = onlyByte === DEAD ? root + 1 : trie.childOf(root, onlyByte);
    const end = child < 0 ? child : (endOf[onlyByte === DEAD ? root : child] ?? 0);
    let numVisited = 1;
    for (let node = child; node < end;) {
      numVisited++;
      const depth = depthOf[node] ?? 0;
      const state = states.step(stateAt[depth - 1] ?? DEAD, byteOf[node] ?? 0);
      const behind = endOf[node] ?? end;
      if (state === DEAD || stateOf?.[node] === state) {
        node = behind;
        continue;
      }
      stateAt[depth] = state;
      if (stateOf !== undefined) stateOf[node] = state;
      for (let at = tokensFrom[node] ?? 0; at < (tokensFrom[node + 1] ?? 0); at++)
        found.push(tokenIds[at] ?? 0);
      if (behind > node + 1 && states.accepts(state)) endNodes.push(node);
      node++;
    }
    fuel.spend(numVisited);
  }
  return { tokenIds: distinct(found), endNodes: distinct(endNodes) };
}

/** Each number once, in rising order. */
function distinct(numbers: readonly number[]): Int32Array {
  const sorted = Int32Array.from(numbers).sort();
  let length = 0;
  for (let i = 0; i < sorted.length; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[length++] = sorted[i] ?? 0;
  }
  return sorted.subarray(0, length);
}

/**
 * The same for a counted terminal, whatever its least and most: a walk without bounds that notes how many words each
 * token needs. A string near its greatest length has another state for each character, and they all share this walk.
 */
export class CountedWalk {
  /** Tokens that end among the words, and the words that they begin or go on with. */
  readonly #inside: Noted;
  /** Tokens that end in the literal behind the words, and the whole words before it. */
  readonly #behind: Noted;
  /** Nodes at which the terminal may end, and the whole words before. */
  readonly #ends: Noted;
  readonly #mostWords: number;

  /** @param place in the first word, see CountedStates */
  constructor(trie: TokenTrie, counted: CountedStates, place: number) {
    const { inside, behind, ends } = walkWords(trie, counted, place);
    this.#inside = inside;
    this.#behind = behind;
    this.#ends = ends;
    this.#mostWords = Math.max(...[inside, behind, ends].map(({ words }) => words.reduce(most, 0)));
  }

  /** Of memory, about. */
  get numBytes(): number {
    return 16 * [this.#inside, this.#behind, this.#ends].reduce((sum, { ids }) => sum + ids.length, 0);
  }

  /** How many more words may come, and how many must, as far as it makes a difference. */
  clamp(mayCome: number, mustCome: number): { mayCome: number; mustCome: number } {
    return {
      mayCome: Math.min(mayCome, this.#mostWords),
      mustCome: Math.min(mustCome, this.#mostWords + 1),
    };
  }

  tokens(mayCome: number, mustCome: number): TokenWalk {
    const tokenIds = [...pick(this.#inside, 0, mayCome), ...pick(this.#behind, mustCome, mayCome)];
    return {
      tokenIds: Int32Array.from(tokenIds),
      endNodes: Int32Array.from(pick(this.#ends, mustCome, mayCome)),
    };
  }
}

/** Tokens or nodes, and a number of words for each. */
interface Noted {
  readonly ids: number[];
  readonly words: number[];
}

const most = (one: number, other: number): number => (one > other ? one : other);

const pick = ({ ids, words }: Noted, least: number, greatest: number): number[] =>
  ids.filter((_, i) => (words[i] ?? 0) >= least && (words[i] ?? 0) <= greatest);

function walkWords(
  { data }: TokenTrie,
  { word, suffix, firstSuffixPlace }: CountedStates,
  start: number,
): { inside: Noted; behind: Noted; ends: Noted } {
  const { byteOf, depthOf, endOf, tokensFrom, tokenIds } = data;
  const inside: Noted = { ids: [], words: [] };
  const behind: Noted = { ids: [], words: [] };
  const ends: Noted = { ids: [], words: [] };
  const lastPlace = firstSuffixPlace + suffix.length - 1;
  const placeAt = [start]; // by depth
  const wordsAt = [0]; // by depth: whole ones
  for (let node = 1; node < byteOf.length;) {
    const depth = depthOf[node] ?? 0;
    const byte = byteOf[node] ?? 0;
    const place = placeAt[depth - 1] ?? 0;
    let words = wordsAt[depth - 1] ?? 0;
    let next: number;
    if (place >= firstSuffixPlace) {
      next = suffix[place - firstSuffixPlace + 1] === byte ? place + 1 : DEAD;
    } else if (place === 0 && suffix[0] === byte) {
      next = firstSuffixPlace;
    } else {
      next = word.step(place, byte);
      if (next !== DEAD && word.accepts(next)) {
        next = 0;
        words++;
      }
    }
    const nodeEnd = endOf[node] ?? byteOf.length;
    if (next === DEAD) {
      node = nodeEnd;
      continue;
    }
    placeAt[depth] = next;
    wordsAt[depth] = words;
    const isBehind = next >= firstSuffixPlace;
    const noted = isBehind ? behind : inside;
    for (let at = tokensFrom[node] ?? 0; at < (tokensFrom[node + 1] ?? 0); at++) {
      noted.ids.push(tokenIds[at] ?? 0);
      noted.words.push(isBehind || next === 0 ? words : words + 1);
    }
    const mayEnd = suffix.length === 0 ? next === 0 : next === lastPlace;
    if (mayEnd && nodeEnd > node + 1) {
      ends.ids.push(node);
      ends.words.push(words);
    }
    node++;
  }
  return { inside, behind, ends };
}
