import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant, EngineError } from '../../errors.ts';
import { checkBatch } from '../step/step-tables.ts';
import type { Parameter } from '../ops.ts';
import type {
  Forward,
  KvCache,
  KvCacheShape,
  PageTable,
  Runtime,
  RuntimeDevice,
  RuntimeMemory,
} from '../runtime.ts';
import type { StepBatch, StepRow } from '../step-batch.ts';
import { Arena } from './arena.ts';
import type { GpuDevice } from './gpu-device.ts';
import { GpuKvCache, gpuKvCache } from './gpu-kv-cache.ts';
import { type GpuWeightFormat, GpuParameter } from './gpu-parameter.ts';
import { planReadBack, rowsFrom, type ReadBackPlan } from './read-back.ts';
import { type Recording, Recordings } from './recording.ts';
import { startDevice, type WebGpuDeviceOptions } from './start.ts';
import { writeStepBuffer } from './step-plan.ts';
import { messageOf } from '../../values.ts';

export interface WebGpuRuntimeOptions extends WebGpuDeviceOptions {
  weights: GpuWeightFormat;
}

/** tfjs' WebGPU backend with our own kernels, by way of Dawn. Throws `backend_unavailable`. */
export async function createWebGpuRuntime(options: WebGpuRuntimeOptions): Promise<WebGpuRuntime> {
  return new WebGpuRuntime(await startDevice(options), options.weights);
}

/** A step is one submission: the commands recorded for its bucket, and the copies of what is read back. */
export class WebGpuRuntime implements Runtime {
  readonly name = 'webgpu';
  readonly numThreads = 1;
  readonly #device: GpuDevice;
  readonly #weights: GpuWeightFormat;
  readonly #arena: Arena;
  readonly #recordings: Recordings;
  readonly #parameters: GpuParameter[] = [];
  readonly #caches = new Set<GpuKvCache>();
  #stepNumbers = new Uint32Array();
  #result = new Float32Array();
  #isRunning = false;

  constructor(device: GpuDevice, weights: GpuWeightFormat) {
    this.#device = device;
    this.#weights = weights;
    this.#arena = new Arena(device);
    this.#recordings = new Recordings(device, this.#arena);
  }

  get device(): RuntimeDevice {
    return { name: this.#device.name, isSoftware: this.#device.isSoftware };
  }

  get description(): string {
    const kind = this.#device.isSoftware ? ', a software device' : '';
    return `tfjs webgpu through Dawn${kind}, weights ${this.#weights}`;
  }

  createParameter(name: string, shape: readonly number[], values: Float32Array): Parameter {
    const parameter = new GpuParameter(this.#device, name, shape, values, this.#weights);
    this.#parameters.push(parameter);
    return parameter;
  }

  createKvCache(shape: KvCacheShape): KvCache {
    const cache = new GpuKvCache(this.#device, shape);
    this.#caches.add(cache);
    return cache;
  }

  async runStep(batch: StepBatch, cache: KvCache, forward: Forward): Promise<readonly StepRow[]> {
    assertInvariant(!this.#isRunning, 'one step runs at a time');
    this.#isRunning = true;
    try {
      this.#throwIfFailed('before the step');
      const topRows = batch.topRows.flatMap((isTop, row) => (isTop ? [row] : []));
      const recording = await this.#recordings.find(batch, gpuKvCache(cache), forward, topRows.length > 0);
      return await this.#run(batch, recording, recording.plan.topChunkBytes > 0 ? topRows : []);
    } finally {
      this.#isRunning = false;
    }
  }

  /** Workgroups are started for the bucket; those of padding rows return at once (`numRowsOf` in kernels/kernel.ts). */
  numComputedRows({ numRows }: StepBatch): number {
    return numRows;
  }

  copyPage(cache: KvCache, from: number, to: number, table: PageTable = 'pages'): void {
    const gpuCache = gpuKvCache(cache);
    const detour = this.#arena.detour(gpuCache.pageBytes);
    const encoder = this.#device.device.createCommandEncoder();
    gpuCache.copyPage(encoder, detour, from, to, table);
    this.#device.queue.submit([encoder.finish()]);
  }

  memory(): RuntimeMemory {
    // Not `tf.memory()`, which asks a backend, and takes any that is registered where there is none.
    const { numTensors, numBytes } = tf.engine().state;
    return { numTensors, numBytes: numBytes + this.#arena.numBytes };
  }

  async dispose(): Promise<void> {
    for (const parameter of this.#parameters) parameter.dispose();
    for (const cache of this.#caches) cache.dispose();
    this.#parameters.length = 0;
    this.#caches.clear();
    this.#arena.dispose();
    this.#device.dispose();
    return Promise.resolve();
  }

  async #run(batch: StepBatch, recording: Recording, topRows: readonly number[]): Promise<StepRow[]> {
    const { plan, cache } = recording;
    checkBatch(batch, cache.shape, plan.tables);
    const numRows = plan.result.rows === 'logit' ? batch.numLogitRows : batch.numRows;
    const readBack = planReadBack({ numRows, stride: plan.resultSlot.stride, topRows });
    this.#writeStep(batch, recording, topRows);
    const staging = this.#submit(recording, readBack);
    await this.#readStaging(staging, readBack.numWords);
    this.#throwIfFailed('in the step');
    return rowsFrom(this.#result, readBack, plan.result.numCols);
  }

  #writeStep(batch: StepBatch, { plan }: Recording, topRows: readonly number[]): void {
    if (this.#stepNumbers.length < plan.stepWords) this.#stepNumbers = new Uint32Array(plan.stepWords);
    const numWords = writeStepBuffer(this.#stepNumbers, batch, plan.bucket, topRows);
    this.#device.queue.writeBuffer(this.#arena.step, 0, this.#stepNumbers, 0, numWords);
  }

  #submit(recording: Recording, { copies, numWords }: ReadBackPlan): GPUBuffer | undefined {
    const arena = this.#arena;
    const encoder = this.#device.device.createCommandEncoder();
    recording.replay(encoder);
    const staging = numWords === 0 ? undefined : arena.staging(4 * numWords);
    let written = 0;
    for (const copy of copies) {
      const source = copy.from === 'topRows' ? arena.topRows : arena.slot(recording.plan.resultSlot);
      if (staging) encoder.copyBufferToBuffer(source, 4 * copy.start, staging, written, 4 * copy.numWords);
      written += 4 * copy.numWords;
    }
    this.#device.queue.submit([encoder.finish()]);
    return staging;
  }

  /** Waits for the step; what was copied is in `#result` then. */
  async #readStaging(staging: GPUBuffer | undefined, numWords: number): Promise<void> {
    try {
      if (staging === undefined) {
        await this.#device.queue.onSubmittedWorkDone();
        return;
      }
      await staging.mapAsync(GPUMapMode.READ, 0, 4 * numWords);
      if (this.#result.length < numWords) this.#result = new Float32Array(numWords);
      this.#result.set(new Float32Array(staging.getMappedRange(0, 4 * numWords)));
      staging.unmap();
    } catch (cause) {
      this.#throwIfFailed('in the step');
      throw new EngineError('backend_failure', `the step's result could not be read: ${messageOf(cause)}`, {
        cause,
      });
    }
  }

  /** WebGPU reports what it could not do elsewhere, and the step's numbers are then those of an earlier one. */
  #throwIfFailed(when: string): void {
    if (this.#device.lost !== undefined) throw this.#device.lost;
    const errors = this.#device.takeErrors();
    if (errors.length === 0) return;
    throw new EngineError('backend_failure', `the WebGPU device failed ${when}: ${inShort(errors)}`, {
      details: { numErrors: errors.length },
    });
  }
}

/** One error brings others after it: the first says why. */
function inShort([first = '', ...others]: readonly string[]): string {
  const lines = first.split('\n').filter((line) => line.trim() !== '' && !/^\s+at /.test(line));
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return `${lines.map((line) => line.trim()).join(' ')}${more}`;
}
