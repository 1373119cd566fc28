import type * as tf from '@tensorflow/tfjs-core';
import { EngineError } from '../../errors.ts';
import { PAGE_TOKENS } from '../../pages.ts';
import type { KvCache, KvCacheShape } from '../runtime.ts';
import type { Handle, KernelAddon } from './kernel-addon.ts';
import { KV_CACHE_FORMATS, type KvCacheFormat } from '../traits.ts';
import type { KernelMemory } from './kernel-parameter.ts';

/** Keys and values in the addon's memory: [layers, pages, heads, PAGE_TOKENS, headDim], twice. */
export class KernelKvCache implements KvCache {
  readonly shape: KvCacheShape;
  readonly handle: Handle;
  readonly numBytes: number;
  readonly #addon: KernelAddon;
  readonly #tensor: tf.Tensor;

  /** @throws EngineError `backend_unavailable` when the memory cannot be had */
  constructor({ addon, backend }: KernelMemory, shape: KvCacheShape, format: KvCacheFormat) {
    const { numLayers, numPages, numKvHeads, headDim } = shape;
    this.shape = shape;
    this.#addon = addon;
    try {
      const place = KV_CACHE_FORMATS.indexOf(format);
      this.handle = addon.addCache(numLayers, numPages, numKvHeads, headDim, place);
      this.numBytes = addon.numBytesOf(this.handle);
      // [keys and values, layers, pages, heads, PAGE_TOKENS, headDim], as words
      this.#tensor = backend.adopt(this.handle, [this.numBytes / 4], 'int32');
    } catch (cause) {
      throw new EngineError(
        'backend_unavailable',
        `there is no room for a KV cache of ${numPages * PAGE_TOKENS} tokens in ${format}: lower KV_CACHE_MB`,
        { cause },
      );
    }
  }

  copyPage(from: number, to: number): void {
    this.#addon.copyPage(this.handle, from, to);
  }

  readPage(page: number, bytes: Uint8Array): void {
    this.#addon.readPage(this.handle, page, bytes);
  }

  writePage(page: number, bytes: Uint8Array): void {
    this.#addon.writePage(this.handle, page, bytes);
  }

  releasePages(first: number, count: number): void {
    this.#addon.releasePages?.(this.handle, first, count);
  }

  dispose(): void {
    this.#tensor.dispose();
  }
}
