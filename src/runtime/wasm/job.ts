/** A job as assembly/pool.ts lays it out: addresses, integers, or floats wrapped in `floatArg`. */
export type Job = readonly [kernelId: number, numChunks: number, args: readonly number[]];

/** What the jobs of a kernel depend on beside their buffers. */
export interface JobContext {
  readonly numThreads: number;
  /** Address of at least `numBytes` that hold nothing beyond the jobs that asked for them. */
  readonly scratch: (numBytes: number) => number;
}
