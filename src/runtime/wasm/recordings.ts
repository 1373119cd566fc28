import type { Forward } from '../runtime.ts';
import type { StepBatch } from '../step-batch.ts';
import type { Arena } from './arena.ts';
import { JOB_BYTES, writeJob } from './kernel-pool.ts';
import { recordStep, type StepJobs } from './record-step.ts';
import type { WasmHeap } from './wasm-heap.ts';
import type { WasmKvCache } from './wasm-kv-cache.ts';

/** Forward passes that stay recorded, of some 10 KB each; the one not used for longest goes first. */
const MAX_RECORDINGS = 256;

/** A recorded step, its jobs side by side on the heap. */
export interface Recording extends StepJobs {
  readonly address: number;
}

/** Records a forward pass once for each number of rows. */
export class Recordings {
  readonly #heap: WasmHeap;
  readonly #arena: Arena;
  readonly #numThreads: number;
  /** In order of use, the latest last. */
  readonly #recordings = new Map<string, Recording>();
  readonly #ids = new WeakMap<Forward | WasmKvCache, number>();
  #numIds = 0;
  /** `Arena.numMoves` at which the recordings were made. */
  #numMoves = 0;

  constructor(heap: WasmHeap, arena: Arena, numThreads: number) {
    this.#heap = heap;
    this.#arena = arena;
    this.#numThreads = numThreads;
  }

  /** The recording for a step of so many rows, made if need be. Throws `backend_failure` when the heap is full. */
  find({ numRows, numLogitRows }: StepBatch, cache: WasmKvCache, forward: Forward): Recording {
    const key = `${this.#idOf(forward)} ${this.#idOf(cache)} ${numRows} ${numLogitRows}`;
    const known = this.#recordings.get(key);
    if (known !== undefined) this.#recordings.delete(key);
    const recording = known ?? this.#record(forward, cache, { step: numRows, logit: numLogitRows });
    this.#recordings.set(key, recording);
    if (this.#recordings.size > MAX_RECORDINGS) this.#dropOldest();
    return recording;
  }

  dispose(): void {
    for (const { address } of this.#recordings.values()) this.#heap.free(address);
    this.#recordings.clear();
  }

  #record(forward: Forward, cache: WasmKvCache, counts: { step: number; logit: number }): Recording {
    const heap = this.#heap;
    const stepJobs = this.#recordJobs(forward, cache, counts);
    const { jobs } = stepJobs;
    const address = heap.malloc(jobs.length * JOB_BYTES);
    const words = heap.int32(address, (jobs.length * JOB_BYTES) / 4);
    jobs.forEach(({ job }, index) => writeJob(words, index, ...job));
    return { ...stepJobs, address };
  }

  #recordJobs(forward: Forward, cache: WasmKvCache, counts: { step: number; logit: number }): StepJobs {
    const [heap, arena, numThreads] = [this.#heap, this.#arena, this.#numThreads];
    try {
      return recordStep(forward, { heap, arena, numThreads, cache, counts });
    } finally {
      // Whatever was recorded before a region moved has addresses of old, also when this is not recorded in the end.
      if (arena.numMoves !== this.#numMoves) this.dispose();
      this.#numMoves = arena.numMoves;
    }
  }

  #dropOldest(): void {
    for (const [key, { address }] of this.#recordings) {
      this.#heap.free(address);
      this.#recordings.delete(key);
      return;
    }
  }

  #idOf(object: Forward | WasmKvCache): number {
    let id = this.#ids.get(object);
    if (id === undefined) {
      id = this.#numIds++;
      this.#ids.set(object, id);
    }
    return id;
  }
}
