/**
 * Milliseconds on the machine's monotonic clock, alike in all processes: what `process.hrtime` counts from is the
 * machine's affair, not the process's (`performance.now` counts from the start of its own).
 */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
