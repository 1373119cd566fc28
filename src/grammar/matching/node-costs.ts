import TinyQueue from 'tinyqueue';
import type { Node } from './program.ts';

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
