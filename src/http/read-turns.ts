/** Of a turn of the event loop for connections that wait, in milliseconds and in connections. */
const TURN_MS = 5;
const MAX_PER_TURN = 16;
/** Connections are read at once until they have kept the thread busy for so long. */
const AT_ONCE_MS = 10;
/** Idle for so long since the last read: the thread keeps up. A poll that finds an event counts some µs as idle. */
const IDLE_MS = 0.1;

type GoOn = () => void;

/**
 * Decides which connection is parsed next when many have bytes at once. A few connections are parsed in a turn of the
 * event loop, and the networks take turns, so that a burst from one network does not delay the others.
 */
export class ReadTurns {
  /** By network; the one whose turn is next is first. */
  readonly #waiting = new Map<string, GoOn[]>();
  #isScheduled = false;
  #busySince = -Infinity;
  #lastIdleMs = -Infinity;
  readonly #now: () => number;
  readonly #idleMs: () => number;

  /**
   * @param now milliseconds
   * @param idleMs milliseconds that the event loop has waited since the process began
   */
  constructor(
    now: () => number = () => performance.now(),
    idleMs: () => number = () => performance.nodeTiming.idleTime,
  ) {
    this.#now = now;
    this.#idleMs = idleMs;
  }

  /** True when a connection that has just read something may go on at once. */
  mayGoOn(): boolean {
    const now = this.#now();
    const idleMs = this.#idleMs();
    if (idleMs - this.#lastIdleMs > IDLE_MS) this.#busySince = now;
    this.#lastIdleMs = idleMs;
    return !this.#isScheduled && now - this.#busySince < AT_ONCE_MS;
  }

  /** Calls `goOn` when it is its network's turn. */
  wait(network: string, goOn: GoOn): void {
    const others = this.#waiting.get(network);
    if (others === undefined) this.#waiting.set(network, [goOn]);
    else others.push(goOn);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#runTurn());
  }

  #runTurn(): void {
    const startedAt = this.#now();
    for (let i = 0; i < MAX_PER_TURN && this.#now() - startedAt < TURN_MS; i++) this.#takeNext()?.();
    this.#busySince = this.#now();
    this.#isScheduled = this.#waiting.size > 0;
    if (this.#isScheduled) setImmediate(() => this.#runTurn());
  }

  #takeNext(): GoOn | undefined {
    const [next] = this.#waiting;
    if (next === undefined) return undefined;
    const [network, goOns] = next;
    const goOn = goOns.shift();
    this.#waiting.delete(network);
    if (goOns.length > 0) this.#waiting.set(network, goOns);
    return goOn;
  }
}
