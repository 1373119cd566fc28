import type { Node, Program } from './program.ts';
import type { Configuration } from './configuration.ts';
import { nodeCosts } from './node-costs.ts';
import type { SharedTerminal, Stack, Thread } from './stacks.ts';
import { DEAD } from './terminal-states.ts';

/** A piece of the shortest text that ends a grammar's text: bytes, or a special token by its name. */
export type EndPiece = Uint8Array | string;

type TerminalOf = (node: Extract<Node, { type: 'terminal' }>) => SharedTerminal;

/**
 * How a text ends soonest: the fewest bytes from any configuration to a whole text, where a special token counts as one.
 * A token writes a byte at least, so these are at least as many as the tokens.
 */
export class EndCosts {
  readonly #nodes: readonly Node[];
  readonly #terminalOf: TerminalOf;
  readonly #costs: Float64Array; // [nodes]
  readonly #ofStacks = new WeakMap<Stack, number>();

  /** @param costs of the nodes, where they are known */
  constructor({ nodes }: Program, terminalOf: TerminalOf, costs?: Float64Array) {
    this.#nodes = nodes;
    this.#terminalOf = terminalOf;
    this.#costs = costs ?? nodeCosts(nodes, (node) => terminalOf(node).states.numBytesToEnd(0));
  }

  /** Bytes of the shortest text of each node: [nodes]. */
  get ofNodes(): Float64Array {
    return this.#costs;
  }

  /** Fewest bytes that make the text whole. */
  of({ isComplete, threads, specials }: Configuration): number {
    if (isComplete) return 0;
    let least = Infinity;
    for (const thread of threads) least = Math.min(least, this.#ofThread(thread));
    for (const { behind } of specials) least = Math.min(least, 1 + this.#ofStack(behind));
    return least;
  }

  /** What they are. */
  endOf({ isComplete, threads, specials }: Configuration): EndPiece[] {
    if (isComplete) return [];
    const [thread] = threads.toSorted((one, other) => this.#ofThread(one) - this.#ofThread(other));
    const [special] = specials.toSorted(
      (one, other) => this.#ofStack(one.behind) - this.#ofStack(other.behind),
    );
    const pieces: (number | string)[] = [];
    if (
      special !== undefined &&
      (thread === undefined || 1 + this.#ofStack(special.behind) < this.#ofThread(thread))
    ) {
      pieces.push(special.name);
      this.#write(special.behind, pieces);
    } else if (thread !== undefined) {
      writeTerminal(thread.terminal, thread.state, pieces);
      this.#write(thread.behind, pieces);
    }
    return joinBytes(pieces);
  }

  #ofThread({ terminal, state, behind }: Thread): number {
    return terminal.states.numBytesToEnd(state) + this.#ofStack(behind);
  }

  #ofStack(stack: Stack | undefined): number {
    if (stack === undefined) return 0;
    const known = this.#ofStacks.get(stack);
    if (known !== undefined) return known;
    const cost = this.#costOf(stack.node, stack.numDone) + this.#ofStack(stack.below);
    this.#ofStacks.set(stack, cost);
    return cost;
  }

  #costOf(index: number, numDone: number): number {
    const node = this.#nodes[index];
    switch (node?.type) {
      case undefined:
        return Infinity;
      case 'terminal':
        return this.#terminalOf(node).states.numBytesToEnd(0);
      case 'specialToken':
        return 1;
      case 'sequence':
        return node.items.slice(numDone).reduce((sum, item) => sum + this.#costAt(item), 0);
      case 'choice':
        return Math.min(...node.items.map((item) => this.#costAt(item)));
      case 'repeat': {
        const numMissing = Math.max(node.min - numDone, 0);
        return numMissing === 0 ? 0 : numMissing * this.#costAt(node.item);
      }
    }
  }

  #costAt(index: number): number {
    return this.#costs[index] ?? Infinity;
  }

  /** The cheapest text of a stack. */
  #write(start: Stack | undefined, pieces: (number | string)[]): void {
    const open: { node: number; numDone: number }[] = [];
    for (let stack = start; stack !== undefined; stack = stack.below) open.push(stack);
    open.reverse();
    for (let top = open.pop(); top !== undefined; top = open.pop()) {
      const node = this.#nodes[top.node];
      if (node?.type === 'terminal') writeTerminal(this.#terminalOf(node), 0, pieces);
      else if (node?.type === 'specialToken') pieces.push(node.name);
      else if (node?.type === 'choice') {
        const [cheapest] = node.items.toSorted((one, other) => this.#costAt(one) - this.#costAt(other));
        if (cheapest !== undefined) open.push({ node: cheapest, numDone: 0 });
      } else if (node?.type === 'sequence') {
        for (const item of node.items.slice(top.numDone).toReversed()) open.push({ node: item, numDone: 0 });
      } else if (node !== undefined) {
        for (let round = top.numDone; round < node.min; round++) open.push({ node: node.item, numDone: 0 });
      }
    }
  }
}

function writeTerminal({ states }: SharedTerminal, start: number, pieces: (number | string)[]): void {
  for (let state = start; !states.accepts(state);) {
    const byte = states.byteToEnd(state);
    pieces.push(byte);
    state = states.step(state, byte);
    if (state === DEAD) return;
  }
}

function joinBytes(pieces: readonly (number | string)[]): EndPiece[] {
  const joined: EndPiece[] = [];
  let bytes: number[] = [];
  for (const piece of [...pieces, '']) {
    if (typeof piece === 'number') bytes.push(piece);
    else {
      if (bytes.length > 0) joined.push(Uint8Array.from(bytes));
      bytes = [];
      if (piece !== '') joined.push(piece);
    }
  }
  return joined;
}
