/** There is one event loop. */
let numAccepted = 0;

/** To be called for each connection that comes. */
export const countAccepted = (): void => {
  numAccepted++;
};

/**
 * Keeps turns of the event loop free of work while connections come. The loop accepts one connection a turn (libuv, since
 * 1.45): a newcomer behind 360 others waits for 360 turns, whatever is done in them.
 */
export class AcceptTurns {
  readonly #maxMs: number;
  #numSeen = numAccepted;
  /** Undefined: no connection came since the last turn with work. */
  #until: number | undefined;

  /** @param maxMs turns are kept free for so many milliseconds at most, then one has work */
  constructor(maxMs: number) {
    this.#maxMs = maxMs;
  }

  /**
   * Whether this turn is to be free of work. To be asked once a turn.
   * @param now milliseconds
   */
  isFree(now: number): boolean {
    const hasAccepted = numAccepted !== this.#numSeen;
    this.#numSeen = numAccepted;
    if (hasAccepted) {
      this.#until ??= now + this.#maxMs;
      if (now < this.#until) return true;
    }
    this.#until = undefined;
    return false;
  }
}
