/** How waiting events take in later ones. */
export interface Merging<T> {
  /** Events of one key may be merged, whatever waits between them. */
  keyOf(event: T): unknown;
  /** Adds the next event to one that waits, which nothing else has yet; false where they must stay two. */
  merge(waiting: T, next: T): boolean;
}

/**
 * Events from a producer that never waits to one consumer that iterates. An event that the last waiting one of its key
 * can take in is merged with it, so a consumer that lags gets fewer and larger events. What is pushed after the end is
 * dropped. The producer's side is bounded by what a request may generate, hence the queue needs no bound of its own.
 */
export class EventQueue<T> implements AsyncIterable<T> {
  #events: T[] = [];
  /** Those before it were handed out. */
  #first = 0;
  /** The last that waits of each key. */
  readonly #lastOf = new Map<unknown, T>();
  readonly #merging: Merging<T> | undefined;
  #failure: Error | undefined;
  #ended = false;
  #wake: (() => void) | undefined;

  /** @param merging absent: all events stay as they are */
  constructor(merging?: Merging<T>) {
    this.#merging = merging;
  }

  push(event: T): void {
    if (this.#ended) return;
    if (this.#merging === undefined || !this.#takeIn(event, this.#merging)) this.#events.push(event);
    this.#wake?.();
  }

  #takeIn(event: T, merging: Merging<T>): boolean {
    const key = merging.keyOf(event);
    const waiting = this.#lastOf.get(key);
    if (waiting !== undefined && merging.merge(waiting, event)) return true;
    this.#lastOf.set(key, event);
    return false;
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** Ends the iteration by an error, after the events that are there already. */
  fail(failure: Error): void {
    if (this.#ended) return;
    this.#failure = failure;
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      if (this.#first < this.#events.length) {
        yield this.#takeFirst();
      } else if (this.#ended) {
        if (this.#failure !== undefined) throw this.#failure;
        return;
      } else {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = undefined;
      }
    }
  }

  #takeFirst(): T {
    const event = this.#events[this.#first++] as T;
    const key = this.#merging?.keyOf(event);
    if (this.#lastOf.get(key) === event) this.#lastOf.delete(key);
    // Half of it at a time: taking each off would move all others.
    if (2 * this.#first >= this.#events.length) {
      this.#events = this.#events.slice(this.#first);
      this.#first = 0;
    }
    return event;
  }
}
