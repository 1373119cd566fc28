const INTERVAL_MS = 20;

/**
 * How late this thread gets to its timers while it has something to do. Node's own monitor ticks when there is nothing
 * to do as well, which was a third of a percent of a core, and a monitor that was disabled for a while counts the pause
 * as one delay once it is enabled again (Node 20 and 24).
 */
export class LoopDelay {
  readonly #onDelay: (seconds: number) => void;
  #numBusy = 0;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer should fire, as `performance.now()` counts. */
  #dueMs = 0;

  /** @param onDelay told of each delay, in seconds */
  constructor(onDelay: (seconds: number) => void) {
    this.#onDelay = onDelay;
  }

  /** Something begins that the thread has to do; as many `leave` must follow. */
  enter(): void {
    this.#numBusy++;
    if (this.#numBusy > 1) return;
    this.#dueMs = performance.now() + INTERVAL_MS;
    this.#timer = setTimeout(() => this.#tick(), INTERVAL_MS).unref();
  }

  leave(): void {
    this.#numBusy--;
    if (this.#numBusy > 0) return;
    // What blocked the thread to its end was seen by no tick.
    if (performance.now() > this.#dueMs) this.#record();
    this.dispose();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    this.#record();
    this.#dueMs = performance.now() + INTERVAL_MS;
    this.#timer?.refresh();
  }

  #record(): void {
    this.#onDelay(Math.max(performance.now() - this.#dueMs, 0) / 1000);
  }
}
