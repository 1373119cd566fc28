import { assertInvariant } from '../../errors.ts';
import type { KvCache, KvCacheShape } from '../runtime.ts';
import type { Segment } from '../step-batch.ts';
import { BLOCK_LENGTH, blocksOf } from './attention-plan.ts';
import type { EagerContext } from './eager-context.ts';
import { lastingZeros } from './native-kernels.ts';
import { FLOAT, INT32, type TensorInfo } from './tensorflow-binding.ts';

/** Where things lie in a layer's keys, and in its values. */
export interface CacheLayout {
  shape: readonly number[];
  /** Zeros of that shape. */
  empty(context: EagerContext): TensorInfo;
  /** Of the tensor as [rows, the last of its dimensions]: the row of one head of one token. */
  rowOf(lane: number, head: number, position: number): number;
}

/**
 * For stock operations: [blocks * lanes * heads * BLOCK_LENGTH, headDim]. TensorFlow slices the first dimension
 * without a copy, so that any range of lanes of a block is at hand as one tensor [lanes, heads, BLOCK_LENGTH, headDim].
 */
export function blockLayout({ numKvHeads, headDim, numLanes, laneLength }: KvCacheShape): CacheLayout {
  const shape = [blocksOf(laneLength) * numLanes * numKvHeads * BLOCK_LENGTH, headDim];
  return {
    shape,
    empty: (context) => {
      const size = context.upload([shape.length], Int32Array.from(shape)); // [2]
      const zeros = context.run('Empty', EMPTY, [size]); // shape
      context.free(size);
      return zeros;
    },
    rowOf: (lane, head, position) => {
      const block = Math.floor(position / BLOCK_LENGTH);
      return ((block * numLanes + lane) * numKvHeads + head) * BLOCK_LENGTH + (position % BLOCK_LENGTH);
    },
  };
}

/** For our own kernels, which read whole vectors: a lane's head is one stretch, its width filled up with zeros. */
export function laneLayout({ numKvHeads, headDim, numLanes, laneLength }: KvCacheShape): CacheLayout {
  const shape = [numLanes, numKvHeads, laneLength, Math.ceil(headDim / VECTOR_WIDTH) * VECTOR_WIDTH];
  return {
    shape,
    empty: (context) => lastingZeros(context, shape),
    rowOf: (lane, head, position) => (lane * numKvHeads + head) * laneLength + position,
  };
}

/** Floats of the widest vector that a kernel uses. */
const VECTOR_WIDTH = 16;

/** Keys and values, one tensor each a layer, in a layout of the operations that write them in place. */
export class TensorflowKvCache implements KvCache {
  readonly shape: KvCacheShape;
  readonly numBytes: number;
  readonly #context: EagerContext;
  readonly #layout: CacheLayout;
  readonly #keys: TensorInfo[]; // [layers], each of the layout
  readonly #values: TensorInfo[]; // [layers], each of the layout
  /** Positions from here on hold zeros: [lanes]. */
  readonly #ends: Int32Array;

  constructor(context: EagerContext, shape: KvCacheShape, layout: CacheLayout) {
    const { numLayers } = shape;
    this.shape = shape;
    this.numBytes = 2 * 4 * numLayers * layout.shape.reduce((size, dim) => size * dim, 1);
    this.#context = context;
    this.#layout = layout;
    this.#ends = new Int32Array(shape.numLanes); // [lanes]
    // Zeros: what no token was written to is masked, and a mask of -infinity does not mask a NaN.
    const empty = (): TensorInfo => context.keep(layout.empty(context)); // layout
    this.#keys = Array.from({ length: numLayers }, empty);
    this.#values = Array.from({ length: numLayers }, empty);
  }

  /** Keys and values of a layer. */
  layer(layerIndex: number): { keys: TensorInfo; values: TensorInfo } {
    const keys = this.#keys[layerIndex];
    const values = this.#values[layerIndex];
    assertInvariant(keys && values, `the cache has a layer ${layerIndex}`);
    return { keys, values };
  }

  /** Copies the first `numTokens` keys and values of a lane, in place. */
  copyLane(from: number, to: number, numTokens: number): void {
    const context = this.#context;
    context.step(() => {
      const sources = this.#rowsOf(from, 0, numTokens); // [heads * tokens]
      const targets = this.#rowsOf(to, 0, numTokens); // [heads * tokens]
      const axis = context.upload([], Int32Array.of(0));
      const matrix = context.upload([2], Int32Array.of(-1, this.#layout.shape.at(-1) ?? 1));
      for (const tensor of [...this.#keys, ...this.#values]) {
        const rows = context.run('Reshape', RESHAPE, [tensor, matrix]); // [rows, width], the same memory
        const copied = context.run('GatherV2', GATHER, [rows, sources, axis]); // [heads * tokens, width]
        context.free(context.run('InplaceUpdate', T, [rows, targets, copied]), rows, copied);
      }
    });
    this.#noteEnd(to, numTokens);
  }

  /** A step writes these segments. */
  noteWritten(segments: readonly Segment[]): void {
    for (const { lane, positionStart, numRows } of segments) this.#noteEnd(lane, positionStart + numRows);
  }

  #noteEnd(lane: number, end: number): void {
    this.#ends[lane] = Math.max(this.#ends[lane] ?? 0, end);
  }

  /** Zeros what was written to a lane from a position on. */
  clearLane(lane: number, from: number): void {
    const context = this.#context;
    const end = this.#ends[lane] ?? 0;
    if (end <= from) return;
    this.#ends[lane] = from;
    context.step(() => {
      const targets = this.#rowsOf(lane, from, end); // [heads * tokens]
      const width = this.#layout.shape.at(-1) ?? 1;
      const matrix = context.upload([2], Int32Array.of(-1, width));
      const numRows = this.shape.numKvHeads * (end - from);
      const zeros = context.upload([numRows, width], new Float32Array(numRows * width)); // [heads * tokens, width]
      for (const tensor of [...this.#keys, ...this.#values]) {
        const rows = context.run('Reshape', RESHAPE, [tensor, matrix]); // [rows, width], the same memory
        context.free(context.run('InplaceUpdate', T, [rows, targets, zeros]), rows);
      }
    });
  }

  /** Where a stretch of a lane's tokens lies, head by head: [heads * tokens]. */
  #rowsOf(lane: number, start: number, end: number): TensorInfo {
    const numTokens = end - start;
    const rows = new Int32Array(this.shape.numKvHeads * numTokens); // [heads * tokens]
    for (let i = 0; i < rows.length; i++) {
      rows[i] = this.#layout.rowOf(lane, Math.floor(i / numTokens), start + (i % numTokens));
    }
    return this.#context.upload([rows.length], rows); // [heads * tokens]
  }

  dispose(): void {
    this.#context.free(...this.#keys.splice(0), ...this.#values.splice(0));
  }
}

const T = { T: { type: FLOAT } } as const;
const RESHAPE = { ...T, Tshape: { type: INT32 } } as const;
const GATHER = { Tparams: { type: FLOAT }, Tindices: { type: INT32 }, Taxis: { type: INT32 } } as const;
const EMPTY = { dtype: { type: FLOAT }, init: true } as const;
