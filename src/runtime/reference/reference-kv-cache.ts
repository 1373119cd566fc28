import { kvCacheBytes, type KvCache, type KvCacheShape } from '../runtime.ts';

/** Keys and values as plain arrays, a token's heads side by side, so that a lane's tokens are one slice. */
export class ReferenceKvCache implements KvCache {
  readonly shape: KvCacheShape;
  readonly numBytes: number;
  readonly #dim: number;
  readonly #keys: Float32Array[]; // [layers][lanes * laneLength * heads * headDim]
  readonly #values: Float32Array[]; // [layers][lanes * laneLength * heads * headDim]

  constructor(shape: KvCacheShape) {
    this.shape = shape;
    this.numBytes = kvCacheBytes(shape);
    this.#dim = shape.numKvHeads * shape.headDim;
    const layerSize = shape.numLanes * shape.laneLength * this.#dim;
    this.#keys = Array.from({ length: shape.numLayers }, () => new Float32Array(layerSize));
    this.#values = Array.from({ length: shape.numLayers }, () => new Float32Array(layerSize));
  }

  /** Stores the keys and values of consecutive tokens, each [tokens, dim], from `position` on. */
  write(layerIndex: number, lane: number, position: number, keys: Float32Array, values: Float32Array): void {
    const start = (lane * this.shape.laneLength + position) * this.#dim;
    this.#keys[layerIndex]?.set(keys, start);
    this.#values[layerIndex]?.set(values, start);
  }

  /** The first `numTokens` keys and values of a lane, each [numTokens, dim]; views, not copies. */
  read(layerIndex: number, lane: number, numTokens: number): { keys: Float32Array; values: Float32Array } {
    const start = lane * this.shape.laneLength * this.#dim;
    const end = start + numTokens * this.#dim;
    const empty = new Float32Array();
    return {
      keys: this.#keys[layerIndex]?.subarray(start, end) ?? empty,
      values: this.#values[layerIndex]?.subarray(start, end) ?? empty,
    };
  }

  copyLane(from: number, to: number, numTokens: number): void {
    const laneSize = this.shape.laneLength * this.#dim;
    for (const tensor of [...this.#keys, ...this.#values]) {
      tensor.copyWithin(to * laneSize, from * laneSize, from * laneSize + numTokens * this.#dim);
    }
  }

  dispose(): void {
    this.#keys.length = 0;
    this.#values.length = 0;
  }
}
