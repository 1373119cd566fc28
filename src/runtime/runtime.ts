import { PAGE_TOKENS } from '../pages.ts';
import type { Activation, Parameter, TransformerOps } from './ops.ts';
import type { StepBatch, StepRow } from './step-batch.ts';
import type { KvCacheFormat, RuntimeName } from './traits.ts';

export interface KvCacheShape {
  numLayers: number;
  /** Heads of keys and values, which may be fewer than those of queries. */
  numKvHeads: number;
  headDim: number;
  /** Of PAGE_TOKENS tokens each; a page has the same number in every layer. */
  numPages: number;
  /** Layers that see no more than a window may have pages of their own, since they need few of them. */
  windowed?: WindowedLayers | undefined;
  /** Pages that the tables of a step may name, all sequences together; one that several share counts for each. */
  maxStepPages: number;
}

export interface WindowedLayers {
  readonly layers: ReadonlySet<number>;
  /** A page of these has the same number in each of them. */
  readonly numPages: number;
}

/** Which of a sequence's tables: that of most layers, or that of layers which have pages of their own. */
export type PageTable = 'pages' | 'windowPages';

/** Which table a layer reads. */
export const tableOf = ({ windowed }: KvCacheShape, layerIndex: number): PageTable =>
  windowed?.layers.has(layerIndex) === true ? 'windowPages' : 'pages';

/** Layers of a table, in the order of the model. */
export const layersOf = (shape: KvCacheShape, table: PageTable): number[] =>
  Array.from({ length: shape.numLayers }, (_, layer) => layer).filter(
    (layer) => tableOf(shape, layer) === table,
  );

/** Pages that a table may name. */
export const numPagesOf = ({ numPages, windowed }: KvCacheShape, table: PageTable): number =>
  table === 'pages' ? numPages : (windowed?.numPages ?? 0);

/** Keys and values of every sequence, in pages: which belong to which sequence, each step says. */
export interface KvCache {
  readonly shape: KvCacheShape;
  readonly numBytes: number;
  dispose(): void;
}

/** Bytes of a page of a cache, of every layer. */
export const pageBytesOf = ({ numBytes, shape }: KvCache): number => numBytes / shape.numPages;

/** Bytes of a cache of that shape: keys and values of every layer, head, page and token. */
export function kvCacheBytes(shape: KvCacheShape, format: KvCacheFormat = 'f32'): number {
  const { numLayers, numKvHeads, headDim, numPages, windowed } = shape;
  const bytesOfHead = { f32: 4 * headDim, f16: 2 * headDim, int8: headDim + 4 }[format];
  const numWindowed = windowed?.layers.size ?? 0;
  const numLayerPages = (numLayers - numWindowed) * numPages + numWindowed * (windowed?.numPages ?? 0);
  return 2 * numLayerPages * numKvHeads * PAGE_TOKENS * bytesOfHead;
}

/**
 * Calls the operations of a forward pass. The same function makes the same calls for every batch, so that a runtime
 * may record them once for each bucket; one that is run once (a forward that stops early) is a function of its own.
 */
export type Forward = (ops: TransformerOps) => Activation;

export interface RuntimeDevice {
  /** As its driver or operating system names it. */
  readonly name: string;
  /** Memory that weights and cache share; `undefined` where it is not known. */
  readonly memoryBytes?: number | undefined;
  /** A GPU that is a program on the CPU. */
  readonly isSoftware?: boolean;
}

export interface RuntimeMemory {
  /** Tensors alive in tfjs (`tf.memory().numTensors`). */
  numTensors: number;
  /** Bytes behind them, own buffers included. */
  numBytes: number;
}

/** Rows of a matrix as a file has them. */
export interface StoredRows {
  /** `Q4_0`. */
  readonly format: string;
  readonly numRows: number;
  readonly numBytes: number;
  /** Fills `target` with the bytes from `start` on. */
  readonly read: (target: Uint8Array, start: number) => Promise<void>;
}

/** All that the engine knows of tfjs. One runtime lives in one thread, and runs one step at a time. */
export interface Runtime {
  readonly name: RuntimeName;
  /** For people: backend, instruction set, threads. */
  readonly description: string;
  readonly device: RuntimeDevice;
  readonly numThreads: number;
  /** Takes over `values` (row-major; a matrix as [out, in]) in the form this runtime multiplies fastest. */
  createParameter(name: string, shape: readonly number[], values: Float32Array): Parameter;
  /** Formats of files, such as `Q4_0`, whose rows the runtime holds and multiplies as they are. */
  readonly storedFormats?: ReadonlySet<string>;
  /** Takes over the rows of a matrix [out, in] in formats of `storedFormats`; the parts lie one below the other. */
  createStoredParameter?(
    name: string,
    shape: readonly [numOut: number, depth: number],
    parts: readonly StoredRows[],
  ): Promise<Parameter>;
  createKvCache(shape: KvCacheShape): KvCache;
  /**
   * Runs one forward pass and reads back what it returns, row by row; rows of padding may be missing or hold anything.
   * A row that `batch.topRows` marks may come back as its top. The arrays are the caller's until the next step.
   *
   * @throws EngineError `backend_failure` when the device failed the step; the runtime is of no further use then
   */
  runStep(batch: StepBatch, cache: KvCache, forward: Forward): Promise<readonly StepRow[]>;
  /**
   * How many rows `runStep` computes for a batch: `numRows`, and the padding as well if the runtime computes it. What a
   * kernel's last tile computes beyond the last row does not count.
   */
  numComputedRows(batch: StepBatch): number;
  /** Copies a page, in every layer of its table: seen by the steps and copies that come after. Between two steps. */
  copyPage(cache: KvCache, from: number, to: number, table?: PageTable): void;
  /**
   * Zeros a page from its token `from` on. Only a runtime has it whose attention multiplies what lies beyond a sequence's
   * end by zero: that does away with every number but NaN, which another may have left there.
   */
  clearPage?(cache: KvCache, page: number, from: number, table?: PageTable): void;
  /** How pages are taken out and put back; absent: its pages stay where they are. */
  readonly pageBytes?: PageBytes;
  memory(): RuntimeMemory;
  dispose(): Promise<void>;
}

/** Pages of a KV cache as bytes. Between two steps. */
export interface PageBytes {
  /** What a page's bytes depend on beside the model: where two runtimes have the same name for it, theirs are the same. */
  readonly format: string;
  /** Fills an array of `pageBytesOf` with a page's bytes, of every layer. */
  readPage(cache: KvCache, page: number, bytes: Uint8Array): void;
  /** Puts them into a page, which then holds what the other held, bit by bit. */
  writePage(cache: KvCache, page: number, bytes: Uint8Array): void;
  /** Gives the memory of pages that hold nothing back to the system. Absent: it cannot. */
  releasePages?(cache: KvCache, first: number, count: number, table?: PageTable): void;
}
