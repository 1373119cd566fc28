import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { EngineError } from '../../errors.ts';

/** A tensor or a program of the addon. */
export type Handle = number;

/** The addon, as kernels/addon.cc exports it. Its functions throw an Error that says what is wrong. */
export interface NativeAddon {
  /** Starts the threads, once in a process. Returns the name of the instruction set. */
  start(numThreads: number, numSkippedSets: number): string;
  /** Zeros, [size]. */
  addVector(size: number): Handle;
  /** Zeros, [numOut, depth]. */
  addMatrix(numOut: number, depth: number, format: number): Handle;
  /** Zeros, [layers, lanes, heads, laneLength, headDim] twice. */
  addCache(numLayers: number, numLanes: number, numKvHeads: number, laneLength: number, headDim: number): Handle;
  addProgram(words: Int32Array, tensors: Int32Array): Handle;
  freeTensor(tensor: Handle): void;
  freeProgram(program: Handle): void;
  writeVector(vector: Handle, values: Float32Array): void;
  packFloats(matrix: Handle, firstRow: number, rows: Float32Array): void;
  packRows(matrix: Handle, firstRow: number, storedFormat: number, rows: Uint8Array): void;
  copyLane(cache: Handle, from: number, to: number, numTokens: number): void;
  clearLane(cache: Handle, lane: number, from: number): void;
  run(program: Handle, rows: Int32Array, whole: Float32Array, tops: Float32Array, places: Int32Array): void;
  /** Of all tensors. */
  numBytes(): number;
}

const require = createRequire(import.meta.url);

/** @throws EngineError `backend_unavailable` where there is no addon for this machine */
export function loadAddon(): NativeAddon {
  const folder = import.meta.url.endsWith('.ts') ? '../../../dist/native/' : '../../../native/';
  try {
    return require(fileURLToPath(new URL(`${folder}tokenflare.node`, import.meta.url))) as NativeAddon;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('backend_unavailable', `the native kernels cannot be loaded: ${reason}`, { cause });
  }
}
