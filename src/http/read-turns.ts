/** Of a turn of the event loop for connections that wait, in milliseconds and in connections. */
const TURN_MS = 5;
const MAX_PER_TURN = 16;
/** So long only connections are accepted between two turns that parse; such a turn with its answers takes 10 to 20 ms. */
const ACCEPT_MS = 100;
/** Connections are read at once until they have kept the thread busy for so long. */
const AT_ONCE_MS = 10;
/** Idle for so long since the last read: the thread keeps up. A poll that finds an event counts some µs as idle. */
const IDLE_MS = 0.1;

type GoOn = () => void;

/**
 * Decides which connection is parsed next when many have bytes at once. A few connections are parsed in a turn of the
 * event loop, and the networks take turns, so that a burst from one network does not delay the others.
 *
 * The event loop accepts one connection a turn (libuv, since 1.45). A newcomer behind 800 others would wait for 800 turns
 * that parse, so while connections come, some turns parse nothing.
 */
export class ReadTurns {
  /** By network; the one whose turn is next is first. */
  readonly #waiting = new Map<string, GoOn[]>();
  #isScheduled = false;
  #busySince = -Infinity;
  #lastIdleMs = -Infinity;
  #hasAccepted = false;
  /** Until then nothing is parsed while connections come; undefined: none came since the last turn that parsed. */
  #acceptUntil: number | undefined;
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

  /** To be called for each connection that comes. */
  accepted(): void {
    this.#hasAccepted = true;
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
    if (this.#acceptsMore(startedAt)) {
      setImmediate(() => this.#runTurn());
      return;
    }
    for (let i = 0; i < MAX_PER_TURN && this.#now() - startedAt < TURN_MS; i++) this.#takeNext()?.();
    this.#busySince = this.#now();
    this.#isScheduled = this.#waiting.size > 0;
    if (this.#isScheduled) setImmediate(() => this.#runTurn());
  }

  #acceptsMore(now: number): boolean {
    if (this.#hasAccepted) {
      this.#hasAccepted = false;
      this.#acceptUntil ??= now + ACCEPT_MS;
      if (now < this.#acceptUntil) return true;
    }
    this.#acceptUntil = undefined;
    return false;
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
