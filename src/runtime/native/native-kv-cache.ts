import type * as tf from '@tensorflow/tfjs-core';
import { EngineError } from '../../errors.ts';
import type { KvCache, KvCacheShape } from '../runtime.ts';
import type { Handle, NativeAddon } from './native-addon.ts';
import type { NativeMemory } from './native-parameter.ts';

/** Heads are padded to whole vectors. */
const VECTOR_FLOATS = 16;

/** Keys and values in the addon's memory: [layers, lanes, heads, laneLength, headDim], twice. */
export class NativeKvCache implements KvCache {
  readonly shape: KvCacheShape;
  readonly handle: Handle;
  readonly numBytes: number;
  readonly #addon: NativeAddon;
  readonly #tensor: tf.Tensor;

  /** @throws EngineError `backend_unavailable` when the memory cannot be had */
  constructor({ addon, backend }: NativeMemory, shape: KvCacheShape, format: 'f32' | 'f16') {
    const { numLayers, numLanes, numKvHeads, laneLength, headDim } = shape;
    const paddedDim = Math.ceil(headDim / VECTOR_FLOATS) * VECTOR_FLOATS;
    this.shape = shape;
    const numNumbers = 2 * numLayers * numLanes * numKvHeads * laneLength * paddedDim;
    this.numBytes = numNumbers * (format === 'f16' ? 2 : 4);
    this.#addon = addon;
    try {
      const isHalf = format === 'f16' ? 1 : 0;
      this.handle = addon.addCache(numLayers, numLanes, numKvHeads, laneLength, headDim, isHalf);
      // [keys and values, layers, lanes, heads, laneLength, headDim], as words
      this.#tensor = backend.adopt(this.handle, [this.numBytes / 4], 'int32');
    } catch (cause) {
      throw new EngineError(
        'backend_unavailable',
        `there is no room for a KV cache of ${numLanes} lanes of ${laneLength} tokens, ${this.numBytes} bytes: take ` +
          'fewer lanes or a shorter context',
        { cause },
      );
    }
  }

  copyLane(from: number, to: number, numTokens: number): void {
    this.#addon.copyLane(this.handle, from, to, numTokens);
  }

  dispose(): void {
    this.#tensor.dispose();
  }
}
