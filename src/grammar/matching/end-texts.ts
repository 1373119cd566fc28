import { assertInvariant } from '../../errors.ts';
import type { Configuration } from './configuration.ts';
import type { Node, Program, TerminalNode } from './program.ts';
import type { RestCosts } from './rest-costs.ts';
import type { SharedTerminal, StackSet, Thread } from './stack-sets.ts';
import { DEAD } from './terminal-states.ts';

/** A piece of the shortest text that ends a grammar's text: bytes, or a special token by its name. */
export type EndPiece = Uint8Array | string;

/** Fewest bytes that make a text whole; a special token counts as one. A token writes a byte at least. */
export function bytesToEnd({ isComplete, threads, specials }: Configuration): number {
  if (isComplete) return 0;
  let least = Infinity;
  for (const thread of threads) least = Math.min(least, costOf(thread));
  for (const { behind } of specials) least = Math.min(least, 1 + behind.cost);
  return least;
}

const costOf = ({ terminal, state, behind }: Thread): number =>
  terminal.states.numBytesToEnd(state) + behind.cost;

/** Writes the shortest text from a configuration to a whole text. It takes as long as the text is, see `bytesToEnd`. */
export class EndTexts {
  readonly #nodes: readonly Node[];
  readonly #costs: RestCosts;
  readonly #terminalOf: (node: TerminalNode) => SharedTerminal;

  constructor({ nodes }: Program, costs: RestCosts, terminalOf: (node: TerminalNode) => SharedTerminal) {
    this.#nodes = nodes;
    this.#costs = costs;
    this.#terminalOf = terminalOf;
  }

  of({ isComplete, threads, specials }: Configuration): EndPiece[] {
    if (isComplete) return [];
    const pieces: (number | string)[] = [];
    const [thread] = threads.toSorted((one, other) => costOf(one) - costOf(other));
    const [special] = specials.toSorted((one, other) => one.behind.cost - other.behind.cost);
    if (special !== undefined && (thread === undefined || 1 + special.behind.cost < costOf(thread))) {
      pieces.push(special.name);
      this.#writeStack(special.behind, pieces);
    } else if (thread !== undefined) {
      writeTerminal(thread.terminal, thread.state, pieces);
      this.#writeStack(thread.behind, pieces);
    }
    return joinBytes(pieces);
  }

  /** The cheapest text of a set of stacks, frame by frame. */
  #writeStack(top: StackSet, pieces: (number | string)[]): void {
    for (let set = top; set.cost > 0;) {
      const frame = set.frames.find(({ cost }) => cost === set.cost);
      assertInvariant(frame !== undefined, 'the cost of a set is that of its cheapest frame');
      this.#writeNode(frame.node, frame.numDone, pieces);
      set = frame.below;
    }
  }

  #writeNode(start: number, numDone: number, pieces: (number | string)[]): void {
    const open = [{ index: start, numDone }];
    for (let top = open.pop(); top !== undefined; top = open.pop()) {
      const node = this.#nodes[top.index];
      if (node?.type === 'terminal') writeTerminal(this.#terminalOf(node), 0, pieces);
      else if (node?.type === 'specialToken') pieces.push(node.name);
      else if (node?.type === 'choice') {
        const least = this.#costs.of(top.index);
        const cheapest = node.items.find((item) => this.#costs.of(item) === least);
        if (cheapest !== undefined) open.push({ index: cheapest, numDone: 0 });
      } else if (node?.type === 'sequence') {
        for (const item of node.items.slice(top.numDone).toReversed()) open.push({ index: item, numDone: 0 });
      } else if (node !== undefined) {
        for (let round = top.numDone; round < node.min; round++) open.push({ index: node.item, numDone: 0 });
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
