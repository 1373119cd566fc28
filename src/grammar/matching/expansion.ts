import { assertInvariant } from '../../errors.ts';
import type { Fuel } from './fuel.ts';
import type { Node, Program, TerminalNode } from './program.ts';
import type { RestCosts } from './rest-costs.ts';
import type { Entries, SharedTerminal, SpecialStep, StackSet, StackSets, Thread } from './stack-sets.ts';

/** A place in the program that is reached without reading a byte, and what may follow behind its node. */
interface Place {
  readonly node: number;
  readonly numDone: number;
  /** From each place that leads here. */
  readonly behinds: StackSet[];
}

/** Of a visit of a place, in units of Fuel. */
const PLACE_UNITS = 20;

/**
 * Finds where texts may go on from a set of stacks. Each place of the program is visited once, after all places that lead
 * to it: what follows behind it is then known from all of them, and is passed on in one set. So the work is bounded by the
 * size of the grammar and of the sets, however many ways there are to read the text. There is such an order since no rule
 * is left-recursive.
 */
export class Expansions {
  readonly #nodes: readonly Node[];
  readonly #costs: RestCosts;
  readonly #stacks: StackSets;
  readonly #terminalOf: (node: TerminalNode) => SharedTerminal;
  readonly #fuel: Fuel;
  /** Sets that remember where they go on. */
  readonly #expanded = new Set<StackSet>();

  constructor(
    { nodes }: Program,
    costs: RestCosts,
    stacks: StackSets,
    terminalOf: (node: TerminalNode) => SharedTerminal,
    fuel: Fuel,
  ) {
    this.#nodes = nodes;
    this.#costs = costs;
    this.#stacks = stacks;
    this.#terminalOf = terminalOf;
    this.#fuel = fuel;
  }

  of(set: StackSet): Entries {
    if (set.entries === undefined) {
      set.entries = this.#expand(set);
      this.#expanded.add(set);
    }
    return set.entries;
  }

  /** Forgets where sets go on, and so all that can be reached from there. */
  forget(): void {
    for (const set of this.#expanded) set.entries = undefined;
    this.#expanded.clear();
  }

  #expand(set: StackSet): Entries {
    const { places, isComplete } = this.#pop(set);
    const threads = new ThreadMerger(this.#stacks);
    const specials = new SpecialMerger(this.#stacks);
    for (const key of this.#inOrder(places)) {
      const place = places.get(key);
      assertInvariant(place !== undefined, 'a place in the order was reached');
      this.#fuel.spend(PLACE_UNITS + place.behinds.length);
      const behind = this.#stacks.union(place.behinds);
      const node = this.#nodeAt(place.node);
      if (node.type === 'terminal') threads.add(this.#terminalOf(node), 0, behind);
      else if (node.type === 'specialToken') specials.add(node.name, behind);
      else this.#passOn(place, node, behind, places);
    }
    return { threads: threads.merged(), specials: specials.merged(), isComplete };
  }

  /** The places of all frames that the text may go on in: those at the top, and those below a frame that may end here. */
  #pop(set: StackSet): { places: Map<number, Place>; isComplete: boolean } {
    const places = new Map<number, Place>();
    let isComplete = false;
    const open = new Set([set]);
    // The loop goes on with what it adds.
    for (const { frames, mayEnd } of open) {
      isComplete ||= mayEnd;
      this.#fuel.spend(1 + frames.length);
      for (const { node, numDone, below } of frames) {
        placeAt(places, node, numDone).behinds.push(below);
        if (this.#costs.ofRest(node, numDone) === 0) open.add(below);
      }
    }
    return { places, isComplete };
  }

  /** The places, and those that they lead to, each behind all that lead to it; places are added as they are met. */
  #inOrder(places: Map<number, Place>): number[] {
    const postorder: number[] = [];
    const entered = new Set<number>();
    const path: { key: number; next: Place[] }[] = [];
    const enter = (key: number, place: Place): void => {
      if (entered.has(key)) return;
      entered.add(key);
      this.#fuel.spend(PLACE_UNITS);
      path.push({ key, next: this.#placesAfter(place, places) });
    };
    for (const [key, place] of [...places]) {
      enter(key, place);
      for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
        const next = top.next.pop();
        if (next !== undefined) enter(keyOf(next.node, next.numDone), next);
        else {
          postorder.push(top.key);
          path.pop();
        }
      }
    }
    return postorder.toReversed();
  }

  /** The places that are reached from one without reading a byte. */
  #placesAfter({ node: index, numDone }: Place, places: Map<number, Place>): Place[] {
    const node = this.#nodeAt(index);
    if (node.type === 'choice') return node.items.map((item) => placeAt(places, item, 0));
    if (node.type === 'repeat') return numDone < node.max ? [placeAt(places, node.item, 0)] : [];
    if (node.type !== 'sequence') return [];
    const item = node.items[numDone];
    if (item === undefined) return [];
    const next = [placeAt(places, item, 0)];
    if (this.#isSkipped(node.items, numDone)) next.push(placeAt(places, index, numDone + 1));
    return next;
  }

  /** Whether an item that is not the last may be empty. */
  #isSkipped(items: readonly number[], numDone: number): boolean {
    return numDone + 1 < items.length && this.#costs.of(items[numDone] ?? 0) === 0;
  }

  /** Tells the places behind one what may follow them. */
  #passOn(
    { node: index, numDone }: Place,
    node: Exclude<Node, { type: 'terminal' | 'specialToken' }>,
    behind: StackSet,
    places: Map<number, Place>,
  ): void {
    if (node.type === 'choice') {
      this.#fuel.spend(node.items.length);
      for (const item of node.items) placeAt(places, item, 0).behinds.push(behind);
    } else if (node.type === 'sequence') {
      const item = node.items[numDone];
      if (item === undefined) return;
      // Behind the last item there is no more of the sequence, so a list that ends in itself takes no frame for each item.
      const isLast = numDone + 1 === node.items.length;
      const behindItem = isLast ? behind : this.#stacks.push(index, numDone + 1, behind);
      placeAt(places, item, 0).behinds.push(behindItem);
      if (this.#isSkipped(node.items, numDone)) placeAt(places, index, numDone + 1).behinds.push(behind);
    } else if (numDone < node.max) {
      // Without a most, rounds are counted only as long as some are missing.
      const counted = node.max === Infinity ? Math.min(numDone + 1, node.min) : numDone + 1;
      const behindRound = counted === node.max ? behind : this.#stacks.push(index, counted, behind);
      placeAt(places, node.item, 0).behinds.push(behindRound);
    }
  }

  #nodeAt(index: number): Node {
    const node = this.#nodes[index];
    assertInvariant(node !== undefined, 'a place is a node of its program');
    return node;
  }
}

/** More than the items of any sequence, and the rounds of any repeat. */
const MAX_DONE = 2 ** 24;

const keyOf = (node: number, numDone: number): number => node * MAX_DONE + numDone;

function placeAt(places: Map<number, Place>, node: number, numDone: number): Place {
  const key = keyOf(node, numDone);
  let place = places.get(key);
  if (place === undefined) {
    place = { node, numDone, behinds: [] };
    places.set(key, place);
  }
  return place;
}

/** Threads in one state of one terminal become one, with all that may follow any of them. */
export class ThreadMerger {
  readonly #stacks: StackSets;
  readonly #added: { terminal: SharedTerminal; state: number; behind: StackSet }[] = [];

  constructor(stacks: StackSets) {
    this.#stacks = stacks;
  }

  add(terminal: SharedTerminal, state: number, behind: StackSet): void {
    this.#added.push({ terminal, state, behind });
  }

  /** In the order of ids. */
  merged(): readonly Thread[] {
    const [only] = this.#added;
    if (only === undefined) return [];
    if (this.#added.length === 1) return [this.#stacks.thread(only.terminal, only.state, only.behind)];
    const states = new Map<string, { terminal: SharedTerminal; state: number; behinds: StackSet[] }>();
    for (const { terminal, state, behind } of this.#added) {
      const key = `${terminal.id} ${state}`;
      const known = states.get(key);
      if (known === undefined) states.set(key, { terminal, state, behinds: [behind] });
      else known.behinds.push(behind);
    }
    const threads = [...states.values()].map(({ terminal, state, behinds }) =>
      this.#stacks.thread(terminal, state, this.#stacks.union(behinds)),
    );
    return threads.toSorted((one, other) => one.id - other.id);
  }
}

class SpecialMerger {
  readonly #stacks: StackSets;
  readonly #behinds = new Map<string, StackSet[]>();

  constructor(stacks: StackSets) {
    this.#stacks = stacks;
  }

  add(name: string, behind: StackSet): void {
    const known = this.#behinds.get(name);
    if (known === undefined) this.#behinds.set(name, [behind]);
    else known.push(behind);
  }

  merged(): readonly SpecialStep[] {
    return [...this.#behinds].map(([name, behinds]) => ({ name, behind: this.#stacks.union(behinds) }));
  }
}
