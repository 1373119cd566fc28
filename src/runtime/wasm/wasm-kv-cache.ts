import * as tf from '@tensorflow/tfjs-core';
import { EngineError } from '../../errors.ts';
import type { KvCache, KvCacheShape } from '../runtime.ts';
import { type KvCacheFormat, WASM_HEAP_BYTES } from '../traits.ts';
import { INT8_PANELS, PANEL_WIDTH } from './assembly/kernel-ids.ts';
import { panelBytes } from './wasm-parameter.ts';
import type { WasmHeap } from './wasm-heap.ts';

const FLOAT_BYTES = 4;

/** Where the bytes of a head lie that belong to its first tokens: `count` runs, `strideBytes` apart. */
interface Runs {
  readonly offset: number;
  readonly count: number;
  readonly strideBytes: number;
  readonly numBytes: number;
}

/**
 * Keys and values as the kernels of attention read them: assembly/attention-float32.ts and attention-int8.ts. To tfjs
 * they are words of 32 bits.
 */
export type WasmCacheFormat = Exclude<KvCacheFormat, 'f16'>;

export class WasmKvCache implements KvCache {
  readonly shape: KvCacheShape;
  readonly format: WasmCacheFormat;
  readonly numBytes: number;
  readonly #heap: WasmHeap;
  readonly #keys: tf.Tensor; // [layers, lanes, heads, words]
  readonly #values: tf.Tensor; // [layers, lanes, heads, words]

  /** Throws `backend_unavailable` when the heap cannot hold it. */
  constructor(heap: WasmHeap, shape: KvCacheShape, format: WasmCacheFormat) {
    const { numLayers, numLanes, numKvHeads, laneLength } = shape;
    this.shape = shape;
    this.format = format;
    this.#heap = heap;
    const heads = [numLayers, numLanes, numKvHeads];
    const { keyBytes, valueBytes } = headBytes(shape, format);
    this.numBytes = numLayers * numLanes * numKvHeads * (keyBytes + valueBytes);
    const failure = (cause?: unknown): EngineError =>
      new EngineError(
        'backend_unavailable',
        `a KV cache of ${numLanes} lanes of ${laneLength} tokens needs ${this.numBytes} bytes, and the wasm heap ` +
          `has ${heap.numBytes} in use of ${WASM_HEAP_BYTES}: take fewer lanes or a shorter context`,
        { cause },
      );
    // Asked before anything is allocated: the heap would keep what it grew by for the first half.
    if (heap.numBytes + this.numBytes > WASM_HEAP_BYTES) throw failure();
    let keys: tf.Tensor | undefined;
    try {
      keys = makeTensor(heap, [...heads, keyBytes / FLOAT_BYTES]); // [layers, lanes, heads, words]
      this.#keys = keys;
      this.#values = makeTensor(heap, [...heads, valueBytes / FLOAT_BYTES]); // [layers, lanes, heads, words]
    } catch (cause) {
      keys?.dispose();
      throw failure(cause);
    }
  }

  /** Tokens of a lane in memory: whole panels. */
  get paddedLaneLength(): number {
    return wholePanels(this.shape.laneLength);
  }

  /** Where the keys and values of a layer begin. */
  layerAddresses(layerIndex: number): { keys: number; values: number } {
    const start = (tensor: tf.Tensor): number =>
      this.#heap.tensorAddress(tensor) + (FLOAT_BYTES * layerIndex * tensor.size) / this.shape.numLayers;
    return { keys: start(this.#keys), values: start(this.#values) };
  }

  /** A few tokens behind the last one may come along, up to a whole panel or pair: no kernel reads them. */
  copyLane(from: number, to: number, numTokens: number): void {
    const { headDim } = this.shape;
    const numPanels = Math.ceil(numTokens / PANEL_WIDTH);
    const valueDim = wholePanels(headDim);
    const only = (numBytes: number): Runs[] => [{ offset: 0, count: 1, strideBytes: 0, numBytes }];
    if (this.format === 'f32') {
      this.#copyLane(this.#keys, from, to, only(numPanels * PANEL_WIDTH * headDim * FLOAT_BYTES));
      this.#copyLane(this.#values, from, to, only(numTokens * valueDim * FLOAT_BYTES));
      return;
    }
    const scaleBytes = this.paddedLaneLength * FLOAT_BYTES;
    const columns: Runs = {
      offset: scaleBytes,
      count: valueDim / PANEL_WIDTH,
      strideBytes: this.paddedLaneLength * PANEL_WIDTH,
      numBytes: 2 * Math.ceil(numTokens / 2) * PANEL_WIDTH,
    };
    this.#copyLane(this.#keys, from, to, only(numPanels * panelBytes(INT8_PANELS, headDim)));
    this.#copyLane(this.#values, from, to, [...only(numTokens * FLOAT_BYTES), columns]);
  }

  /** Copies the same parts of each head. */
  #copyLane(tensor: tf.Tensor, from: number, to: number, parts: readonly Runs[]): void {
    const { numLayers, numLanes, numKvHeads } = this.shape;
    const bytes = this.#heap.uint8(this.#heap.tensorAddress(tensor), tensor.size * FLOAT_BYTES);
    const bytesOfHead = bytes.length / (numLayers * numLanes * numKvHeads);
    for (let layer = 0; layer < numLayers; layer++) {
      for (let head = 0; head < numKvHeads; head++) {
        const start = (lane: number): number => ((layer * numLanes + lane) * numKvHeads + head) * bytesOfHead;
        for (const runs of parts) copyRuns(bytes, start(from), start(to), runs);
      }
    }
  }

  dispose(): void {
    this.#keys.dispose();
    this.#values.dispose();
  }
}

function copyRuns(bytes: Uint8Array, from: number, to: number, runs: Runs): void {
  const { offset, count, strideBytes, numBytes } = runs;
  for (let at = offset, i = 0; i < count; i++, at += strideBytes) {
    bytes.copyWithin(to + at, from + at, from + at + numBytes);
  }
}

/** Bytes of a head's keys and values in a lane; as in the kernels. */
function headBytes(
  { headDim, laneLength }: KvCacheShape,
  format: WasmCacheFormat,
): { keyBytes: number; valueBytes: number } {
  const numTokens = wholePanels(laneLength);
  const valueDim = wholePanels(headDim);
  if (format === 'f32') {
    return { keyBytes: numTokens * headDim * FLOAT_BYTES, valueBytes: numTokens * valueDim * FLOAT_BYTES };
  }
  const keyBytes = (numTokens / PANEL_WIDTH) * panelBytes(INT8_PANELS, headDim);
  return { keyBytes, valueBytes: numTokens * (FLOAT_BYTES + valueDim) };
}

const wholePanels = (size: number): number => Math.ceil(size / PANEL_WIDTH) * PANEL_WIDTH;

function makeTensor(heap: WasmHeap, shape: number[]): tf.Tensor {
  return tf.engine().makeTensorFromTensorInfo(heap.makeTensor(shape));
}
