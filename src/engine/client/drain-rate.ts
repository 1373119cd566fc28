const WINDOW_MS = 30_000;
const MIN_RETRY_MS = 250;
const MAX_RETRY_MS = 60_000;
/** Until something was measured: a second for each place that must become free. */
const UNMEASURED_MS_PER_PLACE = 1000;

/** How fast the queue drains, measured over the last half minute; tells a refused client when to come back. */
export class DrainRate {
  #leftAtMs: number[] = [];

  /** A sequence left the queue at that time of a monotonic clock. */
  recordLeft(nowMs: number): void {
    this.#leftAtMs.push(nowMs);
    this.#forgetBefore(nowMs - WINDOW_MS);
  }

  /** Milliseconds until `numPlaces` places are likely free, between a quarter second and a minute. */
  retryAfterMs(numPlaces: number, nowMs: number): number {
    this.#forgetBefore(nowMs - WINDOW_MS);
    const first = this.#leftAtMs[0];
    const msPerPlace =
      first === undefined ? UNMEASURED_MS_PER_PLACE : Math.max(nowMs - first, 1) / this.#leftAtMs.length;
    return Math.round(Math.min(Math.max(numPlaces * msPerPlace, MIN_RETRY_MS), MAX_RETRY_MS));
  }

  #forgetBefore(timeMs: number): void {
    const firstKept = this.#leftAtMs.findIndex((leftAtMs) => leftAtMs >= timeMs);
    if (firstKept !== 0) this.#leftAtMs.splice(0, firstKept === -1 ? this.#leftAtMs.length : firstKept);
  }
}
