/** A job as assembly/pool.ts lays it out: addresses, integers, or floats wrapped in `floatArg`. */
export type Job = readonly [kernelId: number, numChunks: number, args: readonly number[]];
