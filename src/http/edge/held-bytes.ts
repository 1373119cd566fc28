import { EngineError } from '../../errors.ts';

const RETRY_AFTER_MS = 1000;

/** Bytes that one request holds. */
export interface Holding {
  /** Aborted with `queue_full` when the request has to give them up. */
  readonly signal: AbortSignal;
  /** From now on it holds so many. */
  hold(numBytes: number): void;
  /** It holds none any more. */
  release(): void;
}

interface Held {
  readonly group: string;
  readonly giveUp: AbortController;
  numBytes: number;
}

/**
 * Bytes that many requests hold together, bounded. Over the bound the group that holds most gives up its largest holding,
 * and the next largest if that is not enough. So a client that fills the room loses its own requests, and not those of
 * the clients that come later.
 */
export class HeldBytes {
  readonly #what: string;
  readonly #byGroup = new Map<string, Set<Held>>();
  #numBytes = 0;

  /** @param what is held, for messages */
  constructor(what: string) {
    this.#what = what;
  }

  /** Of all. */
  get numBytes(): number {
    return this.#numBytes;
  }

  /** @param maxBytes most of all together */
  open(group: string, maxBytes: number): Holding {
    const held: Held = { group, giveUp: new AbortController(), numBytes: 0 };
    return {
      signal: held.giveUp.signal,
      hold: (numBytes) => {
        if (held.giveUp.signal.aborted) return;
        this.#set(held, numBytes);
        while (this.#numBytes > maxBytes) this.#cut(maxBytes);
      },
      release: () => this.#set(held, 0),
    };
  }

  #set(held: Held, numBytes: number): void {
    this.#numBytes += numBytes - held.numBytes;
    held.numBytes = numBytes;
    const others = this.#byGroup.get(held.group) ?? new Set();
    if (numBytes > 0) this.#byGroup.set(held.group, others.add(held));
    else if (others.delete(held) && others.size === 0) this.#byGroup.delete(held.group);
  }

  #cut(maxBytes: number): void {
    const sizeOf = (group: Iterable<Held>): number =>
      [...group].reduce((sum, { numBytes }) => sum + numBytes, 0);
    const groups = [...this.#byGroup.values()].map((group) => ({ group, numBytes: sizeOf(group) }));
    const greediest = groups.reduce((most, one) => (one.numBytes > most.numBytes ? one : most));
    const largest = [...greediest.group].reduce((most, one) => (one.numBytes > most.numBytes ? one : most));
    const message =
      `${this.#what} take more than ${maxBytes} bytes at a time, and those of your address or key take most of them ` +
      `(${greediest.numBytes}); send fewer at once`;
    this.#set(largest, 0);
    largest.giveUp.abort(new EngineError('queue_full', message, { retryAfterMs: RETRY_AFTER_MS }));
  }
}
