import type { Effort } from './effort.ts';

export interface Partition {
  /** The block of each state; states of one block accept the same texts. */
  readonly blockOf: Int32Array;
  readonly numBlocks: number;
}

/**
 * Hopcroft's algorithm ("An n log n algorithm for minimizing states in a finite automaton", 1971): splits blocks by the
 * states that lead into one block by one class, and goes on with the smaller half only. A missing transition leads to
 * a sink, which is state `numStates` here.
 */
export function minimalPartition(
  numStates: number,
  numClasses: number,
  next: Int32Array,
  accepts: Uint8Array,
  effort: Effort,
): Partition {
  effort.spend(2 * numStates * numClasses);
  const inverse = new Inverse(numStates, numClasses, next);
  const blocks = new Blocks(numStates + 1);
  for (let state = 0; state < numStates; state++) if (accepts[state] === 1) blocks.mark(state);
  blocks.split(0);
  const open: number[] = [];
  const isOpen: boolean[] = [];
  const add = (block: number): void => {
    if (isOpen[block] === true) return;
    isOpen[block] = true;
    open.push(block);
  };
  const splitMarked = (block: number): void => {
    const fresh = blocks.split(block);
    if (fresh < 0) return;
    add(isOpen[block] === true || blocks.sizeOf(fresh) <= blocks.sizeOf(block) ? fresh : block);
  };
  add(0);
  if (blocks.count > 1) add(1);
  for (let splitter = open.pop(); splitter !== undefined; splitter = open.pop()) {
    isOpen[splitter] = false;
    const members = blocks.membersOf(splitter);
    for (let c = 0; c < numClasses; c++) {
      const touched = markSources(blocks, inverse, members, c, effort);
      touched.forEach(splitMarked);
    }
  }
  return { blockOf: blocks.blockOf.slice(0, numStates), numBlocks: blocks.count };
}

function markSources(
  blocks: Blocks,
  inverse: Inverse,
  members: Int32Array,
  classIndex: number,
  effort: Effort,
): number[] {
  const touched: number[] = [];
  let visits = 1;
  for (const member of members) {
    const end = inverse.end(member, classIndex);
    for (let i = inverse.begin(member, classIndex); i < end; i++) {
      const source = inverse.sources[i] ?? 0;
      const block = blocks.blockOf[source] ?? 0;
      if (blocks.numMarked(block) === 0) touched.push(block);
      blocks.mark(source);
      visits++;
    }
  }
  effort.spend(visits);
  return touched;
}

/** The sources of each state's transitions by class, with the sink made explicit. */
class Inverse {
  readonly sources: Int32Array;
  readonly #first: Int32Array;
  readonly #numClasses: number;

  constructor(numStates: number, numClasses: number, next: Int32Array) {
    const total = (numStates + 1) * numClasses;
    const first = new Int32Array(total + 1);
    const slotOf = (i: number): number => {
      const target = i < next.length ? (next[i] ?? -1) : -1;
      return (target < 0 ? numStates : target) * numClasses + (i % numClasses);
    };
    for (let i = 0; i < total; i++) {
      const slot = slotOf(i) + 1;
      first[slot] = (first[slot] ?? 0) + 1;
    }
    for (let i = 0; i < total; i++) first[i + 1] = (first[i + 1] ?? 0) + (first[i] ?? 0);
    const filled = first.slice();
    this.sources = new Int32Array(total);
    for (let i = 0; i < total; i++) {
      const slot = slotOf(i);
      const position = filled[slot] ?? 0;
      filled[slot] = position + 1;
      this.sources[position] = Math.floor(i / numClasses);
    }
    this.#first = first;
    this.#numClasses = numClasses;
  }

  begin(state: number, classIndex: number): number {
    return this.#first[state * this.#numClasses + classIndex] ?? 0;
  }

  end(state: number, classIndex: number): number {
    return this.#first[state * this.#numClasses + classIndex + 1] ?? 0;
  }
}

/** A partition that is refined: the members of a block are neighbours in one array, the marked ones first. */
class Blocks {
  count = 1;
  readonly blockOf: Int32Array;
  readonly #elements: Int32Array;
  readonly #positionOf: Int32Array;
  readonly #begins: number[] = [0];
  readonly #ends: number[];
  readonly #marked: number[] = [0];

  constructor(numStates: number) {
    this.blockOf = new Int32Array(numStates);
    this.#elements = Int32Array.from({ length: numStates }, (_, i) => i);
    this.#positionOf = this.#elements.slice();
    this.#ends = [numStates];
  }

  numMarked(block: number): number {
    return this.#marked[block] ?? 0;
  }

  sizeOf(block: number): number {
    return (this.#ends[block] ?? 0) - (this.#begins[block] ?? 0);
  }

  membersOf(block: number): Int32Array {
    return this.#elements.slice(this.#begins[block], this.#ends[block]);
  }

  mark(state: number): void {
    const block = this.blockOf[state] ?? 0;
    const border = (this.#begins[block] ?? 0) + this.numMarked(block);
    const position = this.#positionOf[state] ?? 0;
    if (position < border) return;
    const other = this.#elements[border] ?? 0;
    this.#elements[border] = state;
    this.#elements[position] = other;
    this.#positionOf[state] = border;
    this.#positionOf[other] = position;
    this.#marked[block] = this.numMarked(block) + 1;
  }

  /** Makes the marked members of a block a block of their own. Returns its number, or -1 if the block stays whole. */
  split(block: number): number {
    const numMarked = this.numMarked(block);
    this.#marked[block] = 0;
    if (numMarked === 0 || numMarked === this.sizeOf(block)) return -1;
    const fresh = this.count++;
    const begin = this.#begins[block] ?? 0;
    this.#begins[block] = begin + numMarked;
    this.#begins.push(begin);
    this.#ends.push(begin + numMarked);
    this.#marked.push(0);
    for (let i = begin; i < begin + numMarked; i++) this.blockOf[this.#elements[i] ?? 0] = fresh;
    return fresh;
  }
}
