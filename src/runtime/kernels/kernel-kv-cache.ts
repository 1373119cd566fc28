import type * as tf from '@tensorflow/tfjs-core';
import { EngineError } from '../../errors.ts';
import type { KvCache, KvCacheShape } from '../runtime.ts';
import type { Handle, KernelAddon } from './kernel-addon.ts';
import { KV_CACHE_FORMATS, type KvCacheFormat } from '../traits.ts';
import type { KernelMemory } from './kernel-parameter.ts';

/** Keys and values in the addon's memory: [layers, lanes, heads, laneLength, headDim], twice. */
export class KernelKvCache implements KvCache {
  readonly shape: KvCacheShape;
  readonly handle: Handle;
  readonly numBytes: number;
  readonly #addon: KernelAddon;
  readonly #tensor: tf.Tensor;

  /** @throws EngineError `backend_unavailable` when the memory cannot be had */
  constructor({ addon, backend }: KernelMemory, shape: KvCacheShape, format: KvCacheFormat) {
    const { numLayers, numLanes, numKvHeads, laneLength, headDim } = shape;
    this.shape = shape;
    this.#addon = addon;
    try {
      const place = KV_CACHE_FORMATS.indexOf(format);
      this.handle = addon.addCache(numLayers, numLanes, numKvHeads, laneLength, headDim, place);
      this.numBytes = addon.numBytesOf(this.handle);
      // [keys and values, layers, lanes, heads, laneLength, headDim], as words
      this.#tensor = backend.adopt(this.handle, [this.numBytes / 4], 'int32');
    } catch (cause) {
      throw new EngineError(
        'backend_unavailable',
        `there is no room for a KV cache of ${numLanes} lanes of ${laneLength} tokens in ${format}: take ` +
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
