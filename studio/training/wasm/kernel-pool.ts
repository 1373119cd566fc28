import { Worker } from 'node:worker_threads';
import { EngineError } from '../../../src/errors.ts';
import type { WasmHeap } from './wasm-heap.ts';

/** Layout of the control block and of a job: assembly/pool.ts. */
const CONTROL_BYTES = 320;
const WAKE_EPOCH = 192;
const STOP = 196;
const FAILED = 200;
export const JOB_BYTES = 64;
const MAX_ARGS = 14;

/** Loads of an idle worker before it sleeps, about 0.2 ms: longer than a chunk, short beside a step. */
const SPIN_LIMIT = 100_000;

/**
 * The worker enters wasm and stays there until it is told to stop. Kept as text, since it has to be the same file in
 * dist/ and in the sources, which Node cannot load.
 */
const WORKER_SOURCE = `
const { parentPort, workerData } = require('node:worker_threads');
const { module, memory, control, spinLimit } = workerData;
const env = { memory, abort() { throw new Error('a kernel aborted'); } };
const { serveJobs } = new WebAssembly.Instance(module, { env }).exports;
parentPort.postMessage('ready');
try {
  serveJobs(control, spinLimit);
} catch (error) {
  Atomics.store(new Int32Array(memory.buffer), (control + ${FAILED}) / 4, 1);
  throw error;
}
`;

/** Zero when a worker has trapped. */
type RunJobList = (control: number, jobs: number, numJobs: number) => number;

export interface KernelPoolOptions {
  /** An entry compiled by scripts/build-kernels.mjs; it exports serveJobs and runJobList. */
  wasmBytes: Uint8Array;
  heap: WasmHeap;
  /** Threads that work on a job, the calling one included. */
  numThreads: number;
}

/** The four bytes of an f32 argument. */
export function floatArg(value: number): number {
  return new Int32Array(new Float32Array([value]).buffer)[0] ?? 0;
}

/** Writes a job in the layout of assembly/pool.ts at index `index` of a list. */
export function writeJob(
  words: Int32Array,
  index: number,
  kernelId: number,
  numChunks: number,
  args: readonly number[],
) {
  if (args.length > MAX_ARGS) {
    throw new EngineError(
      'internal',
      `kernel ${kernelId} takes ${args.length} arguments, a job holds ${MAX_ARGS}`,
    );
  }
  const base = index * (JOB_BYTES / 4);
  words[base] = kernelId;
  words[base + 1] = numChunks;
  for (let i = 0; i < args.length; i++) words[base + 2 + i] = args[i] ?? 0;
}

/** Threads that share one wasm module and the heap of tfjs, and work through lists of jobs. */
export class KernelPool {
  readonly numThreads: number;
  /** Where jobs and their operands lie. */
  readonly heap: WasmHeap;
  readonly #control: number;
  readonly #job: number;
  readonly #jobWords: Int32Array;
  readonly #runJobList: RunJobList;
  readonly #workers: Worker[] = [];
  #state: 'running' | 'failed' | 'disposed' = 'running';

  private constructor(options: KernelPoolOptions, module: WebAssembly.Module) {
    const { heap, numThreads } = options;
    this.numThreads = numThreads;
    this.heap = heap;
    this.#control = heap.malloc(CONTROL_BYTES + JOB_BYTES);
    this.#job = this.#control + CONTROL_BYTES;
    heap.uint8(this.#control, CONTROL_BYTES).fill(0);
    // Shared memory grows in place, so this view of it stays good.
    this.#jobWords = heap.int32(this.#job, JOB_BYTES / 4);
    const env = { memory: heap.memory, abort: () => undefined };
    this.#runJobList = exportedRunner(new WebAssembly.Instance(module, { env }));
  }

  /** Starts numThreads - 1 workers. Throws `backend_unavailable` when the module or a worker does not start. */
  static async start(options: KernelPoolOptions): Promise<KernelPool> {
    if (!Number.isInteger(options.numThreads) || options.numThreads < 1) {
      throw new EngineError('config_invalid', `a pool needs 1 thread or more, not ${options.numThreads}`);
    }
    const module = new WebAssembly.Module(options.wasmBytes);
    const pool = new KernelPool(options, module);
    try {
      await Promise.all(Array.from({ length: options.numThreads - 1 }, () => pool.#startWorker(module)));
    } catch (cause) {
      await pool.dispose();
      throw new EngineError('backend_unavailable', 'a worker thread of the wasm kernels did not start', {
        cause,
      });
    }
    return pool;
  }

  /**
   * Runs one kernel and returns when all of its chunks are done. Arguments are addresses, integers, or floats
   * wrapped in `floatArg`. Throws `backend_failure` when the kernel traps; the pool is of no use from then on.
   */
  run(kernelId: number, numChunks: number, args: readonly number[]): void {
    writeJob(this.#jobWords, 0, kernelId, numChunks, args);
    this.runList(this.#job, 1);
  }

  /** Runs `count` jobs that lie side by side on the heap (`writeJob`), one after the other, in a single call. */
  runList(jobsPointer: number, count: number): void {
    if (this.#state !== 'running') {
      throw new EngineError('backend_failure', `the kernel pool is ${this.#state} and runs nothing`);
    }
    let failure: unknown = 'a worker thread trapped';
    try {
      if (this.#runJobList(this.#control, jobsPointer, count) !== 0) return;
    } catch (cause) {
      failure = cause;
    }
    this.#state = 'failed';
    throw new EngineError('backend_failure', 'a wasm kernel trapped', { cause: failure });
  }

  /** Ends the workers and waits until they are gone. */
  async dispose(): Promise<void> {
    if (this.#state === 'disposed') return;
    this.#state = 'disposed';
    const words = new Int32Array(this.heap.memory.buffer);
    Atomics.store(words, (this.#control + STOP) / 4, 1);
    Atomics.add(words, (this.#control + WAKE_EPOCH) / 4, 1);
    Atomics.notify(words, (this.#control + WAKE_EPOCH) / 4);
    await Promise.all(this.#workers.map((worker) => exited(worker)));
    this.heap.free(this.#control);
  }

  #startWorker(module: WebAssembly.Module): Promise<void> {
    const workerData = { module, memory: this.heap.memory, control: this.#control, spinLimit: SPIN_LIMIT };
    const worker = new Worker(WORKER_SOURCE, { eval: true, execArgv: [], name: 'wasm-kernels', workerData });
    this.#workers.push(worker);
    return new Promise((resolve, reject) => {
      worker.once('message', () => {
        // From here on the pool keeps no process alive.
        worker.unref();
        resolve();
      });
      // Also the place where a trap ends up: `run` reports it by the failed flag.
      worker.on('error', (error) => {
        this.#state = 'failed';
        reject(error);
      });
    });
  }
}

function exportedRunner(instance: WebAssembly.Instance): RunJobList {
  const run = instance.exports['runJobList'];
  if (isRunJobList(run)) return run;
  throw new EngineError('backend_unavailable', 'the kernel module exports no runJobList');
}

function isRunJobList(value: unknown): value is RunJobList {
  return typeof value === 'function';
}

function exited(worker: Worker): Promise<void> {
  if (worker.threadId === -1) return Promise.resolve();
  worker.ref();
  return new Promise((resolve) => {
    worker.once('exit', () => resolve());
  });
}
