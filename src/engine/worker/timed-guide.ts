import type { AllowedTokens } from '../../sampling/allowed-tokens.ts';
import type { DraftGuide } from '../../scheduler/sequence.ts';
import type { SequenceGuide } from './sequence-guide.ts';
import type { Stopwatch } from './stopwatch.ts';

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
