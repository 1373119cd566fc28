/** One kernel over one set of buffers, as assembly/pool.ts reads it. Jobs of a list run one after the other. */
export interface Job {
  readonly kernelId: number;
  /** Parts that may run at the same time; with none there is nothing to do. */
  readonly numChunks: number;
  /** Addresses, integers, or floats wrapped in `floatArg`: each kernel's comment in assembly/ says in what order. */
  readonly args: readonly number[];
}
