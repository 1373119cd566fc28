import type { Fuel } from './fuel.ts';
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
  // Behind one root no node comes twice, and nodes come in rising order.
  const once = (numbers: readonly number[]): Int32Array =>
    roots.length > 1 ? distinct(numbers) : Int32Array.from(numbers);
  return { tokenIds: once(found), endNodes: once(endNodes) };
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
