import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 10;

/** How late this thread's timers fire, in milliseconds. */
export interface EventLoopDelayReport {
  p50: number;
  p99: number;
  max: number;
}

/** Starts to watch this thread's event loop; the function returned stops and reports. */
export function watchEventLoop(): () => EventLoopDelayReport {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return () => {
    histogram.disable();
    // Node records the whole interval between two of its timers, the interval asked for included.
    const toDelayMs = (nanoseconds: number): number => Math.max(nanoseconds / 1e6 - RESOLUTION_MS, 0);
    if (histogram.count === 0) return { p50: 0, p99: 0, max: 0 };
    return {
      p50: toDelayMs(histogram.percentile(50)),
      p99: toDelayMs(histogram.percentile(99)),
      max: toDelayMs(histogram.max),
    };
  };
}
