import { assertInvariant } from '../../errors.ts';
import type { KvCache, KvCacheShape } from '../runtime.ts';
import { BLOCK_LENGTH, blocksOf } from './attention-plan.ts';
import type { EagerContext } from './eager-context.ts';
import { FLOAT, type TensorInfo } from './tensorflow-binding.ts';

/**
 * Keys and values, one tensor each a layer: [blocks * lanes * heads * BLOCK_LENGTH, headDim]. TensorFlow slices
 * the first dimension without a copy, so that any range of lanes of a block is at hand as one tensor
 * [lanes, heads, BLOCK_LENGTH, headDim]; rows are written in place by `InplaceUpdate`.
 */
export class TensorflowKvCache implements KvCache {
  readonly shape: KvCacheShape;
  readonly numBytes: number;
  readonly #context: EagerContext;
  readonly #keys: TensorInfo[]; // [layers][cacheRows, headDim]
  readonly #values: TensorInfo[]; // [layers][cacheRows, headDim]

  constructor(context: EagerContext, shape: KvCacheShape) {
    const { numLayers, numHeads, headDim, numLanes, laneLength } = shape;
    const numRows = blocksOf(laneLength) * numLanes * numHeads * BLOCK_LENGTH;
    this.shape = shape;
    this.numBytes = 2 * 4 * numLayers * numRows * headDim;
    this.#context = context;
    const size = context.upload([2], Int32Array.of(numRows, headDim));
    // Zeros: what no token was written to is masked, and a mask of -infinity does not mask a NaN.
    const empty = (): TensorInfo => context.keep(context.run('Empty', EMPTY, [size])); // [cacheRows, headDim]
    this.#keys = Array.from({ length: numLayers }, empty);
    this.#values = Array.from({ length: numLayers }, empty);
    context.free(size);
  }

  /** Keys and values of a layer, each [cacheRows, headDim]. */
  layer(layerIndex: number): { keys: TensorInfo; values: TensorInfo } {
    const keys = this.#keys[layerIndex];
    const values = this.#values[layerIndex];
    assertInvariant(keys && values, `the cache has a layer ${layerIndex}`);
    return { keys, values };
  }

  dispose(): void {
    this.#context.free(...this.#keys.splice(0), ...this.#values.splice(0));
  }
}

const EMPTY = { dtype: { type: FLOAT }, init: true } as const;
