/**
 * Events from a producer that never waits to one consumer that iterates. An event that the last waiting one can take
 * in is merged with it, so a consumer that lags gets fewer and larger events. What is pushed after the end is dropped.
 * The producer's side is bounded by what a request may generate, hence the queue needs no bound of its own.
 */
export class EventQueue<T> implements AsyncIterable<T> {
  readonly #events: T[] = [];
  readonly #merge: (waiting: T, next: T) => T | undefined;
  #failure: Error | undefined;
  #ended = false;
  #wake: (() => void) | undefined;

  /** `merge`: both events as one, or `undefined` when they must stay two. */
  constructor(merge: (waiting: T, next: T) => T | undefined = () => undefined) {
    this.#merge = merge;
  }

  push(event: T): void {
    if (this.#ended) return;
    const waiting = this.#events.at(-1);
    const merged = waiting === undefined ? undefined : this.#merge(waiting, event);
    if (merged === undefined) this.#events.push(event);
    else this.#events[this.#events.length - 1] = merged;
    this.#wake?.();
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
      const event = this.#events.shift();
      if (event !== undefined) {
        yield event;
      } else if (this.#ended) {
        if (this.#failure !== undefined) throw this.#failure;
        return;
      } else {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = undefined;
      }
    }
  }
}
