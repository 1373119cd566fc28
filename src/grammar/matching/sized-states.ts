import type { Terminal } from '../grammar.ts';
import { DEAD, type TerminalStates } from './terminal-states.ts';
import { sizedPlaces, type SizedPlaces } from './sized-places.ts';

/** No end can be reached. */
const NEVER = -1;

/**
 * The content of a JSON string that an automaton describes and whose characters are counted, then a literal, as in
 * CountedStates. A state holds the number of characters that were begun, and the place; the automaton itself has no state
 * for each length, so that what one walk over the vocabulary finds at a place serves all lengths.
 */
export class SizedStates implements TerminalStates {
  readonly places: SizedPlaces;
  readonly suffix: Uint8Array;
  readonly #min: number;
  readonly #max: number;
  /** Beyond it characters are not counted: without a most, only as long as some are missing. */
  readonly #cap: number;
  /** Fewest bytes to the end, or NEVER: [characters up to the cap, places]. */
  readonly #distances: Int32Array;

  constructor({ automaton, min, max }: Extract<Terminal, { type: 'sized' }>, suffix: Uint8Array) {
    this.places = sizedPlaces(automaton);
    this.suffix = suffix;
    this.#min = min;
    this.#max = max ?? Infinity;
    this.#cap = max ?? min;
    this.#distances = this.#makeDistances();
  }

  get numBytes(): number {
    const { next, begins, classOf } = this.places;
    return next.byteLength + begins.byteLength + classOf.byteLength + this.#distances.byteLength;
  }

  get #stride(): number {
    return this.places.numPlaces + this.suffix.length;
  }

  /** Characters begun, and the place behind them: one of the content, then the bytes read of the literal. */
  split(state: number): { count: number; place: number } {
    const place = state % this.#stride;
    return { count: (state - place) / this.#stride, place };
  }

  /** Where the literal's places begin: behind its first byte. */
  get firstSuffixPlace(): number {
    return this.places.numPlaces;
  }

  /** Whether a text can be there after so many characters. */
  isAlive(count: number, place: number): boolean {
    if (place >= this.firstSuffixPlace) return count >= this.#min && count <= this.#max;
    return this.#distanceOf(count, place) !== NEVER;
  }

  /** Whether it can end there. */
  mayEnd(count: number, place: number): boolean {
    if (count < this.#min || count > this.#max) return false;
    if (this.suffix.length > 0) return place === this.firstSuffixPlace + this.suffix.length - 1;
    return this.places.accepts[place] === 1;
  }

  /** The place behind a byte, whatever the length; DEAD where the content cannot go on so. */
  placeAfter(place: number, byte: number): number {
    const { next, numClasses, classOf, accepts } = this.places;
    if (place >= this.firstSuffixPlace)
      return this.suffix[place - this.firstSuffixPlace + 1] === byte ? place + 1 : DEAD;
    if (accepts[place] === 1 && this.suffix[0] === byte) return this.firstSuffixPlace;
    return next[place * numClasses + (classOf[byte] ?? 0)] ?? DEAD;
  }

  /** Whether a byte at a place begins a character. */
  begins(place: number, byte: number): boolean {
    const { begins, numClasses, classOf, accepts } = this.places;
    if (place >= this.firstSuffixPlace || (accepts[place] === 1 && this.suffix[0] === byte)) return false;
    return begins[place * numClasses + (classOf[byte] ?? 0)] === 1;
  }

  step(state: number, byte: number): number {
    const { count, place } = this.split(state);
    const next = this.placeAfter(place, byte);
    if (next === DEAD) return DEAD;
    const after = count + (this.begins(place, byte) ? 1 : 0);
    if (!this.isAlive(after, next)) return DEAD;
    return (this.#max === Infinity ? Math.min(after, this.#cap) : after) * this.#stride + next;
  }

  accepts(state: number): boolean {
    const { count, place } = this.split(state);
    return this.mayEnd(count, place);
  }

  isFinal(state: number): boolean {
    if (!this.accepts(state)) return false;
    return this.suffix.length > 0 || this.#bytesAfter(state).next().done === true;
  }

  numBytesToEnd(state: number): number {
    const { count, place } = this.split(state);
    if (place >= this.firstSuffixPlace) return this.suffix.length - (place - this.firstSuffixPlace) - 1;
    return this.#distanceOf(count, place);
  }

  byteToEnd(state: number): number {
    const wanted = this.numBytesToEnd(state) - 1;
    if (wanted < 0) return DEAD;
    for (const { byte } of this.#bytesAfter(state)) {
      if (this.numBytesToEnd(this.step(state, byte)) === wanted) return byte;
    }
    return DEAD;
  }

  onlyByte(state: number): number {
    let only = DEAD;
    for (const { byte, isOne } of this.#bytesAfter(state)) {
      if (only !== DEAD || !isOne) return DEAD;
      only = byte;
    }
    return only;
  }

  /** A byte of each class that may follow, and whether it is all of its class. */
  *#bytesAfter(state: number): Generator<{ byte: number; isOne: boolean }> {
    const { place } = this.split(state);
    const [quote] = this.suffix;
    if (place >= this.firstSuffixPlace) {
      const byte = this.suffix[place - this.firstSuffixPlace + 1];
      if (byte !== undefined) yield { byte, isOne: true };
      return;
    }
    if (quote !== undefined && this.step(state, quote) !== DEAD) yield { byte: quote, isOne: true };
    const { byteOf, isOneByte } = this.places;
    for (let byteClass = 0; byteClass < byteOf.length; byteClass++) {
      const byte = byteOf[byteClass] ?? 0;
      if (byte === quote || this.step(state, byte) === DEAD) continue;
      yield { byte, isOne: isOneByte[byteClass] === 1 };
    }
  }

  #distanceOf(count: number, place: number): number {
    if (count > this.#max) return NEVER;
    return this.#distances[Math.min(count, this.#cap) * this.places.numPlaces + place] ?? NEVER;
  }

  /** From the greatest count down: a byte that begins a character leads to the next count, others stay. */
  #makeDistances(): Int32Array {
    const { numPlaces, accepts } = this.places;
    const edges = edgesOf(this.places);
    const inside = edges.filter(({ begins }) => !begins);
    const beginning = edges.filter(({ begins }) => begins);
    const distances = new Int32Array((this.#cap + 1) * numPlaces).fill(NEVER);
    const relax = (some: readonly Edge[], row: number, rowOfTo: number): boolean => {
      let changes = false;
      for (const { from, to } of some) {
        const behind = distances[rowOfTo + to] ?? NEVER;
        const known = distances[row + from] ?? NEVER;
        if (behind === NEVER || (known !== NEVER && known <= behind + 1)) continue;
        distances[row + from] = behind + 1;
        changes = true;
      }
      return changes;
    };
    for (let count = this.#cap; count >= 0; count--) {
      const row = count * numPlaces;
      for (let place = 0; place < numPlaces; place++) {
        if (accepts[place] === 1 && count >= this.#min) distances[row + place] = this.suffix.length;
      }
      if (count < this.#cap) relax(beginning, row, row + numPlaces);
      // Without a most the last count is all from there on.
      const open = count === this.#cap && this.#max === Infinity ? edges : inside;
      while (relax(open, row, row));
    }
    return distances;
  }
}

interface Edge {
  readonly from: number;
  readonly to: number;
  readonly begins: boolean;
}

/** Each way from place to place once, those of later places first: most lead forward. */
function edgesOf({ numPlaces, numClasses, next, begins }: SizedPlaces): Edge[] {
  const edges: Edge[] = [];
  for (let from = numPlaces - 1; from >= 0; from--) {
    const known = new Set<number>();
    for (let i = from * numClasses; i < (from + 1) * numClasses; i++) {
      const to = next[i] ?? DEAD;
      const isBegin = begins[i] === 1;
      if (to === DEAD || known.has(2 * to + (isBegin ? 1 : 0))) continue;
      known.add(2 * to + (isBegin ? 1 : 0));
      edges.push({ from, to, begins: isBegin });
    }
  }
  return edges;
}
