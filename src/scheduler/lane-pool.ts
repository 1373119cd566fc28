import { assertInvariant } from '../errors.ts';

/**
 * Which lanes of the KV cache are free, in the order in which they are given away. Every lane holds a sequence of full
 * length, so a sequence that has a lane can never run out of memory. Invariant: free lanes and lanes in use make up
 * all lanes.
 */
export class LanePool {
  readonly numLanes: number;
  /** Lanes that hold nothing, the lowest first, so that a lightly loaded cache stays compact. */
  readonly #empty: number[];
  /** Lanes that keep what they hold for a client that may come back, the least recently used first. */
  readonly #kept: number[] = [];
  readonly #used = new Set<number>();

  constructor(numLanes: number) {
    this.numLanes = numLanes;
    this.#empty = Array.from({ length: numLanes }, (_, lane) => lane);
  }

  get numFree(): number {
    return this.#empty.length + this.#kept.length;
  }

  /** The free lanes, the one to give away first in front. */
  get freeLanes(): readonly number[] {
    return [...this.#empty, ...this.#kept];
  }

  allocate(lane: number): void {
    const list = this.#empty.includes(lane) ? this.#empty : this.#kept;
    const [removed] = list.splice(list.indexOf(lane), 1);
    assertInvariant(removed === lane, `lane ${lane} is given away while it is free`);
    this.#used.add(lane);
  }

  free(lane: number, isEmpty: boolean): void {
    assertInvariant(this.#used.delete(lane), `lane ${lane} is freed once, by the sequence that holds it`);
    if (!isEmpty) {
      this.#kept.push(lane);
      return;
    }
    const place = this.#empty.findIndex((other) => other > lane);
    this.#empty.splice(place === -1 ? this.#empty.length : place, 0, lane);
  }
}
