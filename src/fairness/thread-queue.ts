import { abortError, EngineError } from '../errors.ts';
import { AcceptTurns } from './accept-turns.ts';
import { FairJobs } from './fair-capacity.ts';

/** A client that waits for longer is told to come back. */
const MAX_WAIT_MS = 30_000;
const RETRY_AFTER_MS = 1000;
/** While connections come, so many milliseconds pass between two pieces of work. */
const ACCEPT_MS = 10;

interface Turn {
  readonly clientId: string;
  begin(): void;
}

/**
 * Work that holds the HTTP thread for some milliseconds: the parsing of a large body, an attempt of a gateway. One piece
 * runs in a turn of the event loop, so that quick requests run in between. Clients take turns as in FairJobs.
 */
export class ThreadQueue {
  readonly #turns = new FairJobs<Turn>();
  readonly #maxWaitMs: number;
  /** Work of the turn at hand that goes on. */
  readonly #goingOn: (() => void)[] = [];
  #isRunning = false;
  readonly #acceptTurns = new AcceptTurns(ACCEPT_MS);

  constructor(maxWaitMs = MAX_WAIT_MS) {
    this.#maxWaitMs = maxWaitMs;
  }

  /**
   * Resolves when it is the client's turn. The turn ends when the work waits for something.
   * @throws EngineError `queue_full` after the longest wait; the signal's reason, once that is aborted
   */
  async take(clientId: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw abortError(signal);
    let timer: NodeJS.Timeout | undefined;
    let onAbort = (): void => undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const turn: Turn = { clientId, begin: resolve };
        const giveUp = (reason: EngineError): void => {
          if (this.#turns.remove(turn)) reject(reason);
        };
        onAbort = () => giveUp(abortError(signal));
        timer = setTimeout(() => giveUp(tooMany()), this.#maxWaitMs);
        signal.addEventListener('abort', onAbort, { once: true });
        this.#turns.add(turn);
        if (this.#isRunning) return;
        this.#isRunning = true;
        setImmediate(() => this.#next());
      });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /**
   * Lets quick requests run in the middle of a turn. What was read in it goes on before the next turn, so that the work
   * of one turn at most is kept. Takes a turn where none is at hand.
   * @throws EngineError as `take`
   */
  goOn(clientId: string, signal: AbortSignal): Promise<void> {
    if (!this.#isRunning) return this.take(clientId, signal);
    return new Promise((resolve) => this.#goingOn.push(resolve));
  }

  #next(): void {
    if (this.#acceptTurns.isFree(performance.now())) {
      setImmediate(() => this.#next());
      return;
    }
    const turn = this.#turns.next();
    if (turn === undefined) {
      const resume = this.#goingOn.shift();
      this.#isRunning = resume !== undefined;
      resume?.();
      if (this.#isRunning) setImmediate(() => this.#next());
      return;
    }
    const startedAt = performance.now();
    turn.begin();
    setImmediate(() => this.#finish(turn, startedAt));
  }

  #finish(turn: Turn, startedAt: number): void {
    const resume = this.#goingOn.shift();
    if (resume === undefined) {
      this.#turns.finish(turn, performance.now() - startedAt);
      this.#next();
      return;
    }
    resume();
    setImmediate(() => this.#finish(turn, startedAt));
  }
}

/** There is one thread. */
export const threadQueue = new ThreadQueue();

const tooMany = (): EngineError =>
  new EngineError('queue_full', 'too many large requests wait; try again later', {
    retryAfterMs: RETRY_AFTER_MS,
  });
