import type { StepBound } from '../../protocol.ts';

/** How often the silence is looked at while it may last. */
const NUM_LOOKS = 8;
const MAX_INTERVAL_MS = 5000;
/** Steps vary with the machine's load: one that takes so many times what is expected of the largest is a fault. */
const MARGIN = 4;
/** A GPU's driver may compile before the first step of a shape. */
const COMPILE_FACTOR = 20;

export interface SilenceBound extends StepBound {
  /** STEP_TIMEOUT. */
  stepTimeoutMs: number;
  /** The step that runs is the first of its shape on a runtime that compiles. */
  mayCompile: boolean;
}

/** For how long an engine that has work may give no sign of life, in milliseconds. */
export function maxSilenceMs({ stepTimeoutMs, largestStepMs, mayCompile }: SilenceBound): number {
  return Math.max(stepTimeoutMs, MARGIN * largestStepMs) * (mayCompile ? COMPILE_FACTOR : 1);
}

export interface WatchdogOptions {
  stepTimeoutMs: number;
  /** Milliseconds. */
  now: () => number;
  onSilent(silentMs: number): void;
}

/**
 * Watches an engine process that may hang in native code, or be stopped: as long as it owes something, it must give a sign
 * of life within a bound. Where nothing is owed for a while there is no timer.
 *
 * Time in which this process itself stood still does not count: a look that comes late adds no more than two intervals.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #intervalMs: number;
  /** Cleared at the first look at which nothing is owed, not at once: each small request would make a timer. */
  #timer: NodeJS.Timeout | undefined;
  #isOwed = false;
  #bound: SilenceBound;
  #silentMs = 0;
  #lookedAt = 0;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    const { stepTimeoutMs } = options;
    this.#intervalMs = Math.min(stepTimeoutMs / NUM_LOOKS, MAX_INTERVAL_MS);
    this.#bound = { stepTimeoutMs, largestStepMs: 0, mayCompile: false };
  }

  /** The engine owes an answer, or owes none any more. */
  watch(isOwed: boolean): void {
    if (isOwed && !this.#isOwed) {
      this.#silentMs = 0;
      this.#lookedAt = this.#options.now();
    }
    this.#isOwed = isOwed;
    if (isOwed) this.#timer ??= setInterval(() => this.#look(), this.#intervalMs).unref();
  }

  /** The engine gave a sign of life, and may have said what its steps take. */
  hear({ largestStepMs, mayCompile = false }: Partial<StepBound & { mayCompile: boolean }>): void {
    if (largestStepMs !== undefined) this.#bound.largestStepMs = largestStepMs;
    this.#bound.mayCompile = mayCompile;
    this.#silentMs = 0;
    this.#lookedAt = this.#options.now();
  }

  #look(): void {
    if (!this.#isOwed) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const now = this.#options.now();
    this.#silentMs += Math.min(now - this.#lookedAt, 2 * this.#intervalMs);
    this.#lookedAt = now;
    if (this.#silentMs < maxSilenceMs(this.#bound)) return;
    const silentMs = Math.round(this.#silentMs);
    this.watch(false);
    this.#options.onSilent(silentMs);
  }
}
