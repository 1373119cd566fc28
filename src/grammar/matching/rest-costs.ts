import { assertInvariant } from '../../errors.ts';
import { nodeCosts } from './node-costs.ts';
import type { Node, TerminalNode } from './program.ts';

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
