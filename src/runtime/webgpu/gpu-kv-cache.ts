import type * as tf from '@tensorflow/tfjs-core';
import { assertInvariant, EngineError } from '../../errors.ts';
import { kvCacheBytes, type KvCache, type KvCacheShape } from '../runtime.ts';
import type { GpuDevice } from './gpu-device.ts';
import { isHeadDimSupported } from './kernels/attention.ts';

/** Keys and values in float32, two buffers a layer: [lanes, heads, laneLength, headDim] each. */
export class GpuKvCache implements KvCache {
  readonly shape: KvCacheShape;
  readonly numBytes: number;
  readonly keys: readonly GPUBuffer[]; // [layers][lanes, heads, laneLength, headDim]
  readonly values: readonly GPUBuffer[]; // [layers][lanes, heads, laneLength, headDim]
  readonly #device: GpuDevice;
  readonly #tensors: readonly tf.Tensor[];
  #isDisposed = false;

  /** Throws `backend_unavailable` for heads too wide, or when the device cannot bind a layer's keys as a whole. */
  constructor(device: GpuDevice, shape: KvCacheShape) {
    const { numLayers, numLanes, numKvHeads, headDim, laneLength } = shape;
    this.shape = shape;
    this.numBytes = kvCacheBytes(shape);
    this.#device = device;
    if (!isHeadDimSupported(headDim)) {
      throw new EngineError(
        'backend_unavailable',
        `the webgpu runtime takes heads of up to 128 numbers, or 256 where that is even, not of ${headDim}: take another`,
      );
    }
    const layerBytes = this.numBytes / numLayers / 2;
    if (layerBytes > device.maxBufferBytes) {
      throw new EngineError(
        'backend_unavailable',
        `the keys of a layer for ${numLanes} lanes of ${laneLength} tokens have ${layerBytes} bytes, and ` +
          `${device.name} binds at most ${device.maxBufferBytes}: take fewer lanes (MAX_NUM_SEQS) or a shorter ` +
          'context (MAX_MODEL_LEN)',
      );
    }
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const allocate = (what: string): GPUBuffer[] =>
      Array.from({ length: numLayers }, (_, layer) =>
        device.createBuffer(`${what} of layer ${layer}`, layerBytes, usage),
      );
    this.keys = allocate('keys');
    this.values = allocate('values');
    this.#tensors = [...this.keys, ...this.values].map((buffer) =>
      device.adopt(buffer, [numLanes, numKvHeads, laneLength, headDim], 'float32'),
    );
  }

  /**
   * The commands that copy the first `numTokens` keys and values of a lane.
   *
   * @param detour a buffer of at least `numKvHeads * numTokens * headDim` floats to go through
   */
  copyLane(
    encoder: GPUCommandEncoder,
    detour: GPUBuffer,
    { from, to, numTokens }: { from: number; to: number; numTokens: number },
  ): void {
    const { numKvHeads, headDim, laneLength } = this.shape;
    const numBytes = 4 * numTokens * headDim;
    const startOf = (lane: number, head: number): number =>
      4 * (lane * numKvHeads + head) * laneLength * headDim;
    for (const buffer of [...this.keys, ...this.values]) {
      for (let head = 0; head < numKvHeads; head++) {
        encoder.copyBufferToBuffer(buffer, startOf(from, head), detour, head * numBytes, numBytes);
      }
      for (let head = 0; head < numKvHeads; head++) {
        encoder.copyBufferToBuffer(detour, head * numBytes, buffer, startOf(to, head), numBytes);
      }
    }
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
