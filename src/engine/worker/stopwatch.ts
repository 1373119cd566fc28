/** Adds up how long some work of the step loop takes. Without a clock it is always 0. */
export class Stopwatch {
  readonly #now: () => number;
  readonly #whole: Stopwatch | undefined;
  #totalMs = 0;

  /**
   * @param now milliseconds
   * @param whole has the time of this one, too
   */
  constructor(now: () => number = () => 0, whole?: Stopwatch) {
    this.#now = now;
    this.#whole = whole;
  }

  time<T>(work: () => T): T {
    const startedAt = this.#now();
    try {
      return work();
    } finally {
      this.#add(this.#now() - startedAt);
    }
  }

  async timeAsync<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = this.#now();
    try {
      return await work();
    } finally {
      this.#add(this.#now() - startedAt);
    }
  }

  #add(ms: number): void {
    this.#totalMs += ms;
    if (this.#whole !== undefined) this.#whole.#add(ms);
  }

  /** Milliseconds since it was last asked. */
  take(): number {
    const totalMs = this.#totalMs;
    this.#totalMs = 0;
    return totalMs;
  }
}
