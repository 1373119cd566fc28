import type { AllowedTokens } from '../../sampling/allowed-tokens.ts';
import type { DraftGuide } from '../../scheduler/sequence.ts';
import type { SequenceGuide } from './sequence-guide.ts';

/** Adds up how long some work of the step loop takes. Without a clock it is always 0. */
export class Stopwatch {
  readonly #now: () => number;
  readonly #whole: Stopwatch | undefined;
  #totalMs = 0;

  /**
   * @param now milliseconds
   * @param whole has the time of this one, too
   */
  constructor(now: () => number = () => 0, whole?: Stopwatch) {
    this.#now = now;
    this.#whole = whole;
  }

  time<T>(work: () => T): T {
    const startedAt = this.#now();
    try {
      return work();
    } finally {
      this.#add(this.#now() - startedAt);
    }
  }

  async timeAsync<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = this.#now();
    try {
      return await work();
    } finally {
      this.#add(this.#now() - startedAt);
    }
  }

  #add(ms: number): void {
    this.#totalMs += ms;
    if (this.#whole !== undefined) this.#whole.#add(ms);
  }

  /** Milliseconds since it was last asked. */
  take(): number {
    const totalMs = this.#totalMs;
    this.#totalMs = 0;
    return totalMs;
  }
}

/** A SequenceGuide whose time is counted: while it works, every other sequence of the step waits. */
export class TimedGuide implements DraftGuide {
  readonly #guide: SequenceGuide;
  readonly #watch: Stopwatch;

  /** @param watch of this guide alone */
  constructor(guide: SequenceGuide, watch: Stopwatch) {
    this.#guide = guide;
    this.#watch = watch;
  }

  takeWorkMs(): number {
    return this.#watch.take();
  }

  get mayEnd(): boolean {
    return this.#guide.mayEnd;
  }

  get isOver(): boolean {
    return this.#guide.isOver;
  }

  get isCut(): boolean {
    return this.#guide.isCut;
  }

  allowed(): AllowedTokens {
    return this.#watch.time(() => this.#guide.allowed());
  }

  redirect(tokenId: number): number | undefined {
    return this.#watch.time(() => this.#guide.redirect(tokenId));
  }

  accept(tokenId: number): void {
    this.#watch.time(() => this.#guide.accept(tokenId));
  }

  forced(): number | undefined {
    return this.#watch.time(() => this.#guide.forced());
  }

  forcedTokens(): readonly number[] {
    return this.#watch.time(() => this.#guide.forcedTokens());
  }

  numAllowed(tokenIds: readonly number[]): number {
    return this.#watch.time(() => this.#guide.numAllowed(tokenIds));
  }
}
