import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant } from '../../errors.ts';
import type { StepOperation } from '../step/step-recorder.ts';
import { checkBatch } from '../step/step-tables.ts';
import { hostDevice } from '../host-device.ts';
import type { Parameter } from '../ops.ts';
import { rowsOf } from '../rows-of.ts';
import type { Forward, KvCache, KvCacheShape, Runtime, RuntimeMemory } from '../runtime.ts';
import type { StepBatch } from '../step-batch.ts';
import type { StepRow } from '../step-row.ts';
import { checkWeightFormat, type WeightFormat } from '../traits.ts';
import { Arena } from './arena.ts';
import { FLOAT32_PANELS, INT8_QUAD_PANELS } from './assembly/kernel-ids.ts';
import { JOB_BYTES, KernelPool } from './kernel-pool.ts';
import { Recordings } from './recordings.ts';
import { hasRightRelaxedSimd } from './relaxed-simd.ts';
import { readKernels, startWasmBackend } from './start.ts';
import { writeStepInputs } from './step-inputs.ts';
import { takeTops } from './take-tops.ts';
import type { WasmHeap } from './wasm-heap.ts';
import { WasmKvCache } from './wasm-kv-cache.ts';
import { WasmParameter, type WasmWeightFormat } from './wasm-parameter.ts';

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
