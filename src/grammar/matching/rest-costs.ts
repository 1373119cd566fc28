import { assertInvariant } from '../../errors.ts';
import type { Node, TerminalNode } from './program.ts';
import TinyQueue from 'tinyqueue';

interface Offer {
  readonly node: number;
  readonly cost: number;
}

/**
 * The bytes of the shortest text of each node, Infinity for a node without a text: [nodes]. A special token counts as
 * one. Nodes are settled from the cheapest on (Knuth, "A generalization of Dijkstra's algorithm", 1977), each once.
 *
 * @param terminalBytes of the shortest text of a terminal
 */
export function nodeCosts(
  nodes: readonly Node[],
  terminalBytes: (node: Extract<Node, { type: 'terminal' }>) => number,
): Float64Array {
  const costs = new Float64Array(nodes.length).fill(Infinity); // [nodes]
  const isSettled = new Uint8Array(nodes.length); // [nodes]
  /** Of sequences: the cost of the items that are settled, and how many are not. */
  const sums = new Float64Array(nodes.length); // [nodes]
  const numOpen = new Int32Array(nodes.length); // [nodes]
  const usersOf = users(nodes);
  const queue = new TinyQueue<Offer>([], (one, other) => one.cost - other.cost);
  const offer = (node: number, cost: number): void => {
    if (cost >= (costs[node] ?? 0)) return;
    costs[node] = cost;
    queue.push({ node, cost });
  };

  const settlePart = (user: number, cost: number): void => {
    const node = nodes[user];
    if (node?.type === 'choice') offer(user, cost);
    else if (node?.type === 'repeat') offer(user, node.min * cost);
    else {
      sums[user] = (sums[user] ?? 0) + cost;
      numOpen[user] = (numOpen[user] ?? 0) - 1;
      if (numOpen[user] === 0) offer(user, sums[user] ?? 0);
    }
  };

  for (const [index, node] of nodes.entries()) {
    if (node.type === 'terminal') offer(index, terminalBytes(node));
    else if (node.type === 'specialToken') offer(index, 1);
    else if (node.type === 'repeat' && node.min === 0) offer(index, 0);
    else if (node.type === 'sequence') {
      numOpen[index] = node.items.length;
      if (node.items.length === 0) offer(index, 0);
    }
  }
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (isSettled[next.node] === 1) continue;
    isSettled[next.node] = 1;
    for (const user of usersOf[next.node] ?? []) settlePart(user, next.cost);
  }
  return costs;
}

/** The nodes that each node is a part of, once for each time. */
function users(nodes: readonly Node[]): number[][] {
  const usersOf: number[][] = nodes.map(() => []);
  for (const [index, node] of nodes.entries()) {
    if (node.type === 'sequence' || node.type === 'choice') {
      for (const item of node.items) usersOf[item]?.push(index);
    } else if (node.type === 'repeat') usersOf[node.item]?.push(index);
  }
  return usersOf;
}

/**
 * Bytes of the shortest text of each node, and of what is left of a node once some of its items are done. A special token
 * counts as one byte. A node of no bytes may be passed over: it matches the empty text.
 */
export class RestCosts {
  readonly #nodes: readonly Node[];
  /** [nodes] */
  readonly ofNodes: Float64Array;
  /** Of sequences that were asked for: the costs of the items from each on, [nodes][items + 1]. */
  readonly #suffixes = new Map<number, Float64Array>();

  /** @param known what another process found (`ofNodes`) */
  constructor(
    nodes: readonly Node[],
    terminalBytes: (node: TerminalNode) => number,
    known: Float64Array = nodeCosts(nodes, terminalBytes),
  ) {
    this.#nodes = nodes;
    this.ofNodes = known;
  }

  of(node: number): number {
    return this.ofNodes[node] ?? Infinity;
  }

  /** Of the items of a sequence, or the rounds of a repeat, that are not done. */
  ofRest(index: number, numDone: number): number {
    const node = this.#nodes[index];
    assertInvariant(node !== undefined, 'a frame holds a node of its program');
    if (node.type === 'sequence') return this.#suffixesOf(index, node.items)[numDone] ?? 0;
    if (node.type !== 'repeat') return this.of(index);
    const numMissing = node.min - numDone;
    return numMissing > 0 ? numMissing * this.of(node.item) : 0;
  }

  #suffixesOf(index: number, items: readonly number[]): Float64Array {
    const known = this.#suffixes.get(index);
    if (known !== undefined) return known;
    const costs = new Float64Array(items.length + 1); // [items + 1]
    for (let i = items.length - 1; i >= 0; i--) costs[i] = (costs[i + 1] ?? 0) + this.of(items[i] ?? 0);
    this.#suffixes.set(index, costs);
    return costs;
  }
}
