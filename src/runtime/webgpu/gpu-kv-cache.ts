import type * as tf from '@tensorflow/tfjs-core';
import { assertInvariant, EngineError } from '../../errors.ts';
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
import type { GpuDevice } from './gpu-device.ts';
import { isHeadDimSupported } from './kernels/attention.ts';

/** Keys and values in float32, two buffers a layer: [pages, heads, PAGE_TOKENS, headDim] each. */
export class GpuKvCache implements KvCache {
  readonly shape: KvCacheShape;
  readonly numBytes: number;
  readonly keys: readonly GPUBuffer[]; // [layers][pages, heads, PAGE_TOKENS, headDim]
  readonly values: readonly GPUBuffer[]; // [layers][pages, heads, PAGE_TOKENS, headDim]
  readonly #device: GpuDevice;
  readonly #tensors: readonly tf.Tensor[];
  #isDisposed = false;

  /** Throws `backend_unavailable` for heads too wide, or when the device cannot bind a layer's keys as a whole. */
  constructor(device: GpuDevice, shape: KvCacheShape) {
    const { numLayers, numKvHeads, headDim } = shape;
    this.shape = shape;
    this.numBytes = kvCacheBytes(shape);
    this.#device = device;
    if (!isHeadDimSupported(headDim)) {
      throw new EngineError(
        'backend_unavailable',
        `the webgpu runtime takes heads of up to 128 numbers, or 256 where that is even, not of ${headDim}: take another`,
      );
    }
    const numLayerPages = (layer: number): number => numPagesOf(shape, tableOf(shape, layer));
    const mostPages = Math.max(...Array.from({ length: numLayers }, (_, layer) => numLayerPages(layer)));
    if (mostPages * this.pageBytes > device.maxBufferBytes) {
      throw new EngineError(
        'backend_unavailable',
        `the keys of a layer for ${mostPages * PAGE_TOKENS} tokens have ${mostPages * this.pageBytes} bytes, and ` +
          `${device.name} binds at most ${device.maxBufferBytes}: lower KV_CACHE_MB, ` +
          'MAX_NUM_SEQS or MAX_MODEL_LEN',
      );
    }
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const allocate = (what: string): GPUBuffer[] =>
      Array.from({ length: numLayers }, (_, layer) =>
        device.createBuffer(`${what} of layer ${layer}`, numLayerPages(layer) * this.pageBytes, usage),
      );
    this.keys = allocate('keys');
    this.values = allocate('values');
    this.#tensors = [this.keys, this.values].flatMap((buffers) =>
      buffers.map((buffer, layer) =>
        device.adopt(buffer, [numLayerPages(layer), numKvHeads, PAGE_TOKENS, headDim], 'float32'),
      ),
    );
  }

  /** The commands that copy a page. */
  copyPage(encoder: GPUCommandEncoder, detour: GPUBuffer, from: number, to: number, table: PageTable): void {
    const { pageBytes } = this;
    for (const layer of layersOf(this.shape, table)) {
      for (const buffer of [this.keys[layer], this.values[layer]]) {
        assertInvariant(buffer !== undefined, 'every layer has its buffers');
        // A buffer is not copied to itself, whatever part of it.
        encoder.copyBufferToBuffer(buffer, from * pageBytes, detour, 0, pageBytes);
        encoder.copyBufferToBuffer(detour, 0, buffer, to * pageBytes, pageBytes);
      }
    }
  }

  /** Of the keys of a page in a layer. */
  get pageBytes(): number {
    return 4 * this.shape.numKvHeads * PAGE_TOKENS * this.shape.headDim;
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    for (const tensor of this.#tensors) tensor.dispose();
    for (const buffer of [...this.keys, ...this.values]) this.#device.destroyBuffer(buffer);
  }
}

/** A KV cache of this runtime. */
export function gpuKvCache(cache: KvCache): GpuKvCache {
  assertInvariant(cache instanceof GpuKvCache, 'the KV cache belongs to this runtime');
  return cache;
}
