import type { Timings } from './engine.ts';

/** Takes down when a request arrived, started, and yielded tokens, on a monotonic clock in milliseconds. */
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

  constructor(now: () => number) {
    this.#now = now;
    this.#arrivedAt = now();
  }

  recordStart(): void {
    this.#startedAt ??= this.#now();
  }

  /** Returns the gap since the choice's token before, if there was one. */
  recordToken(choiceIndex: number): number | undefined {
    const now = this.#now();
    this.#firstTokenAt ??= now;
    const last = this.#lastTokenAt.get(choiceIndex);
    this.#lastTokenAt.set(choiceIndex, now);
    if (last === undefined) return undefined;
    this.#sumOfGaps += now - last;
    this.#numGaps++;
    return now - last;
  }

  recordEnd(): void {
    this.#endedAt ??= this.#now();
  }

  timings(): Timings {
    const since = (time: number): number => time - this.#arrivedAt;
    return {
      ...(this.#startedAt === undefined ? {} : { queueMs: since(this.#startedAt) }),
      ...(this.#firstTokenAt === undefined ? {} : { ttftMs: since(this.#firstTokenAt) }),
      ...(this.#numGaps === 0 ? {} : { tpotMs: this.#sumOfGaps / this.#numGaps }),
      totalMs: since(this.#endedAt ?? this.#now()),
    };
  }
}
