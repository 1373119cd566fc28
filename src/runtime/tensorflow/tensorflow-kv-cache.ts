import { assertInvariant } from '../../errors.ts';
import type { KvCache, KvCacheShape } from '../runtime.ts';
import { BLOCK_LENGTH, blocksOf } from './attention-plan.ts';
import type { EagerContext } from './eager-context.ts';
import { FLOAT, type TensorInfo } from './tensorflow-binding.ts';

/**
 * For stock operations: [blocks * lanes * heads * BLOCK_LENGTH, headDim]. TensorFlow slices the first dimension
 * without a copy, so that any range of lanes of a block is at hand as one tensor [lanes, heads, BLOCK_LENGTH, headDim].
 */
export function blockLayout({ numKvHeads, headDim, numLanes, laneLength }: KvCacheShape): number[] {
  return [blocksOf(laneLength) * numLanes * numKvHeads * BLOCK_LENGTH, headDim];
}

/** For our own kernels, which read whole vectors: a lane's head is one stretch, its width filled up with zeros. */
export function laneLayout({ numKvHeads, headDim, numLanes, laneLength }: KvCacheShape): number[] {
  return [numLanes, numKvHeads, laneLength, Math.ceil(headDim / VECTOR_WIDTH) * VECTOR_WIDTH];
}

/** Floats of the widest vector that a kernel uses. */
const VECTOR_WIDTH = 16;

/** Keys and values, one tensor each a layer, in a layout of the operations that write them in place. */
export class TensorflowKvCache implements KvCache {
  readonly shape: KvCacheShape;
  readonly numBytes: number;
  readonly #context: EagerContext;
  readonly #keys: TensorInfo[]; // [layers], each of the layout
  readonly #values: TensorInfo[]; // [layers], each of the layout

  constructor(context: EagerContext, shape: KvCacheShape, layout: readonly number[]) {
    const { numLayers } = shape;
    this.shape = shape;
    this.numBytes = 2 * 4 * numLayers * layout.reduce((size, dim) => size * dim, 1);
    this.#context = context;
    const size = context.upload([layout.length], Int32Array.from(layout));
    // Zeros: what no token was written to is masked, and a mask of -infinity does not mask a NaN.
    const empty = (): TensorInfo => context.keep(context.run('Empty', EMPTY, [size])); // layout
    this.#keys = Array.from({ length: numLayers }, empty);
    this.#values = Array.from({ length: numLayers }, empty);
    context.free(size);
  }

  /** Keys and values of a layer. */
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
