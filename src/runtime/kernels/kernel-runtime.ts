import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant, EngineError } from '../../errors.ts';
import { recordForward } from '../step/record-forward.ts';
import type { StepValue } from '../step/step-recorder.ts';
import { checkBatch, tableSizes, type TableSizes } from '../step/step-tables.ts';
import { hostDevice } from '../host-device.ts';
import type { Parameter } from '../ops.ts';
import type {
  Forward,
  KvCache,
  KvCacheShape,
  PageBytes,
  PageTable,
  Runtime,
  RuntimeMemory,
  StoredRows,
} from '../runtime.ts';
import { type StepBatch, TOP_LOGITS, type StepRow } from '../step-batch.ts';
import type { KvCacheFormat, WeightFormatOf } from '../traits.ts';
import { joinProducts } from './join-products.ts';
import type { Handle, KernelAddon } from './kernel-addon.ts';
import { kernelBackend, type KernelBackend } from './kernel-backend.ts';
import { KernelKvCache } from './kernel-kv-cache.ts';
import { KernelParameter, type KernelMemory, STORED_FORMATS } from './kernel-parameter.ts';
import { encodeStep } from './step-program.ts';
import { messageOf } from '../../values.ts';

/** How matrices are held: for people, and told apart by pages on disk and `system_fingerprint`. Another text if bits change. */
const HELD: Readonly<Record<WeightFormatOf<'native'>, string>> = {
  auto: 'as a GGUF file has them, else int8',
  f32: 'float32',
  f16: 'float16',
  bf16: 'bfloat16, rows rounded alike',
  int8: 'int8',
};
/** How keys and values are held, for people. */
const CACHED: Readonly<Record<KvCacheFormat, string>> = { f32: 'float32', f16: 'float16', int8: 'int8' };

const ALL_FORMATS: ReadonlySet<string> = new Set(STORED_FORMATS.keys());
const CHUNK_BYTES = 2 ** 21;
const NO_FORMATS: ReadonlySet<string> = new Set();

export interface KernelRuntimeOptions {
  readonly name: 'native' | 'wasm';
  readonly addon: KernelAddon;
  /** Threads that compute, the calling one included. */
  readonly numThreads: number;
  readonly weights: WeightFormatOf<'native'>;
  readonly cacheFormat: KvCacheFormat;
  /** Of those that the addon's `start` has named. */
  readonly instructionSet: { readonly name: string; readonly index: number };
  /** Called when all of its tensors are gone. */
  readonly end?: () => Promise<void>;
}

/** Rows, rows of the result, tokens of a top, sequences, tables of each. */
const HEADER_WORDS = 5;

/** A forward pass as the kernels run it. */
interface Recording {
  readonly program: Handle;
  readonly result: StepValue;
  readonly tables: TableSizes;
}

/**
 * Steps by the kernels of cpp/: a forward pass is recorded once for a cache, and each step is one call. A row's
 * result has the same bits whatever else is in the step, and on any number of threads.
 */
export class KernelRuntime implements Runtime {
  readonly name: 'native' | 'wasm';
  readonly device = hostDevice();
  readonly numThreads: number;
  readonly #addon: KernelAddon;
  readonly #backend: KernelBackend;
  readonly #instructionSet: { name: string; index: number };
  readonly #end: () => Promise<void>;
  readonly #weights: WeightFormatOf<'native'>;
  readonly #cacheFormat: KvCacheFormat;
  readonly #parameters: KernelParameter[] = [];
  readonly #caches = new Set<KernelKvCache>();
  readonly #programs: Handle[] = [];
  readonly #recordings = new WeakMap<KernelKvCache, WeakMap<Forward, Recording>>();
  /** What a step writes, the same from step to step. */
  #whole = new Float32Array();
  #tops = new Float32Array();
  #places = new Int32Array();
  readonly #chunk = new Uint8Array(CHUNK_BYTES);

  constructor(options: KernelRuntimeOptions) {
    this.name = options.name;
    this.#addon = options.addon;
    this.#backend = kernelBackend(options.addon);
    this.numThreads = options.numThreads;
    this.#weights = options.weights;
    this.#cacheFormat = options.cacheFormat;
    this.#instructionSet = options.instructionSet;
    this.#end = options.end ?? (() => Promise.resolve());
  }

  get description(): string {
    const threads = `${this.numThreads} ${this.numThreads === 1 ? 'thread' : 'threads'}`;
    const held = `weights ${HELD[this.#weights]}; keys and values ${CACHED[this.#cacheFormat]}`;
    return `tfjs ${this.name}, ${this.#instructionSet.name}, ${threads}, ${held}`;
  }

  get #memory(): KernelMemory {
    return { addon: this.#addon, backend: this.#backend, chunk: this.#chunk };
  }

  createParameter(name: string, shape: readonly number[], values: Float32Array): Parameter {
    const parameter = KernelParameter.fromValues(this.#memory, name, shape, values, this.#weights);
    this.#parameters.push(parameter);
    return parameter;
  }

  /** @throws EngineError `backend_unavailable` when the memory cannot be had */
  async createStoredParameter(
    name: string,
    shape: readonly [numOut: number, depth: number],
    parts: readonly StoredRows[],
  ): Promise<Parameter> {
    const parameter = await KernelParameter.fromStored(this.#memory, name, shape, parts);
    this.#parameters.push(parameter);
    return parameter;
  }

  /** With `WEIGHTS=auto` a file's blocks stay what they are. */
  get storedFormats(): ReadonlySet<string> {
    return this.#weights === 'auto' ? ALL_FORMATS : NO_FORMATS;
  }

  createKvCache(shape: KvCacheShape): KvCache {
    const cache = new KernelKvCache(this.#memory, shape, this.#cacheFormat);
    this.#caches.add(cache);
    return cache;
  }

  /** Computed in this thread before it returns: the promise is the interface's. */
  runStep(batch: StepBatch, cache: KvCache, forward: Forward): Promise<readonly StepRow[]> {
    return new Promise((resolve) => resolve(this.#runStep(batch, cache, forward)));
  }

  /** Kernels are told the number of rows without padding. */
  numComputedRows({ numRows }: StepBatch): number {
    return numRows;
  }

  copyPage(cache: KvCache, from: number, to: number, table: PageTable = 'pages'): void {
    kernelCache(cache).copyPage(from, to, table);
  }

  /** Native kernels give the same bits on every instruction set; WebAssembly has more than one way to round. */
  get pageBytes(): PageBytes {
    const rounding = this.name === 'wasm' ? `, ${this.#instructionSet.name}` : '';
    return {
      format: `${this.name}, weights ${HELD[this.#weights]}, cache ${this.#cacheFormat}${rounding}`,
      readPage: (cache, page, bytes) => kernelCache(cache).readPage(page, bytes),
      writePage: (cache, page, bytes) => kernelCache(cache).writePage(page, bytes),
      ...(this.#addon.releasePages === undefined
        ? {}
        : {
            releasePages: (cache, first, count, table = 'pages') =>
              kernelCache(cache).releasePages(first, count, table),
          }),
    };
  }

  memory(): RuntimeMemory {
    return { numTensors: tf.memory().numTensors, numBytes: this.#addon.numBytes() };
  }

  dispose(): Promise<void> {
    for (const program of this.#programs) this.#addon.freeProgram(program);
    for (const { tensor } of this.#parameters) tensor.dispose();
    for (const cache of this.#caches) cache.dispose();
    this.#programs.length = 0;
    this.#parameters.length = 0;
    this.#caches.clear();
    return this.#end();
  }

  #runStep(batch: StepBatch, cache: KvCache, forward: Forward): StepRow[] {
    assertInvariant(cache instanceof KernelKvCache, 'the KV cache belongs to this runtime');
    const { program, result, tables } = this.#recordingOf(cache, forward);
    checkBatch(batch, cache.shape, tables);
    const isSelected = result.rows === 'logit';
    const numRows = isSelected ? batch.numLogitRows : batch.numRows;
    const { numCols } = result;
    const numTop = Math.min(TOP_LOGITS, numCols);
    const forms = Array.from({ length: numRows }, (_, row) => (isSelected ? formOf(batch, row) : WHOLE));
    const numTops = forms.filter((form) => form !== WHOLE).length;
    this.#reserve(forms.filter((form) => form !== TOP).length * numCols, numTops, numTop);
    try {
      const rows = encodeRows(batch, numTop);
      this.#addon.run(program, rows, this.#whole, this.#tops, this.#places, this.#instructionSet.index);
    } catch (cause) {
      throw new EngineError(
        'backend_failure',
        `the ${this.name} kernels failed a step: ${messageOf(cause)}`,
        { cause },
      );
    }
    let [whole, top] = [0, 0];
    const nextWhole = (): Float32Array => this.#whole.subarray(whole * numCols, ++whole * numCols); // [cols]
    return forms.map((form): StepRow => {
      if (form === WHOLE) return nextWhole();
      const tokenIds = this.#places.subarray(top * numTop, (top + 1) * numTop); // [numTop]
      const at = top++ * (numTop + 1);
      const logits = this.#tops.subarray(at, at + numTop); // [numTop]
      const sum = this.#tops[at + numTop] ?? NaN;
      if (form === TOP) return { tokenIds, logits, logSumExp: sum };
      return { row: nextWhole(), tokenIds, logits, totalWeight: sum };
    });
  }

  #reserve(wholeSize: number, numTops: number, numTop: number): void {
    if (this.#whole.length < wholeSize) this.#whole = new Float32Array(wholeSize);
    if (this.#tops.length < numTops * (numTop + 1)) this.#tops = new Float32Array(numTops * (numTop + 1));
    if (this.#places.length < numTops * numTop) this.#places = new Int32Array(numTops * numTop);
  }

  #recordingOf(cache: KernelKvCache, forward: Forward): Recording {
    let ofCache = this.#recordings.get(cache);
    if (ofCache === undefined) this.#recordings.set(cache, (ofCache = new WeakMap()));
    let recording = ofCache.get(forward);
    if (recording === undefined) ofCache.set(forward, (recording = this.#record(cache, forward)));
    return recording;
  }

  #record(cache: KernelKvCache, forward: Forward): Recording {
    // The program is the same for any number of rows.
    const { operations, result } = recordForward(forward, { step: NaN, logit: NaN }, cache.shape);
    const { words, tensors } = encodeStep(joinProducts(operations, result), result, (layer) =>
      cache.placeOf(layer),
    );
    const program = this.#addon.addProgram(words, tensors);
    this.#programs.push(program);
    return { program, result, tables: tableSizes(operations) };
  }
}

function kernelCache(cache: KvCache): KernelKvCache {
  assertInvariant(cache instanceof KernelKvCache, 'the KV cache belongs to this runtime');
  return cache;
}

/** As `RowForm` of cpp/step_program.h has them. */
const [WHOLE, TOP, WEIGHED] = [0, 1, 2];

function formOf({ topRows, temperatures }: StepBatch, row: number): number {
  if (topRows[row] === true) return TOP;
  return (temperatures[row] ?? 0) > 0 ? WEIGHED : WHOLE;
}

/** What a step says of its rows, as `ReadRows` of cpp/step_program.h reads it. */
function encodeRows(batch: StepBatch, numTop: number): Int32Array {
  const { numRows, numLogitRows, tokenIds, positions, logitRows, segments } = batch;
  const numPages = segments.reduce((sum, { pages }) => sum + pages.length, 0);
  const numTables = segments.some(({ windowPages }) => windowPages) ? 2 : 1;
  const words = new Int32Array(
    HEADER_WORDS + 3 * numRows + 3 * numLogitRows + segments.length + numTables * numPages,
  );
  words.set([numRows, numLogitRows, numTop, segments.length, numTables]);
  words.set(tokenIds.subarray(0, numRows), HEADER_WORDS);
  words.set(positions.subarray(0, numRows), HEADER_WORDS + numRows);
  const sequencesStart = HEADER_WORDS + 2 * numRows;
  const selectedStart = sequencesStart + numRows;
  words.set(logitRows.subarray(0, numLogitRows), selectedStart);
  const formsStart = selectedStart + numLogitRows;
  const scales = new Float32Array(words.buffer, 4 * (formsStart + numLogitRows), numLogitRows); // [numLogitRows]
  for (let row = 0; row < numLogitRows; row++) {
    const form = formOf(batch, row);
    words[formsStart + row] = form;
    if (form === WEIGHED) scales[row] = 1 / (batch.temperatures[row] ?? 1);
  }
  const endsStart = formsStart + 2 * numLogitRows;
  const pagesStart = endsStart + segments.length;
  let end = 0;
  for (const [index, { pages, windowPages, rowStart, numRows: ofSegment }] of segments.entries()) {
    words.fill(index, sequencesStart + rowStart, sequencesStart + rowStart + ofSegment);
    words.set(pages, pagesStart + end);
    if (windowPages) words.set(windowPages, pagesStart + numPages + end);
    end += pages.length;
    words[endsStart + index] = end;
  }
  return words;
}
