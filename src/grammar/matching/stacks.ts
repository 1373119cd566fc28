import { assertInvariant } from '../../errors.ts';
import type { Node, Program } from './program.ts';
import type { TerminalStates } from './terminal-states.ts';

/** A text in a terminal, and what follows behind it. */
export interface Thread {
  readonly id: number;
  readonly terminal: SharedTerminal;
  readonly state: number;
  /** Undefined: nothing. */
  readonly behind: Stack | undefined;
}

/** A terminal's states; grammars that have the same terminal share it, and the masks that were made of it. */
export interface SharedTerminal {
  readonly id: number;
  readonly states: TerminalStates;
}

/** A special token that may come, and what follows behind it. */
export interface SpecialStep {
  readonly name: string;
  readonly behind: Stack | undefined;
}

/** Where a text may go on from a stack, without a byte read. */
export interface Entries {
  readonly threads: readonly Thread[];
  readonly specials: readonly SpecialStep[];
  /** True where the whole text may end. */
  readonly isComplete: boolean;
}

/** What is still to come: a node of the program and how far in it the text is, then the stack below. */
export interface Stack {
  readonly id: number;
  readonly node: number;
  /** Items of a sequence, or rounds of a repeat, that are done. */
  readonly numDone: number;
  readonly below: Stack | undefined;
  entries: Entries | undefined;
}

/** More would be a grammar that goes on without reading. */
const MAX_EXPANDED = 200_000;

/** Stacks and threads of one grammar: equal ones are one object, so that they are compared by their ids. */
export class Stacks {
  readonly #nodes: readonly Node[];
  readonly #terminalOf: (node: Extract<Node, { type: 'terminal' }>) => SharedTerminal;
  readonly #stacks = new Map<string, Stack>();
  readonly #threads = new Map<string, Thread>();
  readonly start: Stack;
  #numIds = 0;

  constructor(
    { nodes, start }: Program,
    terminalOf: (node: Extract<Node, { type: 'terminal' }>) => SharedTerminal,
  ) {
    this.#nodes = nodes;
    this.#terminalOf = terminalOf;
    this.start = this.#push(start, 0, undefined);
  }

  /** Forgets what is known, except what is in use. */
  forget(): void {
    this.#stacks.clear();
    this.#threads.clear();
  }

  /** How many stacks and threads are known. */
  get size(): number {
    return this.#stacks.size + this.#threads.size;
  }

  thread(terminal: SharedTerminal, state: number, behind: Stack | undefined): Thread {
    const key = `${terminal.id} ${state} ${behind?.id ?? ''}`;
    const known = this.#threads.get(key);
    if (known !== undefined) return known;
    const thread: Thread = { id: this.#numIds++, terminal, state, behind };
    this.#threads.set(key, thread);
    return thread;
  }

  entriesOf(stack: Stack | undefined): Entries {
    if (stack === undefined) return NOTHING_BEHIND;
    return (stack.entries ??= this.#expand(stack));
  }

  #expand(start: Stack): Entries {
    const threads: Thread[] = [];
    const specials: SpecialStep[] = [];
    let isComplete = false;
    const seen = new Set<number>();
    const open: (Stack | undefined)[] = [start];
    while (open.length > 0) {
      const stack = open.pop();
      if (stack === undefined) {
        isComplete = true;
        continue;
      }
      if (seen.has(stack.id)) continue;
      seen.add(stack.id);
      assertInvariant(seen.size < MAX_EXPANDED, 'no rule of a grammar begins with itself');
      const { below } = stack;
      const node = this.#nodeAt(stack.node);
      if (node.type === 'terminal') {
        const terminal = this.#terminalOf(node);
        threads.push(this.thread(terminal, 0, below));
        if (terminal.states.accepts(0)) open.push(below);
      } else if (node.type === 'specialToken') {
        specials.push({ name: node.name, behind: below });
      } else open.push(...this.#next(stack, node));
    }
    return { threads, specials, isComplete };
  }

  #next(
    { node: index, numDone, below }: Stack,
    node: Exclude<Node, { type: 'terminal' | 'specialToken' }>,
  ): (Stack | undefined)[] {
    if (node.type === 'choice') return node.items.map((item) => this.#push(item, 0, below));
    if (node.type === 'sequence') {
      const item = node.items[numDone];
      if (item === undefined) return [below];
      const isLast = numDone + 1 === node.items.length;
      return [this.#push(item, 0, isLast ? below : this.#push(index, numDone + 1, below))];
    }
    const { item, min, max } = node;
    const open: (Stack | undefined)[] = [];
    if (numDone >= min) open.push(below);
    // Without a most, rounds are counted only as long as some are missing.
    const counted = max === Infinity ? Math.min(numDone + 1, min) : numDone + 1;
    if (numDone < max) open.push(this.#push(item, 0, this.#push(index, counted, below)));
    return open;
  }

  #nodeAt(index: number): Node {
    const node = this.#nodes[index];
    assertInvariant(node !== undefined, 'a stack holds nodes of its program');
    return node;
  }

  #push(node: number, numDone: number, below: Stack | undefined): Stack {
    const key = `${node} ${numDone} ${below?.id ?? ''}`;
    const known = this.#stacks.get(key);
    if (known !== undefined) return known;
    const stack: Stack = { id: this.#numIds++, node, numDone, below, entries: undefined };
    this.#stacks.set(key, stack);
    return stack;
  }
}

const NOTHING_BEHIND: Entries = { threads: [], specials: [], isComplete: true };
