import * as tf from '@tensorflow/tfjs-core';
import { EngineError } from '../../errors.ts';
import { PANEL_WIDTH } from './assembly/kernel-ids.ts';
import type { KvCache, KvCacheShape } from '../runtime.ts';
import { MAX_HEAP_BYTES, type WasmHeap } from './wasm-heap.ts';

/** Keys and values as the kernel CausalAttention reads them: eight tokens of a head side by side, values row by row. */
export class WasmKvCache implements KvCache {
  readonly shape: KvCacheShape;
  readonly numBytes: number;
  readonly keys: tf.Tensor; // [layers, lanes, heads, laneLength / 8, headDim, 8]
  readonly values: tf.Tensor; // [layers, lanes, heads, laneLength, headDim up to a multiple of 8]

  readonly #heap: WasmHeap;

  /** Throws `backend_unavailable` when the heap cannot hold it. */
  constructor(heap: WasmHeap, shape: KvCacheShape) {
    const { numLayers, numLanes, numKvHeads, headDim, laneLength } = shape;
    const numPanels = Math.ceil(laneLength / PANEL_WIDTH);
    const valueDim = Math.ceil(headDim / PANEL_WIDTH) * PANEL_WIDTH;
    const numSlots = numLayers * numLanes * numKvHeads * numPanels * PANEL_WIDTH;
    this.shape = shape;
    this.#heap = heap;
    this.numBytes = 4 * numSlots * (headDim + valueDim);
    const heads = [numLayers, numLanes, numKvHeads];
    const failure = (cause?: unknown): EngineError =>
      new EngineError(
        'backend_unavailable',
        `a KV cache of ${numLanes} lanes of ${laneLength} tokens needs ${this.numBytes} bytes, and the wasm heap ` +
          `has ${heap.numBytes} in use of ${MAX_HEAP_BYTES}: take fewer lanes or a shorter context`,
        { cause },
      );
    // Asked before anything is allocated: the heap would keep what it grew by for the first half.
    if (heap.numBytes + this.numBytes > MAX_HEAP_BYTES) throw failure();
    let keys: tf.Tensor | undefined;
    try {
      keys = makeTensor(heap, [...heads, numPanels, headDim, PANEL_WIDTH]);
      this.keys = keys;
      this.values = makeTensor(heap, [...heads, numPanels * PANEL_WIDTH, valueDim]);
    } catch (cause) {
      keys?.dispose();
      throw failure(cause);
    }
  }

  /** Tokens of a lane in memory: whole panels. */
  get paddedLaneLength(): number {
    return Math.ceil(this.shape.laneLength / PANEL_WIDTH) * PANEL_WIDTH;
  }

  /** Where the keys and values of a layer begin. */
  layerAddresses(layerIndex: number): { keys: number; values: number } {
    const start = (tensor: tf.Tensor): number =>
      this.#heap.tensorAddress(tensor) + (4 * layerIndex * tensor.size) / this.shape.numLayers;
    return { keys: start(this.keys), values: start(this.values) };
  }

  /** Whole panels of keys, so that a few tokens behind the last one may come along: nobody looks at them. */
  copyLane(from: number, to: number, numTokens: number): void {
    const numKeyPanels = Math.ceil(numTokens / PANEL_WIDTH);
    this.#copyLane(this.keys, from, to, numKeyPanels);
    this.#copyLane(this.values, from, to, numTokens);
  }

  /** Copies the first `numParts` of each head, of a tensor [layers, lanes, heads, parts, ...]. */
  #copyLane({ shape, dataId }: tf.Tensor, from: number, to: number, numParts: number): void {
    const [numLayers = 0, numLanes = 0, numKvHeads = 0, ...head] = shape;
    const headSize = head.reduce((size, dim) => size * dim, 1);
    const copySize = (headSize / (head[0] ?? 1)) * numParts;
    const floats = this.#heap.float32(
      this.#heap.tensorAddress({ dataId }),
      numLayers * numLanes * numKvHeads * headSize,
    );
    for (let layer = 0; layer < numLayers; layer++) {
      for (let head = 0; head < numKvHeads; head++) {
        const start = (lane: number): number => ((layer * numLanes + lane) * numKvHeads + head) * headSize;
        floats.copyWithin(start(to), start(from), start(from) + copySize);
      }
    }
  }

  dispose(): void {
    this.keys.dispose();
    this.values.dispose();
  }
}

function makeTensor(heap: WasmHeap, shape: number[]): tf.Tensor {
  return tf.engine().makeTensorFromTensorInfo(heap.makeTensor(shape));
}
