import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { EngineError } from '../../errors.ts';
import type { StockModule } from './stock-module.ts';

const ALIGNMENT = 64;
const MAX_HEAP_BYTES = 4 * 1024 ** 3;

/**
 * The memory of the tfjs wasm backend, for buffers of our own beside its tensors. It grows up to 4 GiB and never
 * shrinks. A view covers the memory as it was when the view was made: make a new one after any allocation.
 */
export class WasmHeap {
  readonly memory: WebAssembly.Memory;
  readonly #module: StockModule;
  readonly #backend: BackendWasm;
  /** By aligned address: where the allocator's block begins and how much was asked for. */
  readonly #blocks = new Map<number, { start: number; numBytes: number }>();
  #numBytes = 0;

  constructor(module: StockModule, backend: BackendWasm) {
    this.memory = module.wasmMemory;
    this.#module = module;
    this.#backend = backend;
  }

  /** Bytes in own buffers, tensors of tfjs not counted. */
  get numBytes(): number {
    return this.#numBytes;
  }

  /** A buffer of `numBytes` at a multiple of 64, its content arbitrary. Throws `backend_failure` when the heap is full. */
  malloc(numBytes: number): number {
    const start = this.#allocate(numBytes + ALIGNMENT);
    const address = Math.ceil(start / ALIGNMENT) * ALIGNMENT;
    this.#blocks.set(address, { start, numBytes });
    this.#numBytes += numBytes;
    return address;
  }

  free(address: number): void {
    const block = this.#blocks.get(address);
    if (block === undefined)
      throw new EngineError('internal', `no buffer of the wasm heap begins at ${address}`);
    this.#module._free(block.start);
    this.#blocks.delete(address);
    this.#numBytes -= block.numBytes;
  }

  float32(address: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, length);
  }

  int32(address: number, length: number): Int32Array {
    return new Int32Array(this.memory.buffer, address, length);
  }

  uint8(address: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, length);
  }

  /** Where a tensor's elements lie; valid until the tensor is disposed. Moves the tensor here if it is elsewhere. */
  tensorAddress(tensor: Pick<TensorInfo, 'dataId'>): number {
    return this.#backend.dataIdMap.get(tensor.dataId).memoryOffset >>> 0;
  }

  /** A new float32 tensor of that shape, its content arbitrary. Throws `backend_failure` when the heap is full. */
  makeTensor(shape: readonly number[]): TensorInfo {
    // tfjs' own allocation would go on at address 0 when the heap is full.
    const numElements = shape.reduce((product, size) => product * size, 1);
    return this.#backend.makeOutput([...shape], 'float32', this.#allocate(numElements * 4));
  }

  #allocate(numBytes: number): number {
    const heapBytes = this.memory.buffer.byteLength;
    const address = numBytes < MAX_HEAP_BYTES ? this.#module._malloc(numBytes) >>> 0 : 0;
    if (address === 0) {
      throw new EngineError(
        'backend_failure',
        `the wasm heap cannot hold another ${numBytes} bytes: it has ${heapBytes} of at most ${MAX_HEAP_BYTES}`,
        { details: { numBytes, heapBytes, ownBytes: this.#numBytes } },
      );
    }
    return address;
  }
}
