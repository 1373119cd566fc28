import type { Parameter } from '../../src/runtime/ops.ts';
import type {
  Forward,
  KvCache,
  KvCacheShape,
  Runtime,
  RuntimeDevice,
  RuntimeMemory,
} from '../../src/runtime/runtime.ts';
import type { StepBatch, StepRow } from '../../src/runtime/step-batch.ts';

/** When a step throws: before it does anything, copies included, or once it has written its keys and values. */
export type FaultTime = 'before' | 'after';

/** A real runtime whose next steps throw what they are told to. */
export class FaultyRuntime implements Runtime {
  readonly #inner: Runtime;
  readonly #faults: { error: Error; time: FaultTime }[] = [];

  constructor(inner: Runtime) {
    this.#inner = inner;
  }

  /** The next step throws; after several calls as many steps do. */
  failNext(error: Error, time: FaultTime): void {
    this.#faults.push({ error, time });
  }

  get name(): Runtime['name'] {
    return this.#inner.name;
  }

  get description(): string {
    return this.#inner.description;
  }

  get device(): RuntimeDevice {
    return this.#inner.device;
  }

  get numThreads(): number {
    return this.#inner.numThreads;
  }

  createParameter(name: string, shape: readonly number[], values: Float32Array): Parameter {
    return this.#inner.createParameter(name, shape, values);
  }

  createKvCache(shape: KvCacheShape): KvCache {
    return this.#inner.createKvCache(shape);
  }

  async runStep(batch: StepBatch, cache: KvCache, forward: Forward): Promise<readonly StepRow[]> {
    this.#failBefore();
    const fault = this.#faults.shift();
    const rows = await this.#inner.runStep(batch, cache, forward);
    if (fault !== undefined) throw fault.error;
    return rows;
  }

  numComputedRows(batch: StepBatch): number {
    return this.#inner.numComputedRows(batch);
  }

  copyPage(cache: KvCache, from: number, to: number): void {
    this.#failBefore();
    this.#inner.copyPage(cache, from, to);
  }

  #failBefore(): void {
    const [fault] = this.#faults;
    if (fault?.time !== 'before') return;
    this.#faults.shift();
    throw fault.error;
  }

  clearPage(cache: KvCache, page: number, from: number): void {
    this.#inner.clearPage?.(cache, page, from);
  }

  memory(): RuntimeMemory {
    return this.#inner.memory();
  }

  dispose(): Promise<void> {
    return this.#inner.dispose();
  }
}
