import { EngineError } from '../../errors.ts';
import type { KvCache, KvCacheShape } from '../runtime.ts';
import type { Handle, NativeAddon } from './native-addon.ts';

/** Heads are padded to whole vectors. */
const VECTOR_FLOATS = 16;

/** Keys and values in the addon's memory: [layers, lanes, heads, laneLength, headDim], twice, in float32. */
export class NativeKvCache implements KvCache {
  readonly shape: KvCacheShape;
  readonly handle: Handle;
  readonly numBytes: number;
  readonly #addon: NativeAddon;

  /** @throws EngineError `backend_unavailable` when the memory cannot be had */
  constructor(addon: NativeAddon, shape: KvCacheShape) {
    const { numLayers, numLanes, numKvHeads, laneLength, headDim } = shape;
    const paddedDim = Math.ceil(headDim / VECTOR_FLOATS) * VECTOR_FLOATS;
    this.shape = shape;
    this.numBytes = 2 * 4 * numLayers * numLanes * numKvHeads * laneLength * paddedDim;
    this.#addon = addon;
    try {
      this.handle = addon.addCache(numLayers, numLanes, numKvHeads, laneLength, headDim);
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
    this.#addon.freeTensor(this.handle);
  }
}
