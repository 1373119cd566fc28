import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

const INTERVAL_MS = 20;

/** In seconds. */
export interface LoopDelaySummary {
  p50: number;
  p99: number;
  max: number;
}

/**
 * How late this thread gets to its timers while it has something to do. Node's own monitor ticks when there is nothing
 * to do as well, which was a third of a percent of a core, and a monitor that was disabled for a while counts the pause
 * as one delay once it is enabled again (Node 20 and 24).
 */
export class LoopDelay {
  readonly #histogram: RecordableHistogram = createHistogram();
  #numBusy = 0;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer should fire, as `performance.now()` counts. */
  #dueMs = 0;

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

  /** Of the delays since it was last called. */
  take(): LoopDelaySummary {
    const { count, max } = this.#histogram;
    const toSeconds = (nanoseconds: number): number => nanoseconds / 1e9;
    const summary =
      count === 0
        ? { p50: 0, p99: 0, max: 0 }
        : {
            p50: toSeconds(this.#histogram.percentile(50)),
            p99: toSeconds(this.#histogram.percentile(99)),
            max: toSeconds(max),
          };
    this.#histogram.reset();
    return summary;
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

  /** A histogram of Node holds whole numbers from 1 on. */
  #record(): void {
    const delayMs = performance.now() - this.#dueMs;
    this.#histogram.record(Math.max(Math.round(delayMs * 1e6), 1));
  }
}
