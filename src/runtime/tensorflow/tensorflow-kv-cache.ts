import { assertInvariant } from '../../errors.ts';
import type { KvCache, KvCacheShape } from '../runtime.ts';
import type { Segment } from '../step-batch.ts';
import { BLOCK_LENGTH, blocksOf, cacheRow } from './attention-plan.ts';
import type { EagerContext } from './eager-context.ts';
import { FLOAT, INT32, type TensorInfo } from './tensorflow-binding.ts';

/** Bytes of a cache of that shape, lanes filled up to whole blocks. */
export function tensorflowCacheBytes(shape: KvCacheShape): number {
  return 2 * 4 * shape.numLayers * numCacheRows(shape) * shape.headDim;
}

/** Rows of a layer's keys, and of its values. */
function numCacheRows({ numKvHeads, numLanes, laneLength }: KvCacheShape): number {
  return blocksOf(laneLength) * numLanes * numKvHeads * BLOCK_LENGTH;
}

/**
 * Keys and values, one tensor each a layer, which steps write in place: [blocks * lanes * heads * BLOCK_LENGTH, headDim].
 * TensorFlow slices the first dimension without a copy, so that any range of lanes of a block is at hand as one tensor
 * [lanes, heads, BLOCK_LENGTH, headDim].
 */
export class TensorflowKvCache implements KvCache {
  readonly shape: KvCacheShape;
  readonly numBytes: number;
  readonly #context: EagerContext;
  readonly #keys: TensorInfo[]; // [layers][rows, headDim]
  readonly #values: TensorInfo[]; // [layers][rows, headDim]
  /** Positions from here on hold zeros: [lanes]. */
  readonly #ends: Int32Array;

  constructor(context: EagerContext, shape: KvCacheShape) {
    const { numLayers, headDim } = shape;
    this.shape = shape;
    this.numBytes = tensorflowCacheBytes(shape);
    this.#context = context;
    this.#ends = new Int32Array(shape.numLanes); // [lanes]
    const size = context.upload([2], Int32Array.of(numCacheRows(shape), headDim)); // [2]
    // Zeros: what no token was written to is masked, and a mask of -infinity does not mask a NaN.
    const empty = (): TensorInfo => context.keep(context.run('Empty', EMPTY, [size])); // [rows, headDim]
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

  /** Copies the first `numTokens` keys and values of a lane, in place. */
  copyLane(from: number, to: number, numTokens: number): void {
    const context = this.#context;
    context.step(() => {
      const sources = this.#rowsOf(from, 0, numTokens); // [heads * tokens]
      const targets = this.#rowsOf(to, 0, numTokens); // [heads * tokens]
      const axis = context.upload([], Int32Array.of(0));
      for (const tensor of [...this.#keys, ...this.#values]) {
        const copied = context.run('GatherV2', GATHER, [tensor, sources, axis]); // [heads * tokens, headDim]
        context.free(context.run('InplaceUpdate', T, [tensor, targets, copied]), copied);
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
      const { numKvHeads, headDim } = this.shape;
      const numRows = numKvHeads * (end - from);
      const zeros = context.upload([numRows, headDim], new Float32Array(numRows * headDim)); // [heads * tokens, headDim]
      for (const tensor of [...this.#keys, ...this.#values]) {
        context.free(context.run('InplaceUpdate', T, [tensor, targets, zeros]));
      }
    });
  }

  /** Where a stretch of a lane's tokens lies, head by head: [heads * tokens]. */
  #rowsOf(lane: number, start: number, end: number): TensorInfo {
    const numTokens = end - start;
    const rows = new Int32Array(this.shape.numKvHeads * numTokens); // [heads * tokens]
    for (let i = 0; i < rows.length; i++) {
      rows[i] = cacheRow(this.shape, lane, Math.floor(i / numTokens), start + (i % numTokens));
    }
    return this.#context.upload([rows.length], rows); // [heads * tokens]
  }

  dispose(): void {
    this.#context.free(...this.#keys.splice(0), ...this.#values.splice(0));
  }
}

const T = { T: { type: FLOAT } } as const;
const GATHER = { Tparams: { type: FLOAT }, Tindices: { type: INT32 }, Taxis: { type: INT32 } } as const;
const EMPTY = { dtype: { type: FLOAT }, init: true } as const;
