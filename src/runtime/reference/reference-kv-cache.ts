import { assertInvariant } from '../../errors.ts';
import { GONE, PAGE_TOKENS } from '../../pages.ts';
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

/** Keys and values as plain arrays, a token's heads side by side, so that the tokens of a page are one slice. */
export class ReferenceKvCache implements KvCache {
  readonly shape: KvCacheShape;
  readonly numBytes: number;
  readonly #dim: number;
  readonly #keys: Float32Array[]; // [layers][pages * PAGE_TOKENS * heads * headDim]
  readonly #values: Float32Array[]; // [layers][pages * PAGE_TOKENS * heads * headDim]

  constructor(shape: KvCacheShape) {
    this.shape = shape;
    this.numBytes = kvCacheBytes(shape);
    this.#dim = shape.numKvHeads * shape.headDim;
    const empty = (_: unknown, layer: number): Float32Array =>
      new Float32Array(numPagesOf(shape, tableOf(shape, layer)) * PAGE_TOKENS * this.#dim);
    this.#keys = Array.from({ length: shape.numLayers }, empty);
    this.#values = Array.from({ length: shape.numLayers }, empty);
  }

  /** Stores the keys and values of a segment's tokens, each [tokens, dim]. */
  write(layerIndex: number, segment: Segment, keys: Float32Array, values: Float32Array): void {
    const dim = this.#dim;
    const pages = this.#pagesOf(layerIndex, segment);
    for (let token = 0; token * dim < keys.length; token++) {
      const start = this.#startOf(pages, segment.positionStart + token);
      this.#keys[layerIndex]?.set(keys.subarray(token * dim, (token + 1) * dim), start);
      this.#values[layerIndex]?.set(values.subarray(token * dim, (token + 1) * dim), start);
    }
  }

  /** The first `numTokens` keys and values of a sequence, each [numTokens, dim]; zeros where a page is gone. */
  read(
    layerIndex: number,
    segment: Segment,
    numTokens: number,
  ): { keys: Float32Array; values: Float32Array } {
    const pages = this.#pagesOf(layerIndex, segment);
    const [keys, values] = [this.#keys, this.#values].map((layers) => {
      const read = new Float32Array(numTokens * this.#dim); // [numTokens, dim]
      for (let token = 0; token < numTokens; token += PAGE_TOKENS) {
        if (pages[token / PAGE_TOKENS] === GONE) continue;
        const start = this.#startOf(pages, token);
        const count = Math.min(PAGE_TOKENS, numTokens - token) * this.#dim;
        read.set(layers[layerIndex]?.subarray(start, start + count) ?? [], token * this.#dim);
      }
      return read;
    });
    const empty = new Float32Array();
    return { keys: keys ?? empty, values: values ?? empty };
  }

  #pagesOf(layerIndex: number, segment: Segment): Int32Array {
    return segment[tableOf(this.shape, layerIndex)] ?? new Int32Array();
  }

  #startOf(pages: ArrayLike<number>, position: number): number {
    const page = pages[Math.floor(position / PAGE_TOKENS)] ?? GONE;
    assertInvariant(page !== GONE, `position ${position} has a page`);
    return (page * PAGE_TOKENS + (position % PAGE_TOKENS)) * this.#dim;
  }

  copyPage(from: number, to: number, table: PageTable): void {
    const pageSize = PAGE_TOKENS * this.#dim;
    for (const layer of layersOf(this.shape, table)) {
      for (const tensor of [this.#keys[layer], this.#values[layer]]) {
        tensor?.copyWithin(to * pageSize, from * pageSize, (from + 1) * pageSize);
      }
    }
  }

  /** Keys and values of every layer of a page: [2 * layers, PAGE_TOKENS * heads * headDim]. */
  readPage(page: number, bytes: Uint8Array): void {
    const pageBytes = 4 * PAGE_TOKENS * this.#dim;
    for (const [i, { buffer }] of [...this.#keys, ...this.#values].entries()) {
      bytes.set(new Uint8Array(buffer, page * pageBytes, pageBytes), i * pageBytes);
    }
  }

  writePage(page: number, bytes: Uint8Array): void {
    const pageBytes = 4 * PAGE_TOKENS * this.#dim;
    for (const [i, { buffer }] of [...this.#keys, ...this.#values].entries()) {
      new Uint8Array(buffer, page * pageBytes, pageBytes).set(
        bytes.subarray(i * pageBytes, (i + 1) * pageBytes),
      );
    }
  }

  dispose(): void {
    this.#keys.length = 0;
    this.#values.length = 0;
  }
}
