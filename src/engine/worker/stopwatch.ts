/** Adds up how long some work of the step loop takes. Without a clock it is always 0. */
export class Stopwatch {
  readonly #now: () => number;
  #totalMs = 0;

  /** @param now milliseconds */
  constructor(now: () => number = () => 0) {
    this.#now = now;
  }

  time<T>(work: () => T): T {
    const startedAt = this.#now();
    try {
      return work();
    } finally {
      this.#totalMs += this.#now() - startedAt;
    }
  }

  async timeAsync<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = this.#now();
    try {
      return await work();
    } finally {
      this.#totalMs += this.#now() - startedAt;
    }
  }

  /** Milliseconds since it was last asked. */
  take(): number {
    const totalMs = this.#totalMs;
    this.#totalMs = 0;
    return totalMs;
  }
}
