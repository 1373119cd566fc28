import { Worker } from 'node:worker_threads';
import { assertInvariant, EngineError } from '../../errors.ts';
import type { Handle, KernelAddon } from '../kernels/kernel-addon.ts';
import { guardExports } from './guard-exports.ts';
import { rightSet } from './right-set.ts';
import type { WasmExports } from './wasm-exports.ts';

/** As the module is linked (scripts/build-wasm.mjs). */
const INITIAL_PAGES = 64;
const MAX_PAGES = 2 ** 16 - 1;
/** Of a thread's calls; so much the linker gives the calling thread. */
const STACK_BYTES = 2 ** 18;
const LARGEST_ALIGNMENT = 64;
/** Of the text that says why a thread trapped. */
const FAULT_BYTES = 256;

/**
 * A thread enters wasm and stays there until it is told to stop. The first that traps leaves its reason in the memory: its
 * 'error' event comes only when the calling thread, which waits for it in wasm, has returned. As text: the same in dist/
 * and in the sources.
 */
const THREAD_SOURCE = `
const { parentPort, workerData } = require('node:worker_threads');
const { module, memory, stack, tls, fault } = workerData;
const none = () => { throw new Error('a kernel aborted'); };
const wasi = { fd_close: none, fd_seek: none, fd_write: none };
const { exports } = new WebAssembly.Instance(module, { env: { memory }, wasi_snapshot_preview1: wasi });
exports.__stack_pointer.value = stack;
exports.__wasm_init_tls(tls);
parentPort.postMessage('ready');
try {
  exports.serve();
} catch (error) {
  const text = Buffer.from(memory.buffer, fault, ${FAULT_BYTES - 1});
  if (text[0] === 0) text.write(error.message);
  exports.failThreads();
  throw error;
}
`;

const importsOf = (memory: WebAssembly.Memory): Record<string, Record<string, unknown>> => {
  const abort = (): never => {
    throw new EngineError('backend_failure', 'a wasm kernel aborted');
  };
  return { env: { memory }, wasi_snapshot_preview1: { fd_close: abort, fd_seek: abort, fd_write: abort } };
};

/** An array that is in the module's memory for the length of a call. */
type NumberArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/** The C++ kernels as WebAssembly, by the interface of the native addon. */
export class WasmAddon implements KernelAddon {
  readonly #memory: WebAssembly.Memory;
  readonly #exports: WasmExports;
  readonly #hasTrapped: () => boolean;
  /** Address of the text that says why a thread trapped. */
  readonly #fault: number;
  /** Of its kernels, for people. */
  readonly name: string;
  readonly #threads: Worker[] = [];
  /** Where arrays of a call lie: [address, bytes] of each of its places. */
  readonly #staged: ({ address: number; numBytes: number } | undefined)[] = [];
  /** Those of arrays that were given out: a memory that grows has another, over the same bytes. */
  readonly #buffers = new WeakSet<ArrayBufferLike>();

  private constructor(memory: WebAssembly.Memory, exports: WasmExports, name: string) {
    const guarded = guardExports(exports, () => textAt(memory, this.#fault));
    this.#memory = memory;
    this.#exports = guarded.exports;
    this.#hasTrapped = guarded.hasTrapped;
    this.#fault = this.#allocate(FAULT_BYTES);
    this.name = name;
  }

  /**
   * @returns undefined where none of the module's sets computes right
   * @throws EngineError `backend_unavailable` where the module or one of its threads does not start
   */
  static async create(bytes: Uint8Array, numThreads: number): Promise<WasmAddon | undefined> {
    const module = new WebAssembly.Module(bytes);
    const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAX_PAGES, shared: true });
    const { exports } = new WebAssembly.Instance(module, importsOf(memory));
    const kernels = exports as unknown as WasmExports;
    kernels._initialize();
    const set = await rightSet(kernels);
    if (set === undefined) return undefined;
    kernels.use(set, numThreads);
    const rounds = kernels.roundsOnce(set) === 0 ? '' : ', fused sums';
    const addon = new WasmAddon(memory, kernels, textAt(memory, kernels.nameOf(set)) + rounds);
    try {
      await Promise.all(Array.from({ length: numThreads - 1 }, () => addon.#startThread(module)));
    } catch (cause) {
      await addon.dispose();
      throw new EngineError('backend_unavailable', 'a thread of the wasm kernels did not start', { cause });
    }
    return addon;
  }

  #startThread(module: WebAssembly.Module): Promise<void> {
    const tlsBytes = this.#exports.__tls_size.value as number;
    const stack = this.#allocate(STACK_BYTES) + STACK_BYTES;
    const tls = this.#allocate(tlsBytes + LARGEST_ALIGNMENT);
    const workerData = { module, memory: this.#memory, stack, tls, fault: this.#fault };
    const thread = new Worker(THREAD_SOURCE, { eval: true, execArgv: [], name: 'wasm-kernels', workerData });
    this.#threads.push(thread);
    return new Promise((resolve, reject) => {
      thread.once('message', () => {
        thread.unref();
        resolve();
      });
      thread.on('error', reject);
    });
  }

  async dispose(): Promise<void> {
    if (this.#hasTrapped()) {
      await Promise.all(this.#threads.map((thread) => thread.terminate()));
      return;
    }
    this.#exports.stopThreads();
    // One that did not start is gone already, and has no id.
    const running = this.#threads.filter(({ threadId }) => threadId !== -1);
    await Promise.all(
      running.map((thread) => {
        thread.ref();
        return new Promise((resolve) => thread.once('exit', resolve));
      }),
    );
  }

  #allocate(numBytes: number): number {
    const address = this.#exports.allocate(numBytes) >>> 0;
    if (address === 0)
      throw new EngineError('backend_failure', `the wasm memory has no ${numBytes} bytes left`);
    return address;
  }

  /** Room for an array at one of the places of a call. */
  #room(place: number, numBytes: number): number {
    const known = this.#staged[place];
    if (known !== undefined && known.numBytes >= numBytes) return known.address;
    if (known !== undefined) this.#exports.release(known.address);
    // Nothing is left of it where the next line throws.
    this.#staged[place] = undefined;
    const address = this.#allocate(numBytes);
    this.#staged[place] = { address, numBytes };
    return address;
  }

  #stage(place: number, values: NumberArray): number {
    const address = this.#room(place, values.byteLength);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    new Uint8Array(this.#memory.buffer, address, values.byteLength).set(bytes);
    return address;
  }

  #check(fault: number): void {
    if (fault !== 0) throw new EngineError('backend_failure', textAt(this.#memory, fault));
  }

  start(): string[] {
    return [this.name];
  }

  addVector(size: number): Handle {
    return handleOf(this.#exports.addVector(size));
  }

  addMatrix(depth: number, segments: Int32Array): Handle {
    return handleOf(this.#exports.addMatrix(depth, this.#stage(0, segments), segments.length / 2));
  }

  addCache(layers: number, pages: number, heads: number, headDim: number, format: number): Handle {
    return handleOf(this.#exports.addCache(layers, pages, heads, headDim, format));
  }

  addProgram(words: Int32Array, tensors: Int32Array): Handle {
    const program = this.#stage(0, words);
    return handleOf(this.#exports.addProgram(program, words.length, this.#stage(1, tensors), tensors.length));
  }

  freeTensor(tensor: Handle): void {
    if (!this.#hasTrapped()) this.#exports.freeTensor(tensor);
  }

  freeProgram(program: Handle): void {
    if (!this.#hasTrapped()) this.#exports.freeProgram(program);
  }

  writeVector(vector: Handle, values: Float32Array): void {
    this.#check(this.#exports.writeVector(vector, this.#stage(0, values), values.length));
  }

  readTensor(tensor: Handle): ArrayBuffer {
    const address = this.#exports.memoryOf(tensor) >>> 0;
    assertInvariant(address !== 0, 'there is such a tensor');
    const bytes = new Uint8Array(this.#memory.buffer, address, this.#exports.numBytesOf(tensor));
    return new Uint8Array(bytes).buffer;
  }

  packFloats(matrix: Handle, firstRow: number, rows: Float32Array): void {
    this.#check(this.#exports.packFloats(matrix, firstRow, this.#stage(0, rows), rows.length));
  }

  packRows(matrix: Handle, firstRow: number, storedFormat: number, rows: Uint8Array): void {
    this.#check(this.#exports.packRows(matrix, firstRow, storedFormat, this.#stage(0, rows), rows.length));
  }

  copyPage(cache: Handle, from: number, to: number): void {
    this.#check(this.#exports.copyPage(cache, from, to));
  }

  readPage(cache: Handle, page: number, bytes: Uint8Array): void {
    const address = this.#room(0, bytes.byteLength);
    this.#check(this.#exports.readPage(cache, page, address, bytes.byteLength));
    bytes.set(new Uint8Array(this.#memory.buffer, address, bytes.byteLength));
  }

  writePage(cache: Handle, page: number, bytes: Uint8Array): void {
    this.#check(this.#exports.writePage(cache, page, this.#stage(0, bytes), bytes.byteLength));
  }

  run(program: Handle, rows: Int32Array, whole: Float32Array, tops: Float32Array, places: Int32Array): void {
    const words = this.#stage(0, rows);
    const [wholeAt, topsAt, placesAt] = [whole, tops, places].map((array, i) =>
      this.#room(i + 1, array.byteLength),
    );
    assertInvariant(wholeAt !== undefined && topsAt !== undefined && placesAt !== undefined, 'all have room');
    const fault = this.#exports.run(
      program,
      words,
      rows.length,
      wholeAt,
      whole.length,
      topsAt,
      tops.length,
      placesAt,
      places.length,
    );
    this.#check(fault);
    const { buffer } = this.#memory;
    whole.set(new Float32Array(buffer, wholeAt, whole.length));
    tops.set(new Float32Array(buffer, topsAt, tops.length));
    places.set(new Int32Array(buffer, placesAt, places.length));
  }

  addFloats(size: number): Float32Array {
    const address = this.#allocate(size * Float32Array.BYTES_PER_ELEMENT);
    const { buffer } = this.#memory;
    this.#buffers.add(buffer);
    return new Float32Array(buffer, address, size);
  }

  startBFloats(): string {
    return '';
  }

  train(operation: number, numbers: Float64Array, ...operands: (Float32Array | Int32Array)[]): void {
    const arrays = Float64Array.from(
      operands.flatMap((operand) => [this.#addressOf(operand), operand.length, isIntegers(operand) ? 1 : 0]),
    );
    const numbersAt = this.#stage(1, numbers);
    const fault = this.#exports.train(
      operation,
      this.#stage(0, arrays),
      operands.length,
      numbersAt,
      numbers.length,
    );
    this.#check(fault);
    numbers.set(new Float64Array(this.#memory.buffer, numbersAt, numbers.length));
  }

  #addressOf({ buffer, byteOffset, length }: Float32Array | Int32Array): number {
    if (length === 0) return 0;
    assertInvariant(this.#buffers.has(buffer), "operands lie in the module's memory");
    return byteOffset;
  }

  numBytesOf(tensor: Handle): number {
    return this.#exports.numBytesOf(tensor);
  }

  numBytes(): number {
    return this.#exports.numBytes();
  }
}

const isIntegers = (operand: Float32Array | Int32Array): boolean => operand instanceof Int32Array;

function handleOf(handle: number): Handle {
  if (handle < 0) throw new EngineError('backend_failure', 'the wasm memory has no room left for it');
  return handle;
}

/** A text that ends with a zero. */
function textAt(memory: WebAssembly.Memory, address: number): string {
  const bytes = new Uint8Array(memory.buffer, address >>> 0);
  return Buffer.from(bytes.slice(0, bytes.indexOf(0))).toString();
}
