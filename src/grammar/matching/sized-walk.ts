import { concatenate } from './concatenate.ts';
import { DEAD } from './terminal-states.ts';
import type { SizedStates } from './sized-states.ts';
import type { TokenTrie } from './token-trie.ts';
import type { TokenWalk } from './token-walk.ts';

/** Tokens that lead to one place by the same number of characters. */
interface Group<Ids = Int32Array> {
  readonly place: number;
  readonly numCharacters: number;
  readonly tokenIds: Ids;
  /** Nodes that lead there and have longer tokens below. */
  readonly nodes: Ids;
}

/** The walk over the vocabulary from a place of SizedStates, whatever the length of the text so far. */
export class SizedWalk {
  readonly #states: SizedStates;
  readonly #groups: readonly Group[];

  constructor(trie: TokenTrie, states: SizedStates, place: number) {
    this.#states = states;
    this.#groups = walkGroups(trie, states, place).map((group) => ({
      ...group,
      tokenIds: Int32Array.from(group.tokenIds),
      nodes: Int32Array.from(group.nodes),
    }));
  }

  /** Of memory, about. */
  get numBytes(): number {
    return this.#groups.reduce(
      (sum, { tokenIds, nodes }) => sum + 64 + 4 * (tokenIds.length + nodes.length),
      0,
    );
  }

  /** Equal for counts after which the same tokens may come. */
  keyOf(count: number): string {
    return String.fromCharCode(...this.#groups.map((group) => 48 + this.#verdictOf(group, count)));
  }

  tokens(count: number): TokenWalk {
    const verdicts = this.#groups.map((group) => this.#verdictOf(group, count));
    const pick = (bit: number, ids: (group: Group) => Int32Array): Int32Array =>
      concatenate(this.#groups.filter((_, i) => ((verdicts[i] ?? 0) & bit) !== 0).map(ids));
    return { tokenIds: pick(1, ({ tokenIds }) => tokenIds), endNodes: pick(2, ({ nodes }) => nodes) };
  }

  /** 1 if a text can be there, 2 if it may end there. */
  #verdictOf({ place, numCharacters }: Group, count: number): number {
    const after = count + numCharacters;
    return (this.#states.isAlive(after, place) ? 1 : 0) | (this.#states.mayEnd(after, place) ? 2 : 0);
  }
}

function walkGroups(
  { data, maxTokenBytes }: TokenTrie,
  states: SizedStates,
  start: number,
): Group<number[]>[] {
  const { byteOf, depthOf, endOf, tokensFrom, tokenIds } = data;
  const groups: Group<number[]>[] = [];
  const width = maxTokenBytes + 1;
  const groupOf = new Int32Array((states.firstSuffixPlace + states.suffix.length) * width).fill(-1);
  const groupAt = (place: number, numCharacters: number): Group<number[]> | undefined => {
    const at = place * width + numCharacters;
    if (groupOf[at] === -1) {
      groupOf[at] = groups.push({ place, numCharacters, tokenIds: [], nodes: [] }) - 1;
    }
    return groups[groupOf[at] ?? 0];
  };
  const placeAt = [start]; // by depth
  const charactersAt = [0]; // by depth
  for (let node = 1; node < byteOf.length;) {
    const depth = depthOf[node] ?? 0;
    const byte = byteOf[node] ?? 0;
    const before = placeAt[depth - 1] ?? 0;
    const place = states.placeAfter(before, byte);
    const nodeEnd = endOf[node] ?? byteOf.length;
    if (place === DEAD) {
      node = nodeEnd;
      continue;
    }
    const numCharacters = (charactersAt[depth - 1] ?? 0) + (states.begins(before, byte) ? 1 : 0);
    placeAt[depth] = place;
    charactersAt[depth] = numCharacters;
    const from = tokensFrom[node] ?? 0;
    const to = tokensFrom[node + 1] ?? 0;
    if (to > from || nodeEnd > node + 1) {
      const group = groupAt(place, numCharacters);
      for (let at = from; at < to; at++) group?.tokenIds.push(tokenIds[at] ?? 0);
      if (nodeEnd > node + 1) group?.nodes.push(node);
    }
    node++;
  }
  return groups;
}
