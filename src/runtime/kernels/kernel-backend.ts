import * as tf from '@tensorflow/tfjs-core';
import type { BackendValues, DataType } from '@tensorflow/tfjs-core';
import { assertInvariant } from '../../errors.ts';
import type { Handle, TensorMemory } from './kernel-addon.ts';

/** Where a tensor's numbers are: float32 and whole matrices in memory of the kernels, other kinds on JavaScript's heap. */
interface Stored {
  readonly dtype: DataType;
  refCount: number;
  readonly handle?: Handle;
  readonly values?: BackendValues;
}

/**
 * The backend of tfjs whose tensors lie in memory of the kernels. Parameters are tensors of it, so that tfjs counts and
 * disposes of them; steps run outside of its kernels. It has the two kernels that move no numbers.
 */
export class KernelBackend extends tf.KernelBackend {
  readonly #memory: TensorMemory;
  readonly #stored = new tf.DataStorage<Stored>(this, tf.engine());

  constructor(memory: TensorMemory) {
    super();
    this.#memory = memory;
  }

  /** A tensor of `shape` over memory that the kernels have filled; of panels, int32 stands for bytes of any kind. */
  adopt(handle: Handle, shape: number[], dtype: 'float32' | 'int32'): tf.Tensor {
    const dataId = {};
    this.#stored.set(dataId, { dtype, refCount: 1, handle });
    return tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype }, this);
  }

  /** @throws when the tensor is none of that memory */
  handleOf(tensor: tf.TensorInfo): Handle {
    const { handle } = this.#stored.get(tensor.dataId);
    assertInvariant(handle !== undefined, 'the tensor lies in the memory of the kernels');
    return handle;
  }

  override write(values: BackendValues, shape: number[], dtype: DataType): object {
    const dataId = {};
    this.move(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(
    dataId: object,
    values: BackendValues,
    shape: number[],
    dtype: DataType,
    refCount: number,
  ): void {
    const size = tf.util.sizeFromShape(shape);
    if (dtype !== 'float32' || size === 0) {
      this.#stored.set(dataId, { dtype, refCount, values });
      return;
    }
    const handle = this.#memory.addVector(size);
    this.#memory.writeVector(handle, Float32Array.from(values as Float32Array));
    this.#stored.set(dataId, { dtype, refCount, handle });
  }

  override readSync(dataId: object): BackendValues {
    const { dtype, handle, values } = this.#stored.get(dataId);
    if (handle === undefined) return values ?? new Float32Array();
    const bytes = this.#memory.readTensor(handle);
    return dtype === 'float32' ? new Float32Array(bytes) : new Int32Array(bytes);
  }

  override read(dataId: object): Promise<BackendValues> {
    return Promise.resolve(this.readSync(dataId));
  }

  override disposeData(dataId: object, force = false): boolean {
    if (!this.#stored.has(dataId)) return true;
    const stored = this.#stored.get(dataId);
    stored.refCount--;
    if (!force && stored.refCount > 0) return false;
    if (stored.handle !== undefined) this.#memory.freeTensor(stored.handle);
    this.#stored.delete(dataId);
    return true;
  }

  override refCount(dataId: object): number {
    return this.#stored.has(dataId) ? this.#stored.get(dataId).refCount : 0;
  }

  override incRef(dataId: object): void {
    this.#stored.get(dataId).refCount++;
  }

  override numDataIds(): number {
    return this.#stored.numDataIds();
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override dispose(): void {}

  override timerAvailable(): boolean {
    return false;
  }
}

/** Both share the numbers of their input. */
function registerKernels(backendName: string): void {
  tf.registerKernel({
    kernelName: tf.Identity,
    backendName,
    kernelFunc: ({ inputs, backend }) => {
      const { x } = inputs;
      assertInvariant(x && backend instanceof KernelBackend, 'Identity has an input');
      backend.incRef(x.dataId);
      return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
    },
  });
  tf.registerKernel({
    kernelName: tf.Reshape,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { x } = inputs;
      const { shape } = attrs as { shape?: number[] };
      assertInvariant(x && shape && backend instanceof KernelBackend, 'Reshape has an input and a shape');
      const size = tf.util.sizeFromShape(x.shape);
      backend.incRef(x.dataId);
      return { dataId: x.dataId, shape: tf.util.inferFromImplicitShape(shape, size), dtype: x.dtype };
    },
  });
}

const registered = new WeakMap<TensorMemory, { name: string; backend: KernelBackend }>();
let numRegistered = 0;

/** Makes the backend of an addon, or of other memory, the current one of tfjs in this thread. A second call gives the same backend. */
export function kernelBackend(memory: TensorMemory): KernelBackend {
  const known = registered.get(memory) ?? register(memory);
  registered.set(memory, known);
  tf.setBackend(known.name).catch(() => undefined);
  return known.backend;
}

function register(memory: TensorMemory): { name: string; backend: KernelBackend } {
  const backend = new KernelBackend(memory);
  const name = `tokenflare-kernels-${numRegistered++}`;
  registerKernels(name);
  tf.registerBackend(name, () => backend);
  return { name, backend };
}

/** Of memory that has no tensors left. */
export function forgetBackend(memory: TensorMemory): void {
  const known = registered.get(memory);
  if (known === undefined) return;
  registered.delete(memory);
  tf.removeBackend(known.name);
}
