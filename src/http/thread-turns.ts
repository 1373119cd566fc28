import { abortError } from '../errors.ts';
import { FairJobs } from '../text/fair-jobs.ts';

interface Turn {
  readonly clientId: string;
  begin(): void;
}

/**
 * Work that holds the HTTP thread for some milliseconds, such as the parsing of a large body. One piece runs in a turn of
 * the event loop, so that quick requests run in between. Clients take turns as in FairJobs.
 */
export class ThreadTurns {
  readonly #turns = new FairJobs<Turn>();
  #isRunning = false;

  /**
   * Resolves when it is the client's turn, which lasts until it waits for anything that is not there yet.
   * @throws EngineError the signal's reason, once that is aborted
   */
  async take(clientId: string, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#turns.add({ clientId, begin: resolve });
      if (this.#isRunning) return;
      this.#isRunning = true;
      setImmediate(() => this.#next());
    });
    if (signal.aborted) throw abortError(signal);
  }

  #next(): void {
    const turn = this.#turns.next();
    if (turn === undefined) {
      this.#isRunning = false;
      return;
    }
    const startedAt = performance.now();
    turn.begin();
    setImmediate(() => {
      this.#turns.finish(turn, performance.now() - startedAt);
      this.#next();
    });
  }
}
