import type { Fuel } from './fuel.ts';
import type { RestCosts } from './rest-costs.ts';
import type { TerminalStates } from './terminal-states.ts';

/**
 * What may follow a place of a text: the tops of all stacks that the readings of the text have there, in one set. Stacks
 * share what is below, so that two ways to read each of n parts make n frames more, not 2^n stacks (a graph-structured
 * stack; Tomita, "Efficient Parsing for Natural Language", 1985). Equal sets are one object.
 */
export interface StackSet {
  readonly id: number;
  /** In the order of ids. */
  readonly frames: readonly Frame[];
  /** True where nothing must follow: the whole text may end. */
  readonly mayEnd: boolean;
  /** Bytes of the shortest text that follows. */
  readonly cost: number;
  /** Where a text may go on; undefined until it was asked for. */
  entries: Entries | undefined;
}

/** A node of the program, how many of its items or rounds are done, and what follows it. */
export interface Frame {
  readonly id: number;
  readonly node: number;
  readonly numDone: number;
  readonly below: StackSet;
  /** Bytes of the shortest text of the rest of the node and of what follows. */
  readonly cost: number;
}

/** A terminal's states. Grammars that have the same terminal share it, and the walks that were made of it. */
export interface SharedTerminal {
  readonly id: number;
  readonly states: TerminalStates;
}

/** A text in a terminal, and what may follow behind it. */
export interface Thread {
  readonly id: number;
  readonly terminal: SharedTerminal;
  readonly state: number;
  readonly behind: StackSet;
}

/** A special token that may come, and what may follow behind it. */
export interface SpecialStep {
  readonly name: string;
  readonly behind: StackSet;
}

/** Where a text may go on, without a byte read. No two threads are in the same state of a terminal. */
export interface Entries {
  readonly threads: readonly Thread[];
  readonly specials: readonly SpecialStep[];
  /** True where the whole text may end. */
  readonly isComplete: boolean;
}

/** Of memory, about: an object and its place in a map. Measured by tests/unit/grammar/matching/kept-bytes.test.ts. */
export const SET_BYTES = 250;
const FRAME_BYTES = 200;
const THREAD_BYTES = 180;
const UNION_BYTES = 120;
const ID_BYTES = 16;

/** Of a set, and of a frame, in a union, in units of Fuel: it is put into a map, sorted and written into a key. */
const UNION_UNITS = 10;

/**
 * How deep frames of the same place are merged. In a text that can be read in many ways, each byte adds such frames to
 * those of the byte before; what is below them was merged then, and is known. Deeper, they stay apart: what a set means
 * is the same either way.
 */
const MERGED_DEPTH = 3;

/** Makes the sets, frames and threads of one grammar: equal ones are one object, and are compared by their ids. */
export class StackSets {
  readonly #costs: RestCosts;
  readonly #fuel: Fuel;
  readonly #keep: (numBytes: number) => void;
  readonly #sets = new Map<string, StackSet>();
  readonly #frames = new Map<string, Frame>();
  readonly #alone = new Map<Frame, StackSet>();
  /** By the ids of the sets that they are of. */
  readonly #unions = new Map<string, StackSet>();
  readonly #threads = new Map<string, Thread>();
  /** Behind the whole text. */
  readonly end: StackSet;
  #numIds = 0;
  #numFrames = 0;

  /** @param keep is told of bytes that are kept */
  constructor(costs: RestCosts, fuel: Fuel, keep: (numBytes: number) => void) {
    this.#costs = costs;
    this.#fuel = fuel;
    this.#keep = keep;
    this.end = { id: this.#numIds++, frames: [], mayEnd: true, cost: 0, entries: undefined };
  }

  /** How many frames were ever made: what texts hold grows by no more. */
  get numFramesMade(): number {
    return this.#numFrames;
  }

  /** Forgets all but what is in use; equal objects may then be made again. */
  forget(): void {
    this.#sets.clear();
    this.#frames.clear();
    this.#alone.clear();
    this.#unions.clear();
    this.#threads.clear();
  }

  /** The set of one frame. */
  push(node: number, numDone: number, below: StackSet): StackSet {
    return this.#setOfOne(this.#frame(node, numDone, below));
  }

  #setOfOne(frame: Frame): StackSet {
    const known = this.#alone.get(frame);
    if (known !== undefined) return known;
    const set = this.#make([frame], false);
    this.#alone.set(frame, set);
    return set;
  }

  /** All that is in one of the sets. Frames of one place become one, as deep as MERGED_DEPTH. */
  union(sets: readonly StackSet[], depth = MERGED_DEPTH): StackSet {
    const [first, ...others] = sets;
    if (first === undefined) return this.end;
    if (others.every((set) => set === first)) return first;
    const distinct = [...new Set(sets)].toSorted((one, other) => one.id - other.id);
    this.#fuel.spend(UNION_UNITS * distinct.length);
    const key = distinct.map(({ id }) => id).join(' ');
    const known = this.#unions.get(key);
    if (known !== undefined) return known;
    const mayEnd = distinct.some((set) => set.mayEnd);
    const frames = this.#mergedFrames(distinct, depth);
    const set = this.#setOf(frames, mayEnd);
    this.#unions.set(key, set);
    this.#keep(UNION_BYTES + 2 * key.length);
    return set;
  }

  /** The frames of all sets, in the order of ids. */
  #mergedFrames(sets: readonly StackSet[], depth: number): Frame[] {
    const byId = new Map<number, Frame>();
    for (const { frames } of sets) for (const frame of frames) byId.set(frame.id, frame);
    this.#fuel.spend(UNION_UNITS * byId.size);
    const frames = [...byId.values()];
    const merged = depth === 0 ? frames : this.#withoutTwins(frames, depth);
    return merged.toSorted((one, other) => one.id - other.id);
  }

  /** Of frames of the same place, one above all that is below them. */
  #withoutTwins(frames: readonly Frame[], depth: number): Frame[] {
    const byPlace = new Map<string, Frame[]>();
    for (const frame of frames) {
      const key = `${frame.node} ${frame.numDone}`;
      const twins = byPlace.get(key);
      if (twins === undefined) byPlace.set(key, [frame]);
      else twins.push(frame);
    }
    return [...byPlace.values()].flatMap((twins) => {
      const [one, ...more] = twins;
      if (one === undefined || more.length === 0) return twins;
      const belows = twins.map(({ below }) => below);
      return this.#frame(one.node, one.numDone, this.union(belows, depth - 1));
    });
  }

  #setOf(frames: readonly Frame[], mayEnd: boolean): StackSet {
    const [only, ...others] = frames;
    if (only === undefined) return this.end;
    if (others.length === 0 && !mayEnd) return this.#setOfOne(only);
    const key = `${mayEnd} ${frames.map(({ id }) => id).join(' ')}`;
    const known = this.#sets.get(key);
    if (known !== undefined) return known;
    const set = this.#make(frames, mayEnd);
    this.#sets.set(key, set);
    return set;
  }

  thread(terminal: SharedTerminal, state: number, behind: StackSet): Thread {
    const key = `${terminal.id} ${state} ${behind.id}`;
    const known = this.#threads.get(key);
    if (known !== undefined) return known;
    const thread: Thread = { id: this.#numIds++, terminal, state, behind };
    this.#threads.set(key, thread);
    this.#keep(THREAD_BYTES);
    return thread;
  }

  #frame(node: number, numDone: number, below: StackSet): Frame {
    const key = `${node} ${numDone} ${below.id}`;
    const known = this.#frames.get(key);
    if (known !== undefined) return known;
    const cost = this.#costs.ofRest(node, numDone) + below.cost;
    const frame: Frame = { id: this.#numIds++, node, numDone, below, cost };
    this.#frames.set(key, frame);
    this.#numFrames++;
    this.#keep(FRAME_BYTES);
    return frame;
  }

  #make(frames: readonly Frame[], mayEnd: boolean): StackSet {
    const cost = frames.reduce((least, frame) => Math.min(least, frame.cost), mayEnd ? 0 : Infinity);
    this.#keep(SET_BYTES + ID_BYTES * frames.length);
    return { id: this.#numIds++, frames, mayEnd, cost, entries: undefined };
  }
}

/** How many frames can be reached from some sets; `most + 1` where they are more than `most`. */
export function numFramesBelow(sets: readonly StackSet[], most: number): number {
  const seen = new Set(sets);
  let numFrames = 0;
  for (const { frames } of seen) {
    numFrames += frames.length;
    if (numFrames > most) return most + 1;
    // A set is walked in the order of insertion, with what is added on the way.
    for (const { below } of frames) seen.add(below);
  }
  return numFrames;
}
