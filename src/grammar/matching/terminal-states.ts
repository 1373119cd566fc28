import type { ByteAutomaton, Terminal } from '../grammar.ts';

/** No state: the text is not of the terminal any more. */
export const DEAD = -1;

/** A terminal while a text is matched: its states are numbers, 0 the start. */
export interface TerminalStates {
  /** Of memory, about. */
  readonly numBytes: number;
  /** The next state, or DEAD. */
  step(state: number, byte: number): number;
  /** True where the text of the terminal may end. */
  accepts(state: number): boolean;
  /** True where nothing can follow. */
  isFinal(state: number): boolean;
  /** Fewest bytes until `accepts`. */
  numBytesToEnd(state: number): number;
  /** The first of them; DEAD where the state accepts. */
  byteToEnd(state: number): number;
  /** The one byte that may follow; DEAD where none or several may. */
  onlyByte(state: number): number;
}

/** A literal: the state is the number of its bytes that were read. */
export class LiteralStates implements TerminalStates {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get numBytes(): number {
    return this.#bytes.length;
  }

  step(state: number, byte: number): number {
    return this.#bytes[state] === byte ? state + 1 : DEAD;
  }

  accepts(state: number): boolean {
    return state === this.#bytes.length;
  }

  isFinal(state: number): boolean {
    return state === this.#bytes.length;
  }

  numBytesToEnd(state: number): number {
    return this.#bytes.length - state;
  }

  byteToEnd(state: number): number {
    return this.#bytes[state] ?? DEAD;
  }

  onlyByte(state: number): number {
    return this.#bytes[state] ?? DEAD;
  }
}

/** An automaton: the state is its state. */
export class AutomatonStates implements TerminalStates {
  readonly automaton: ByteAutomaton;
  readonly #distances: Int32Array; // [states]
  /** [states] */
  readonly #bytesToEnd: Int16Array;
  /** The byte of each class that is met first: [classes]. */
  readonly #byteOfClass: Uint8Array;

  constructor(automaton: ByteAutomaton) {
    this.automaton = automaton;
    this.#byteOfClass = firstBytes(automaton);
    const { distances, classesToEnd } = shortestWays(automaton);
    this.#distances = distances;
    this.#bytesToEnd = Int16Array.from(classesToEnd, (byteClass) =>
      byteClass < 0 ? DEAD : (this.#byteOfClass[byteClass] ?? 0),
    );
  }

  get numBytes(): number {
    const { next, classOf, accepts } = this.automaton;
    const ofAutomaton = next.byteLength + classOf.byteLength + accepts.byteLength;
    return ofAutomaton + this.#distances.byteLength + this.#bytesToEnd.byteLength;
  }

  step(state: number, byte: number): number {
    const { next, classOf, numClasses } = this.automaton;
    return next[state * numClasses + (classOf[byte] ?? 0)] ?? DEAD;
  }

  accepts(state: number): boolean {
    return this.automaton.accepts[state] === 1;
  }

  isFinal(state: number): boolean {
    const { next, numClasses } = this.automaton;
    for (let i = state * numClasses; i < (state + 1) * numClasses; i++) if (next[i] !== DEAD) return false;
    return true;
  }

  numBytesToEnd(state: number): number {
    return this.#distances[state] ?? 0;
  }

  byteToEnd(state: number): number {
    return this.#bytesToEnd[state] ?? DEAD;
  }

  onlyByte(state: number): number {
    const { next, numClasses, classOf } = this.automaton;
    let only = DEAD;
    for (let byteClass = 0; byteClass < numClasses; byteClass++) {
      if (next[state * numClasses + byteClass] === DEAD) continue;
      if (only !== DEAD) return DEAD;
      only = byteClass;
    }
    if (only === DEAD) return DEAD;
    const byte = this.#byteOfClass[only] ?? 0;
    return classOf.indexOf(only, byte + 1) === -1 ? byte : DEAD;
  }
}

/**
 * So many words of an automaton, then a literal (which may be empty). The literal belongs to the terminal so that the end
 * of a string is found without leaving it. A state holds the number of whole words that were read, and where in a word,
 * or in the literal, the text is.
 */
export class CountedStates implements TerminalStates {
  readonly word: AutomatonStates;
  readonly suffix: Uint8Array;
  readonly min: number;
  readonly max: number;
  readonly #wordBytes: number;

  constructor({ word, min, max = Infinity }: Extract<Terminal, { type: 'counted' }>, suffix: Uint8Array) {
    this.word = new AutomatonStates(word);
    this.suffix = suffix;
    this.min = min;
    this.max = max;
    this.#wordBytes = this.word.numBytesToEnd(0);
  }

  get numBytes(): number {
    return this.word.numBytes + this.suffix.length;
  }

  /** Whole words, and the place behind them: a state of the word, then the bytes read of the literal. */
  split(state: number): { numWords: number; place: number } {
    const place = state % this.#stride;
    return { numWords: (state - place) / this.#stride, place };
  }

  /** Where the literal's places begin: behind its first byte, that of index 0. */
  get firstSuffixPlace(): number {
    return this.word.automaton.numStates;
  }

  get #stride(): number {
    return this.word.automaton.numStates + this.suffix.length;
  }

  step(state: number, byte: number): number {
    const { numWords, place } = this.split(state);
    if (place >= this.firstSuffixPlace) {
      const numRead = place - this.firstSuffixPlace + 1;
      return this.suffix[numRead] === byte ? state + 1 : DEAD;
    }
    if (place === 0 && this.suffix[0] === byte && numWords >= this.min) {
      return numWords * this.#stride + this.firstSuffixPlace;
    }
    if (place === 0 && numWords >= this.max) return DEAD;
    const next = this.word.step(place, byte);
    if (next === DEAD) return DEAD;
    if (!this.word.accepts(next)) return numWords * this.#stride + next;
    // Without a most, words are counted only as long as some are missing.
    const counted = this.max === Infinity ? Math.min(numWords + 1, this.min) : numWords + 1;
    return counted * this.#stride;
  }

  accepts(state: number): boolean {
    const { numWords, place } = this.split(state);
    if (this.suffix.length === 0) return place === 0 && numWords >= this.min;
    return place === this.firstSuffixPlace + this.suffix.length - 1;
  }

  isFinal(state: number): boolean {
    if (!this.accepts(state)) return false;
    return this.suffix.length > 0 || this.split(state).numWords >= this.max;
  }

  numBytesToEnd(state: number): number {
    const { numWords, place } = this.split(state);
    if (place >= this.firstSuffixPlace) return this.suffix.length - (place - this.firstSuffixPlace) - 1;
    const open = place === 0 ? 0 : this.word.numBytesToEnd(place);
    const numMissing = Math.max(this.min - numWords - (place === 0 ? 0 : 1), 0);
    return open + numMissing * this.#wordBytes + this.suffix.length;
  }

  byteToEnd(state: number): number {
    const { numWords, place } = this.split(state);
    if (place >= this.firstSuffixPlace) return this.suffix[place - this.firstSuffixPlace + 1] ?? DEAD;
    if (place > 0 || numWords < this.min) return this.word.byteToEnd(place);
    return this.suffix[0] ?? DEAD;
  }

  onlyByte(state: number): number {
    const { numWords, place } = this.split(state);
    if (place >= this.firstSuffixPlace) return this.byteToEnd(state);
    if (place > 0) return this.word.onlyByte(place);
    if (numWords >= this.max) return this.suffix[0] ?? DEAD;
    return numWords < this.min ? this.word.onlyByte(0) : DEAD;
  }
}

function firstBytes({ classOf, numClasses }: ByteAutomaton): Uint8Array {
  const bytes = new Uint8Array(numClasses); // [classes]
  for (let byte = classOf.length - 1; byte >= 0; byte--) bytes[classOf[byte] ?? 0] = byte;
  return bytes;
}

/** From the accepting states back, a byte at a time: Dijkstra's with edges of one length. */
function shortestWays({ numStates, numClasses, next, accepts }: ByteAutomaton): {
  distances: Int32Array;
  classesToEnd: Int32Array;
} {
  const distances = new Int32Array(numStates).fill(-1); // [states]
  const classesToEnd = new Int32Array(numStates).fill(-1); // [states]
  const { edges, firstEdge } = edgesInto(numStates, next);
  const reached = new Int32Array(numStates); // [states], those that were reached, in the order of their distances
  let numReached = 0;
  for (let state = 0; state < numStates; state++) {
    if (accepts[state] !== 1) continue;
    distances[state] = 0;
    reached[numReached++] = state;
  }
  for (let i = 0; i < numReached; i++) {
    const to = reached[i] ?? 0;
    for (let at = firstEdge[to] ?? 0; at < (firstEdge[to + 1] ?? 0); at++) {
      const edge = edges[at] ?? 0;
      const state = Math.floor(edge / numClasses);
      if (distances[state] !== -1) continue;
      distances[state] = (distances[to] ?? 0) + 1;
      classesToEnd[state] = edge % numClasses;
      reached[numReached++] = state;
    }
  }
  return { distances, classesToEnd };
}

/** The transitions into each state, as places of `next`: those into state s from `firstEdge[s]` to `firstEdge[s + 1]`. */
function edgesInto(numStates: number, next: Int32Array): { edges: Int32Array; firstEdge: Int32Array } {
  const firstEdge = new Int32Array(numStates + 1); // [states + 1]
  for (const to of next) if (to !== DEAD) firstEdge[to + 1] = (firstEdge[to + 1] ?? 0) + 1;
  for (let state = 0; state < numStates; state++)
    firstEdge[state + 1] = (firstEdge[state + 1] ?? 0) + (firstEdge[state] ?? 0);
  const edges = new Int32Array(firstEdge[numStates] ?? 0);
  const numPlaced = new Int32Array(numStates); // [states]
  for (let place = 0; place < next.length; place++) {
    const to = next[place] ?? DEAD;
    if (to === DEAD) continue;
    edges[(firstEdge[to] ?? 0) + (numPlaced[to] ?? 0)] = place;
    numPlaced[to] = (numPlaced[to] ?? 0) + 1;
  }
  return { edges, firstEdge };
}
