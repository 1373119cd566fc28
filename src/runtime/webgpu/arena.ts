import { assertInvariant, EngineError } from '../../errors.ts';
import type { Slot } from '../step/step-tables.ts';
import type { GpuDevice } from './gpu-device.ts';
import type { StepPlan } from './step-plan.ts';
import { TOP_ROW_WORDS } from './kernels/top-logits.ts';

/** The buffers that every step shares: activations, the step's numbers, what is read back. */
export class Arena {
  readonly #device: GpuDevice;
  readonly #buffers = new Map<string, GPUBuffer>();

  constructor(device: GpuDevice) {
    this.#device = device;
  }

  get numBytes(): number {
    let numBytes = 0;
    for (const { size } of this.#buffers.values()) numBytes += size;
    return numBytes;
  }

  /**
   * Makes room for a plan. A buffer too small is replaced by one for the largest bucket so far, and never shrinks; how
   * long the sequences are has no say. True when a buffer was replaced: bind groups that have it are void.
   * @throws EngineError `backend_failure` when the device cannot bind one of that size
   */
  reserve(plan: StepPlan): boolean {
    const storage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC;
    let replaced = this.#grow('step', 4 * plan.stepWords, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST);
    for (const slot of plan.slots) {
      const numBytes = 4 * slot.stride * plan.bucket[slot.rows];
      replaced = this.#grow(slot.key, numBytes, storage) || replaced;
    }
    if (plan.topChunkBytes > 0) {
      replaced = this.#grow('top chunks', plan.topChunkBytes, storage) || replaced;
      replaced = this.#grow('top rows', 4 * TOP_ROW_WORDS * plan.bucket.logit, storage) || replaced;
    }
    return replaced;
  }

  /** The buffer that results are copied to for reading, of at least that many bytes. */
  staging(numBytes: number): GPUBuffer {
    this.#grow('staging', numBytes, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
    return this.#get('staging');
  }

  /** What a copy within one buffer goes through, since WebGPU copies between two: of at least that many bytes. */
  detour(numBytes: number): GPUBuffer {
    this.#grow('detour', numBytes, GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST);
    return this.#get('detour');
  }

  slot({ key }: Slot): GPUBuffer {
    return this.#get(key);
  }

  get step(): GPUBuffer {
    return this.#get('step');
  }

  get topChunks(): GPUBuffer {
    return this.#get('top chunks');
  }

  get topRows(): GPUBuffer {
    return this.#get('top rows');
  }

  dispose(): void {
    for (const buffer of this.#buffers.values()) this.#device.destroyBuffer(buffer);
    this.#buffers.clear();
  }

  #get(key: string): GPUBuffer {
    const buffer = this.#buffers.get(key);
    assertInvariant(buffer, `the arena has room for ${key}`);
    return buffer;
  }

  #grow(key: string, numBytes: number, usage: GPUBufferUsageFlags): boolean {
    const before = this.#buffers.get(key);
    if (before !== undefined && before.size >= numBytes) return false;
    const buffer = this.#allocate(key, numBytes, usage);
    if (before !== undefined) this.#device.destroyBuffer(before);
    this.#buffers.set(key, buffer);
    return before !== undefined;
  }

  #allocate(key: string, numBytes: number, usage: GPUBufferUsageFlags): GPUBuffer {
    try {
      return this.#device.createBuffer(key, numBytes, usage);
    } catch (cause) {
      if (!(cause instanceof EngineError)) throw cause;
      throw new EngineError(
        'backend_failure',
        `${cause.message}: let a step have fewer tokens (MAX_NUM_BATCHED_TOKENS)`,
        { retryable: false, cause },
      );
    }
  }
}
