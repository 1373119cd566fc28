import type { TextCaller } from '../../../chat-template/chat-template.ts';
import { MAX_TIMER_MS } from '../../../config/timer-limit.ts';
import { EngineError } from '../../../errors.ts';
import type { Timings } from '../../engine.ts';

export interface Deadline {
  clientId: string;
  /** Aborted when the client is gone. */
  gone: AbortSignal;
  /** Longest that the work may take; undefined: as long as it likes. */
  timeoutMs: number | undefined;
}

/**
 * Does work for a caller whose signal is aborted when the client is gone or the time is over. What the work throws then is
 * the signal's reason. The signal is made when it is first read, since a short text waits for nothing, and one takes 15 us.
 * @throws EngineError `request_timeout` as the signal's reason, or what the work throws
 */
export async function withinDeadline<T>(
  deadline: Deadline,
  work: (caller: TextCaller) => Promise<T>,
): Promise<T> {
  const caller = new CallerWithDeadline(deadline);
  try {
    return await work(caller);
  } catch (error) {
    // What one part of the work threw takes the others with it.
    caller.abort();
    throw error;
  } finally {
    caller.end();
  }
}

class CallerWithDeadline implements TextCaller {
  readonly clientId: string;
  readonly #deadline: Deadline;
  readonly #startedAt = performance.now();
  #controller: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #onGone = (): void => this.#controller?.abort(this.#deadline.gone.reason);
  readonly #onTimeout = (): void => {
    const message = `the request took longer than its ${this.#deadline.timeoutMs} ms`;
    this.#controller?.abort(new EngineError('request_timeout', message));
  };

  constructor(deadline: Deadline) {
    this.#deadline = deadline;
    this.clientId = deadline.clientId;
  }

  get signal(): AbortSignal {
    return (this.#controller ?? this.#begin()).signal;
  }

  abort(): void {
    this.#controller?.abort();
  }

  end(): void {
    if (this.#controller === undefined) return;
    clearTimeout(this.#timer);
    this.#deadline.gone.removeEventListener('abort', this.#onGone);
  }

  #begin(): AbortController {
    const { gone, timeoutMs } = this.#deadline;
    const controller = (this.#controller = new AbortController());
    if (timeoutMs !== undefined) {
      const leftMs = this.#startedAt + timeoutMs - performance.now();
      this.#timer = setTimeout(this.#onTimeout, Math.min(Math.max(leftMs, 0), MAX_TIMER_MS));
    }
    if (gone.aborted) this.#onGone();
    else gone.addEventListener('abort', this.#onGone, { once: true });
    return controller;
  }
}

/** Takes down when a request arrived, started, and yielded tokens, in milliseconds on the clock of all processes. */
export class RequestTimer {
  readonly #now: () => number;
  readonly #arrivedAt: number;
  #startedAt: number | undefined;
  #endedAt: number | undefined;
  #firstTokenAt: number | undefined;
  /** Each choice has gaps of its own. */
  readonly #lastTokenAt = new Map<number, number>();
  #sumOfGaps = 0;
  #numGaps = 0;

  constructor(now: () => number, arrivedAtMs: number) {
    this.#now = now;
    this.#arrivedAt = arrivedAtMs;
  }

  recordStart(atMs: number): void {
    this.#startedAt ??= atMs;
  }

  /** Returns the gap since the choice's token before, if there was one. */
  recordToken(choiceIndex: number, atMs: number): number | undefined {
    this.#firstTokenAt ??= atMs;
    const last = this.#lastTokenAt.get(choiceIndex);
    this.#lastTokenAt.set(choiceIndex, atMs);
    if (last === undefined) return undefined;
    this.#sumOfGaps += atMs - last;
    this.#numGaps++;
    return atMs - last;
  }

  recordEnd(): void {
    this.#endedAt ??= this.#now();
  }

  timings(): Timings {
    // Clocks of two cores may differ by microseconds.
    const since = (time: number): number => Math.max(time - this.#arrivedAt, 0);
    return {
      totalMs: since(this.#endedAt ?? this.#now()),
      ...(this.#startedAt === undefined ? {} : { queueMs: since(this.#startedAt) }),
      ...(this.#firstTokenAt === undefined ? {} : { ttftMs: since(this.#firstTokenAt) }),
      ...(this.#numGaps === 0 ? {} : { tpotMs: this.#sumOfGaps / this.#numGaps }),
    };
  }
}

/** Waits for the last work to leave. */
export class IdleWaiter {
  #onIdle: (() => void) | undefined;

  /** The last work has left. */
  notify(): void {
    this.#onIdle?.();
  }

  /** Whether it does within so many milliseconds. */
  within(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs);
      this.#onIdle = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}
