import { AcceptTurns } from '../../fairness/accept-turns.ts';

/** Of a turn of the event loop for connections that wait, in milliseconds and in connections. */
const TURN_MS = 5;
const MAX_PER_TURN = 16;
/** What the first reads of newcomers may take in a turn, by what the last ones took. One is read in any case. */
const BEGIN_MS = 15;
/** So long only connections are accepted between two turns in which newcomers are read. */
const ACCEPT_MS = 100;
/** How often, meanwhile, those that were there before are parsed, and how many of them. */
const OPEN_EVERY_MS = 25;
const MAX_OPEN_MEANWHILE = 4;
/** Connections are read at once until they have kept the thread busy for so long. */
const AT_ONCE_MS = 10;
/** Idle for so long since the last read: the thread keeps up. A poll that finds an event counts some µs as idle. */
const IDLE_MS = 0.1;

type GoOn = () => void;

/** Connections that wait, by network: the networks take turns. */
class WaitingConnections {
  /** The one whose turn is next is first. */
  readonly #byNetwork = new Map<string, GoOn[]>();

  get isEmpty(): boolean {
    return this.#byNetwork.size === 0;
  }

  add(network: string, goOn: GoOn): void {
    const others = this.#byNetwork.get(network);
    if (others === undefined) this.#byNetwork.set(network, [goOn]);
    else others.push(goOn);
  }

  takeNext(): GoOn | undefined {
    const [next] = this.#byNetwork;
    if (next === undefined) return undefined;
    const [network, goOns] = next;
    const goOn = goOns.shift();
    this.#byNetwork.delete(network);
    if (goOns.length > 0) this.#byNetwork.set(network, goOns);
    return goOn;
  }
}

/**
 * Decides which connection is parsed next when many have bytes at once. A few connections are parsed in a turn of the
 * event loop, and the networks take turns, so that a burst from one network does not delay the others.
 * While connections come, most turns parse nothing.
 */
export class ReadQueue {
  readonly #open = new WaitingConnections();
  readonly #newcomers = new WaitingConnections();
  #isScheduled = false;
  #busySince = -Infinity;
  #lastIdleMs = -Infinity;
  readonly #acceptTurns = new AcceptTurns(ACCEPT_MS);
  /** When some were last parsed. */
  #parsedAt = -Infinity;
  /** Newcomers that were read since the last turn, and when the first of them was. */
  #numBegun = 0;
  #firstBegunAt = 0;
  /** What the first read of one takes, with all that it causes. */
  #beginMs = BEGIN_MS / MAX_PER_TURN;
  /** Milliseconds: the clock that all is measured by. */
  readonly now: () => number;
  readonly #idleMs: () => number;

  /**
   * @param now milliseconds
   * @param idleMs milliseconds that the event loop has waited since the process began
   */
  constructor(
    now: () => number = () => performance.now(),
    idleMs: () => number = () => performance.nodeTiming.idleTime,
  ) {
    this.now = now;
    this.#idleMs = idleMs;
  }

  /** To be called before a newcomer's first bytes are parsed. */
  begun(): void {
    if (this.#numBegun++ === 0) this.#firstBegunAt = this.now();
  }

  /** True when a connection that has just read something may go on at once. */
  mayGoOn(): boolean {
    const now = this.now();
    const idleMs = this.#idleMs();
    if (idleMs - this.#lastIdleMs > IDLE_MS) this.#busySince = now;
    this.#lastIdleMs = idleMs;
    return !this.#isScheduled && now - this.#busySince < AT_ONCE_MS;
  }

  /** Calls `goOn`, which parses what was read, when it is its network's turn. */
  wait(network: string, goOn: GoOn): void {
    this.#open.add(network, goOn);
    this.#schedule();
  }

  /** Calls `begin`, which lets a newcomer be read, when it is its network's turn. */
  waitToBegin(network: string, begin: GoOn): void {
    this.#newcomers.add(network, begin);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#numBegun = 0;
    setImmediate(() => this.#runRound());
  }

  #runRound(): void {
    const now = this.now();
    this.#learnCost(now);
    if (!this.#acceptTurns.isFree(now)) this.#parse(now, MAX_PER_TURN, Math.floor(BEGIN_MS / this.#beginMs));
    else if (now - this.#parsedAt >= OPEN_EVERY_MS) this.#parse(now, MAX_OPEN_MEANWHILE, 0);
    this.#isScheduled = !this.#open.isEmpty || !this.#newcomers.isEmpty;
    if (this.#isScheduled) setImmediate(() => this.#runRound());
  }

  #parse(startedAt: number, maxOpen: number, mostNewcomers: number): void {
    const maxNewcomers = Math.min(MAX_PER_TURN, mostNewcomers);
    for (let i = 0; i < maxOpen && this.now() - startedAt < TURN_MS; i++) {
      this.#open.takeNext()?.();
      if (i < maxNewcomers) this.#newcomers.takeNext()?.();
    }
    this.#parsedAt = this.#busySince = this.now();
  }

  #learnCost(now: number): void {
    if (this.#numBegun > 0) {
      const costMs = (now - this.#firstBegunAt) / this.#numBegun;
      this.#beginMs = Math.min(BEGIN_MS, (this.#beginMs + costMs) / 2);
    }
    this.#numBegun = 0;
  }
}
