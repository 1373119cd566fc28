/// <reference types="@webgpu/types" />
import * as tf from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { EngineError } from '../../errors.ts';

interface GpuDeviceParts {
  gpu: GPU;
  device: GPUDevice;
  backend: WebGPUBackend;
  info: GPUAdapterInfo;
  onLost?: ((error: EngineError) => void) | undefined;
  maxBufferBytes?: number | undefined;
}

/** A WebGPU device with its tfjs backend: hands out buffers within its limits, and remembers what went wrong on it. */
export class GpuDevice {
  /** Kept, since Dawn frees what it made when this object is collected. */
  readonly gpu: GPU;
  readonly device: GPUDevice;
  readonly queue: GPUQueue;
  /** For people. */
  readonly name: string;
  readonly isSoftware: boolean;
  /** The largest buffer that can be made and bound as a whole. */
  readonly maxBufferBytes: number;
  readonly #backend: WebGPUBackend;
  readonly #buffers = new Set<GPUBuffer>();
  #errors: string[] = [];
  #lost: EngineError | undefined;
  #isDisposed = false;

  constructor({ gpu, device, backend, info, onLost, maxBufferBytes }: GpuDeviceParts) {
    this.gpu = gpu;
    this.device = device;
    this.queue = device.queue;
    this.#backend = backend;
    this.name = info.description || info.device || info.vendor;
    this.isSoftware = info.isFallbackAdapter;
    const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
    this.maxBufferBytes = Math.min(maxBufferSize, maxStorageBufferBindingSize, maxBufferBytes ?? Infinity);
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault();
      this.#errors.push(event.error.message);
    });
    void device.lost.then(({ reason, message }) => {
      if (this.#isDisposed) return;
      this.#lost = new EngineError(
        'backend_failure',
        `the WebGPU device ${this.name} was lost (${reason}): ${message}`,
        { retryable: true },
      );
      onLost?.(this.#lost);
    });
  }

  /** Why the device is of no more use, once it is. */
  get lost(): EngineError | undefined {
    return this.#lost;
  }

  /** What the device complained about since it was last asked; each complaint is told once. */
  takeErrors(): string[] {
    const errors = this.#errors;
    this.#errors = [];
    return errors;
  }

  /**
   * A buffer of that many bytes, zeroed; it is the device's until `destroyBuffer`.
   * @throws EngineError `backend_unavailable` when the device cannot bind one of that size
   */
  createBuffer(
    label: string,
    numBytes: number,
    usage: GPUBufferUsageFlags,
    mappedAtCreation = false,
  ): GPUBuffer {
    if (numBytes > this.maxBufferBytes) {
      throw new EngineError(
        'backend_unavailable',
        `${label} needs a buffer of ${numBytes} bytes, and ${this.name} binds at most ${this.maxBufferBytes}`,
      );
    }
    const buffer = this.#allocate({ label, size: numBytes, usage, mappedAtCreation });
    this.#buffers.add(buffer);
    return buffer;
  }

  /** A buffer that holds these numbers, for kernels to read. */
  createFilledBuffer(label: string, values: Float32Array | Uint16Array): GPUBuffer {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC;
    const buffer = this.createBuffer(label, values.byteLength, usage, true);
    new Uint8Array(buffer.getMappedRange()).set(
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    );
    buffer.unmap();
    return buffer;
  }

  destroyBuffer(buffer: GPUBuffer): void {
    this.#buffers.delete(buffer);
    buffer.destroy();
  }

  #allocate(descriptor: GPUBufferDescriptor): GPUBuffer {
    try {
      return this.device.createBuffer(descriptor);
    } catch (cause) {
      const { label = '', size } = descriptor;
      throw new EngineError(
        'backend_unavailable',
        `${this.name} has no memory for the ${size} bytes of ${label}`,
        { cause },
      );
    }
  }

  /** A tfjs tensor on a buffer of ours: it counts in `tf.memory()`, and its disposal leaves the buffer alone. */
  adopt(buffer: GPUBuffer, shape: readonly number[], dtype: 'float32' | 'int32'): tf.Tensor {
    return this.#backend.createTensorFromGPUData({ buffer, zeroCopy: true }, [...shape], dtype);
  }

  /** Ends the device and frees every buffer; tensors on them must be disposed of before. */
  dispose(): void {
    this.#isDisposed = true;
    for (const buffer of this.#buffers) buffer.destroy();
    this.#buffers.clear();
    if (tf.findBackend('webgpu') === this.#backend) tf.removeBackend('webgpu');
    this.device.destroy();
  }
}
