import type * as tf from '@tensorflow/tfjs-core';
import { assertInvariant, EngineError } from '../../errors.ts';
import { PAGE_TOKENS } from '../../pages.ts';
import {
  type KvCache,
  type KvCacheShape,
  layersOf,
  numPagesOf,
  type PageTable,
  tableOf,
} from '../runtime.ts';
import type { Handle, KernelAddon } from './kernel-addon.ts';
import { KV_CACHE_FORMATS, type KvCacheFormat } from '../traits.ts';
import type { KernelMemory } from './kernel-parameter.ts';

/** Where a layer's keys and values lie. */
export interface LayerPlace {
  readonly handle: Handle;
  /** Among the layers of its table. */
  readonly index: number;
  readonly table: PageTable;
}

/** Keys and values in the addon's memory, of each table: [layers, pages, heads, PAGE_TOKENS, headDim], twice. */
export class KernelKvCache implements KvCache {
  readonly shape: KvCacheShape;
  readonly numBytes: number;
  readonly #addon: KernelAddon;
  readonly #handles: ReadonlyMap<PageTable, Handle>;
  readonly #tensors: tf.Tensor[] = [];

  /** @throws EngineError `backend_unavailable` when the memory cannot be had */
  constructor({ addon, backend }: KernelMemory, shape: KvCacheShape, format: KvCacheFormat) {
    const { numPages, numKvHeads, headDim } = shape;
    this.shape = shape;
    this.#addon = addon;
    const handles = new Map<PageTable, Handle>();
    let numBytes = 0;
    try {
      for (const table of ['pages', 'windowPages'] as const) {
        const numLayers = layersOf(shape, table).length;
        if (numLayers === 0) continue;
        const place = KV_CACHE_FORMATS.indexOf(format);
        const handle = addon.addCache(numLayers, numPagesOf(shape, table), numKvHeads, headDim, place);
        const bytesOfTable = addon.numBytesOf(handle);
        // [keys and values, layers, pages, heads, PAGE_TOKENS, headDim], as words
        this.#tensors.push(backend.adopt(handle, [bytesOfTable / 4], 'int32'));
        handles.set(table, handle);
        numBytes += bytesOfTable;
      }
    } catch (cause) {
      this.dispose();
      throw new EngineError(
        'backend_unavailable',
        `there is no room for a KV cache of ${numPages * PAGE_TOKENS} tokens in ${format}: lower KV_CACHE_MB`,
        { cause },
      );
    }
    this.#handles = handles;
    this.numBytes = numBytes;
  }

  placeOf(layerIndex: number): LayerPlace {
    const table = tableOf(this.shape, layerIndex);
    const index = layersOf(this.shape, table).indexOf(layerIndex);
    return { handle: this.#handleOf(table), index, table };
  }

  copyPage(from: number, to: number, table: PageTable): void {
    this.#addon.copyPage(this.#handleOf(table), from, to);
  }

  #handleOf(table: PageTable): Handle {
    const handle = this.#handles.get(table);
    assertInvariant(handle !== undefined, `the cache has layers with ${table}`);
    return handle;
  }

  readPage(page: number, bytes: Uint8Array): void {
    this.#addon.readPage(this.#handleOf('pages'), page, bytes);
  }

  writePage(page: number, bytes: Uint8Array): void {
    this.#addon.writePage(this.#handleOf('pages'), page, bytes);
  }

  releasePages(first: number, count: number, table: PageTable): void {
    this.#addon.releasePages?.(this.#handleOf(table), first, count);
  }

  dispose(): void {
    for (const tensor of this.#tensors.splice(0)) tensor.dispose();
  }
}
