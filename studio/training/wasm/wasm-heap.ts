import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { EngineError } from '../../../src/errors.ts';
import { WASM_HEAP_BYTES } from '../../../src/runtime/traits.ts';
import type { StockModule } from './stock-module.ts';

/** A cache line: vectors never straddle one, and no two buffers share one. */
const ALIGNMENT = 64;
const VECTOR_BYTES = 16;
/** What the stock allocator aligns to, and keeps between two blocks. */
const BLOCK_GAP = 8;
/** Left at the end of the heap, where the last page is never given out. */
const MARGIN = 1024 ** 2;

/**
 * The memory of the tfjs wasm backend, for its tensors and for buffers of our own. It grows up to 4 GiB and never
 * shrinks. Every buffer begins at a multiple of 64 and a vector may be read past its end, never written. A view
 * covers the memory as it was when the view was made: make a new one after any allocation.
 */
export class WasmHeap {
  readonly memory: WebAssembly.Memory;
  readonly #backend: BackendWasm;
  readonly #stockMalloc: (numBytes: number) => number;
  readonly #stockFree: (address: number) => void;
  /** By aligned address: where the stock allocator's block begins and how much was asked for. */
  readonly #blocks = new Map<number, { start: number; numBytes: number; blockBytes: number }>();
  #numBytes = 0;
  /** The lowest and the highest address that a block ever had: what the stock allocator manages. */
  #bottom = WASM_HEAP_BYTES;
  #top = 0;

  /**
   * Takes the allocation of `module` over, tensors of tfjs included: its own allocator aligns to 8 bytes, and when
   * the heap is full, tfjs would go on at address 0.
   */
  constructor(module: StockModule, backend: BackendWasm) {
    this.memory = module.wasmMemory;
    this.#backend = backend;
    // Each of the glue's exports replaces itself in the module on its first call; a replacement of ours comes after.
    module._free(module._malloc(ALIGNMENT));
    this.#stockMalloc = module._malloc.bind(module);
    this.#stockFree = module._free.bind(module);
    module._malloc = (numBytes) => this.malloc(numBytes);
    module._free = (address) => this.free(address >>> 0);
  }

  /** Bytes in use, tensors of tfjs included. */
  get numBytes(): number {
    return this.#numBytes;
  }

  /** A buffer at a multiple of 64, its content arbitrary. Throws `backend_failure` when the heap is full. */
  malloc(numBytes: number): number {
    const blockBytes = numBytes + ALIGNMENT + VECTOR_BYTES;
    const start = this.#fits(blockBytes) ? this.#stockMalloc(blockBytes) >>> 0 : 0;
    if (start === 0 || start + blockBytes > this.memory.buffer.byteLength) {
      const heapBytes = this.memory.buffer.byteLength;
      throw new EngineError(
        'backend_failure',
        `the wasm heap cannot hold another ${numBytes} bytes: ${this.#numBytes} of at most ${WASM_HEAP_BYTES} are in use`,
        { details: { numBytes, usedBytes: this.#numBytes, heapBytes, maxHeapBytes: WASM_HEAP_BYTES } },
      );
    }
    this.#bottom = Math.min(this.#bottom, start);
    this.#top = Math.max(this.#top, start + blockBytes);
    const address = Math.ceil(start / ALIGNMENT) * ALIGNMENT;
    this.#blocks.set(address, { start, numBytes, blockBytes });
    this.#numBytes += numBytes;
    return address;
  }

  free(address: number): void {
    const block = this.#blocks.get(address);
    // A few stock kernels allocate their outputs themselves; tfjs frees those here too.
    this.#stockFree(block?.start ?? address);
    this.#blocks.delete(address);
    this.#numBytes -= block?.numBytes ?? 0;
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

  /** A new tensor of that shape, its content arbitrary. Throws `backend_failure` when the heap is full. */
  makeTensor(shape: readonly number[], dtype: 'float32' | 'int32' = 'float32'): TensorInfo {
    return this.#backend.makeOutput([...shape], dtype);
  }

  /**
   * Whether a block can be had. The stock allocator (emmalloc of the emscripten that tfjs 4.22 was built with) misses
   * the overflow of its last address: near 4 GiB it hands out a block that lies partly outside the memory. So beyond
   * the top there must be room, or among the blocks a gap.
   */
  #fits(blockBytes: number): boolean {
    const needed = Math.ceil(blockBytes / BLOCK_GAP) * BLOCK_GAP + 2 * BLOCK_GAP;
    if (this.#top + needed <= WASM_HEAP_BYTES - MARGIN) return true;
    let end = this.#bottom;
    for (const block of [...this.#blocks.values()].sort((a, b) => a.start - b.start)) {
      if (block.start - end >= needed) return true;
      end = block.start + block.blockBytes;
    }
    return this.#top + BLOCK_GAP - end >= needed;
  }
}
