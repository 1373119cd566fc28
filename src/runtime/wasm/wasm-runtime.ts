import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant } from '../../errors.ts';
import type { StepOperation } from '../step/step-recorder.ts';
import { checkBatch } from '../step/step-tables.ts';
import { hostDevice } from '../host-device.ts';
import type { Parameter } from '../ops.ts';
import { rowsOf } from '../rows-of.ts';
import type { Forward, KvCache, KvCacheShape, Runtime, RuntimeMemory } from '../runtime.ts';
import type { StepBatch, StepRow, TopLogits } from '../step-batch.ts';
import { checkWeightFormat, type WeightFormat } from '../traits.ts';
import { Arena } from './arena.ts';
import { FLOAT32_PANELS, INT8_QUAD_PANELS } from './assembly/kernel-ids.ts';
import { JOB_BYTES, KernelPool } from './kernel-pool.ts';
import { Recordings } from './recordings.ts';
import { hasRightRelaxedSimd } from './relaxed-simd.ts';
import { readKernels, startWasmBackend } from './start.ts';
import { writeStepInputs } from './step-inputs.ts';
import type { WasmHeap } from './wasm-heap.ts';
import { WasmKvCache } from './wasm-kv-cache.ts';
import { WasmParameter, type WasmWeightFormat } from './wasm-parameter.ts';
import { topLogitsJobs, topRowWords, topScratchWords } from './kernels/top-logits.ts';

/** Shorter rows come whole: they are searched sooner than sorted. */
const MIN_TOP_COLS = 4096;

interface Logits {
  /** All rows of them: [logitRows, vocab] */
  readonly rows: readonly Float32Array[];
  /** Where the kernels find them. */
  readonly address: number;
}

/**
 * Puts the most probable tokens in the place of those rows whose top is enough; the others are left as they are. The
 * jobs are not part of a recorded step, since which rows they are for is another matter each time.
 */
function takeTops({ rows, address }: Logits, batch: StepBatch, pool: KernelPool, arena: Arena): StepRow[] {
  const numCols = rows[0]?.length ?? 0;
  const topRows = rows.flatMap((_, row) => (batch.topRows[row] === true ? row : []));
  // A forward pass that selects no rows returns one for each token: they are not those that the batch speaks of.
  if (topRows.length === 0 || numCols < MIN_TOP_COLS || rows.length !== batch.numLogitRows) return [...rows];
  const shape = { numRows: topRows.length, numCols };
  const numWords = shape.numRows * topRowWords(numCols);
  const operands = {
    logits: address,
    rows: arena.reserve('top rows', 4 * shape.numRows),
    scratch: arena.reserve('top logits scratch', 4 * topScratchWords(shape)),
    out: arena.reserve('top logits', 4 * numWords),
  };
  pool.heap.int32(operands.rows, shape.numRows).set(topRows);
  for (const job of topLogitsJobs(operands, shape)) pool.run(...job);
  const tops = rowsOf(pool.heap.float32(operands.out, numWords), topRowWords(numCols)).map(toTopLogits);
  let numTaken = 0;
  return rows.map((row, index) => (batch.topRows[index] === true ? (tops[numTaken++] ?? row) : row));
}

/** A row's answer as `topLogitsJobs` leaves it: [topRowWords]. */
function toTopLogits(words: Float32Array): TopLogits {
  const numTop = (words.length - 1) / 2;
  const logits = words.subarray(0, numTop); // [numTop]
  const tokenIds = new Int32Array(words.buffer, words.byteOffset + 4 * numTop, numTop); // [numTop]
  const [largest = NaN] = logits;
  const sum = words[2 * numTop] ?? NaN;
  // A row without a finite largest logit has no probabilities.
  return { tokenIds, logits, logSumExp: Number.isFinite(largest) ? largest + Math.log(sum) : largest };
}

export interface WasmRuntimeOptions {
  /** Threads that compute, the calling one included. */
  numThreads: number;
  weights: WeightFormat;
}

/** Our own kernels on the heap of tfjs' wasm backend. Throws `backend_unavailable` or `config_invalid`. */
export async function createWasmRuntime({ numThreads, weights }: WasmRuntimeOptions): Promise<WasmRuntime> {
  checkWeightFormat('wasm', weights);
  const { heap } = await startWasmBackend();
  const relaxed = await readKernels('inference-relaxed');
  const multiplied = weights === 'int8' ? INT8_QUAD_PANELS : FLOAT32_PANELS;
  const isRelaxed = await hasRightRelaxedSimd(relaxed, heap, multiplied);
  const wasmBytes = isRelaxed ? relaxed : await readKernels('inference');
  const pool = await KernelPool.start({ wasmBytes, heap, numThreads });
  const held = isRelaxed && weights === 'int8' ? 'int8-quads' : weights;
  return new WasmRuntime({ heap, pool, weights: held, isRelaxed });
}

/** How long a job of a step took. */
export interface JobTime {
  readonly operation: StepOperation;
  readonly kernelId: number;
  readonly durationMs: number;
}

interface WasmRuntimeParts {
  heap: WasmHeap;
  pool: KernelPool;
  weights: WasmWeightFormat;
  isRelaxed: boolean;
}

/**
 * A row's result has the same bits whatever else is in the step, however it is padded or chunked, and on any number
 * of threads: every kernel sums in one fixed order.
 */
export class WasmRuntime implements Runtime {
  readonly name = 'wasm';
  readonly device = hostDevice();
  readonly #heap: WasmHeap;
  readonly #pool: KernelPool;
  readonly #weights: WasmWeightFormat;
  readonly #isRelaxed: boolean;
  readonly #parameters: WasmParameter[] = [];
  readonly #caches = new Set<WasmKvCache>();
  readonly #arena: Arena;
  readonly #recordings: Recordings;

  constructor({ heap, pool, weights, isRelaxed }: WasmRuntimeParts) {
    this.#heap = heap;
    this.#pool = pool;
    this.#weights = weights;
    this.#isRelaxed = isRelaxed;
    this.#arena = new Arena(heap);
    this.#recordings = new Recordings(heap, this.#arena, pool.numThreads);
  }

  get numThreads(): number {
    return this.#pool.numThreads;
  }

  get description(): string {
    const simd = this.#isRelaxed ? 'relaxed SIMD' : 'SIMD';
    const threads = `${this.numThreads} ${this.numThreads === 1 ? 'thread' : 'threads'}`;
    return `tfjs wasm, ${simd}, ${threads}${this.#isInt8 ? ', weights, keys and values int8' : ''}`;
  }

  get #isInt8(): boolean {
    return this.#weights === 'int8' || this.#weights === 'int8-quads';
  }

  createParameter(name: string, shape: readonly number[], values: Float32Array): Parameter {
    const parameter = new WasmParameter(this.#pool, name, shape, values, this.#weights);
    this.#parameters.push(parameter);
    return parameter;
  }

  createKvCache(shape: KvCacheShape): KvCache {
    const cache = new WasmKvCache(this.#heap, shape, this.#isInt8 ? 'int8' : 'f32');
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

  /**
   * Runs a step job by job and tells how long each took, in the order of the forward pass. Handing a job over by itself
   * costs about a microsecond more than in a list.
   */
  profileStep(batch: StepBatch, cache: KvCache, forward: Forward): JobTime[] {
    assertInvariant(cache instanceof WasmKvCache, 'the KV cache belongs to this runtime');
    const { address, jobs, inputs, tables } = this.#recordings.find(batch, cache, forward);
    checkBatch(batch, cache.shape, tables);
    writeStepInputs(this.#heap, inputs, batch);
    return jobs.map(({ job: [kernelId], operation }, index) => {
      const startedAt = performance.now();
      this.#pool.runList(address + index * JOB_BYTES, 1);
      return { operation, kernelId, durationMs: performance.now() - startedAt };
    });
  }

  copyLane(cache: KvCache, from: number, to: number, numTokens: number): void {
    assertInvariant(cache instanceof WasmKvCache, 'the KV cache belongs to this runtime');
    cache.copyLane(from, to, numTokens);
  }

  memory(): RuntimeMemory {
    return { numTensors: tf.memory().numTensors, numBytes: this.#heap.numBytes };
  }

  async dispose(): Promise<void> {
    for (const { tensor } of this.#parameters) tensor.dispose();
    for (const cache of this.#caches) cache.dispose();
    this.#parameters.length = 0;
    this.#caches.clear();
    this.#recordings.dispose();
    this.#arena.dispose();
    await this.#pool.dispose();
  }

  /** One call for the whole step, but for the tops of rows. Whole rows are where the last job wrote them, on the heap. */
  #runStep(batch: StepBatch, cache: KvCache, forward: Forward): StepRow[] {
    assertInvariant(cache instanceof WasmKvCache, 'the KV cache belongs to this runtime');
    const recording = this.#recordings.find(batch, cache, forward);
    const { address, jobs, inputs, tables, result, resultAddress } = recording;
    checkBatch(batch, cache.shape, tables);
    writeStepInputs(this.#heap, inputs, batch);
    this.#pool.runList(address, jobs.length);
    const numRows = result.rows === 'logit' ? batch.numLogitRows : batch.numRows;
    const rows = rowsOf(this.#heap.float32(resultAddress, numRows * result.numCols), result.numCols); // [rows][cols]
    return takeTops({ rows, address: resultAddress }, batch, this.#pool, this.#arena);
  }
}
