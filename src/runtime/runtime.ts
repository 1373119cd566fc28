import type { RuntimeName } from '../config/settings.ts';
import type { Activation, Parameter, TransformerOps } from './ops.ts';
import type { StepBatch } from './step-batch.ts';

export interface KvCacheShape {
  numLayers: number;
  numHeads: number;
  headDim: number;
  /** Sequences that can be held at once. */
  numLanes: number;
  /** Tokens a lane can hold. */
  laneLength: number;
}

/** Keys and values of every running sequence: allocated once, written in place, one lane a sequence. */
export interface KvCache {
  readonly shape: KvCacheShape;
  readonly numBytes: number;
  dispose(): void;
}

/** Bytes of a float32 cache of that shape: keys and values of every layer, head, lane and position. */
export function kvCacheBytes(shape: KvCacheShape): number {
  return 2 * 4 * shape.numLayers * shape.numHeads * shape.headDim * shape.numLanes * shape.laneLength;
}

export interface RuntimeMemory {
  /** Tensors alive in tfjs (`tf.memory().numTensors`). */
  numTensors: number;
  /** Bytes behind them, own buffers included. */
  numBytes: number;
}

/** The only door to tfjs. One runtime lives in one thread; every call blocks that thread. */
export interface Runtime {
  readonly name: RuntimeName;
  /** For people: backend, instruction set, threads. */
  readonly description: string;
  readonly numThreads: number;
  /** Takes over `values` (row-major; a matrix as [out, in]) in the form this runtime multiplies fastest. */
  createParameter(name: string, shape: readonly number[], values: Float32Array): Parameter;
  createKvCache(shape: KvCacheShape): KvCache;
  /**
   * Runs one forward pass and reads back what it returns, row-major. The array is the caller's until the next step.
   * Activations made inside are freed on return.
   */
  runStep(batch: StepBatch, cache: KvCache, forward: (ops: TransformerOps) => Activation): Float32Array;
  memory(): RuntimeMemory;
  dispose(): Promise<void>;
}
