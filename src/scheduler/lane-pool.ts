import { assertInvariant } from '../errors.ts';

/**
 * Which lanes of the KV cache are free. Every lane holds a sequence of full length, so a sequence that has a lane
 * can never run out of memory. Invariant: free lanes and lanes in use make up all lanes.
 */
export class LanePool {
  readonly numLanes: number;
  /** Free lanes; the lowest is handed out first, so that a lightly loaded cache stays compact. */
  readonly #free: number[];
  readonly #used = new Set<number>();

  constructor(numLanes: number) {
    this.numLanes = numLanes;
    this.#free = Array.from({ length: numLanes }, (_, lane) => numLanes - 1 - lane);
  }

  get numUsed(): number {
    return this.#used.size;
  }

  get numFree(): number {
    return this.#free.length;
  }

  /** A free lane, or `undefined` when every lane is in use. */
  tryAllocate(): number | undefined {
    const lane = this.#free.pop();
    if (lane !== undefined) this.#used.add(lane);
    return lane;
  }

  free(lane: number): void {
    assertInvariant(this.#used.delete(lane), `lane ${lane} is freed once, by the sequence that holds it`);
    const place = this.#free.findIndex((other) => other < lane);
    this.#free.splice(place === -1 ? this.#free.length : place, 0, lane);
  }
}
