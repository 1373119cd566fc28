import { assertInvariant } from '../../errors.ts';
import { PAGE_TOKENS } from '../../pages.ts';
import {
  kvCacheBytes,
  type KvCache,
  type KvCacheShape,
  layersOf,
  numPagesOf,
  type PageTable,
  tableOf,
} from '../runtime.ts';
import type { Segment } from '../step-batch.ts';
import { cacheRow } from './attention-plan.ts';
import type { EagerContext } from './eager-context.ts';
import { FLOAT, INT32, type TensorInfo } from './tensorflow-binding.ts';

/** Rows of a layer's keys, and of its values. */
const numCacheRows = (shape: KvCacheShape, table: PageTable): number =>
  numPagesOf(shape, table) * shape.numKvHeads * PAGE_TOKENS;

/**
 * Keys and values, one tensor each a layer, which steps write in place: [pages * heads * PAGE_TOKENS, headDim].
 * TensorFlow slices the first dimension without a copy, so that a page is at hand as a tensor
 * [heads, PAGE_TOKENS, headDim].
 */
export class TensorflowKvCache implements KvCache {
  readonly shape: KvCacheShape;
  readonly numBytes: number;
  readonly #context: EagerContext;
  readonly #keys: TensorInfo[]; // [layers][rows, headDim]
  readonly #values: TensorInfo[]; // [layers][rows, headDim]
  /** Tokens of a page from here on hold zeros. */
  readonly #ends = { pages: new Map<number, number>(), windowPages: new Map<number, number>() };

  constructor(context: EagerContext, shape: KvCacheShape) {
    const { numLayers, headDim } = shape;
    this.shape = shape;
    this.numBytes = kvCacheBytes(shape);
    this.#context = context;
    // Zeros: what no token was written to is masked, and a mask of -infinity does not mask a NaN.
    const empty = (_: unknown, layer: number): TensorInfo => {
      const size = context.upload([2], Int32Array.of(numCacheRows(shape, tableOf(shape, layer)), headDim)); // [2]
      const tensor = context.keep(context.run('Empty', EMPTY, [size])); // [rows, headDim]
      context.free(size);
      return tensor;
    };
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

  /** Copies a page, in place. */
  copyPage(from: number, to: number, table: PageTable): void {
    const context = this.#context;
    context.step(() => {
      const [sources, targets] = [this.#rowsOf(from, 0, PAGE_TOKENS), this.#rowsOf(to, 0, PAGE_TOKENS)]; // both [heads * tokens]
      const axis = context.upload([], Int32Array.of(0));
      for (const tensor of this.#tensorsOf(table)) {
        const copied = context.run('GatherV2', GATHER, [tensor, sources, axis]); // [heads * tokens, headDim]
        context.free(context.run('InplaceUpdate', T, [tensor, targets, copied]), copied);
      }
    });
    this.#ends[table].set(to, this.#ends[table].get(from) ?? 0);
  }

  /** A step writes these segments. */
  noteWritten(segments: readonly Segment[]): void {
    for (const segment of segments) {
      const { positionStart, numRows } = segment;
      const end = positionStart + numRows;
      for (let block = Math.floor(positionStart / PAGE_TOKENS); block * PAGE_TOKENS < end; block++) {
        const ofPage = Math.min(PAGE_TOKENS, end - block * PAGE_TOKENS);
        for (const table of TABLES) {
          const page = segment[table]?.[block] ?? 0;
          this.#ends[table].set(page, Math.max(this.#ends[table].get(page) ?? 0, ofPage));
        }
      }
    }
  }

  /** Zeros what was written to a page from its token `from` on. */
  clearPage(page: number, from: number, table: PageTable): void {
    const context = this.#context;
    const end = this.#ends[table].get(page) ?? 0;
    if (end <= from) return;
    this.#ends[table].set(page, from);
    context.step(() => {
      const targets = this.#rowsOf(page, from, end); // [heads * tokens]
      const { numKvHeads, headDim } = this.shape;
      const numRows = numKvHeads * (end - from);
      const zeros = context.upload([numRows, headDim], new Float32Array(numRows * headDim)); // [heads * tokens, headDim]
      for (const tensor of this.#tensorsOf(table)) {
        context.free(context.run('InplaceUpdate', T, [tensor, targets, zeros]));
      }
    });
  }

  #tensorsOf(table: PageTable): TensorInfo[] {
    return layersOf(this.shape, table).flatMap((layer) => {
      const { keys, values } = this.layer(layer);
      return [keys, values];
    });
  }

  /** Where a stretch of a page's tokens lies, head by head: [heads * tokens]. */
  #rowsOf(page: number, start: number, end: number): TensorInfo {
    const numTokens = end - start;
    const rows = Int32Array.from({ length: this.shape.numKvHeads * numTokens }, (_, i) =>
      cacheRow(this.shape, page, Math.floor(i / numTokens), start + (i % numTokens)),
    ); // [heads * tokens]
    return this.#context.upload([rows.length], rows);
  }

  dispose(): void {
    this.#context.free(...this.#keys.splice(0), ...this.#values.splice(0));
  }
}

const TABLES: readonly PageTable[] = ['pages', 'windowPages'];
const T = { T: { type: FLOAT } } as const;
const GATHER = { Tparams: { type: FLOAT }, Tindices: { type: INT32 }, Taxis: { type: INT32 } } as const;
const EMPTY = { dtype: { type: FLOAT }, init: true } as const;
