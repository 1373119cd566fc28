import type { Timings } from '../../engine.ts';

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
      ...(this.#startedAt === undefined ? {} : { queueMs: since(this.#startedAt) }),
      ...(this.#firstTokenAt === undefined ? {} : { ttftMs: since(this.#firstTokenAt) }),
      ...(this.#numGaps === 0 ? {} : { tpotMs: this.#sumOfGaps / this.#numGaps }),
      totalMs: since(this.#endedAt ?? this.#now()),
    };
  }
}
