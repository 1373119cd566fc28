import type { Handle } from '../kernels/kernel-addon.ts';

/** What the module exports: cpp/wasm/door.cc. */
export interface WasmExports {
  readonly __stack_pointer: WebAssembly.Global;
  readonly __tls_size: WebAssembly.Global;
  _initialize(): void;
  __wasm_init_tls(address: number): void;
  /** The address of a set's name, 0 behind the last; the fastest is the first. */
  nameOf(set: number): number;
  /** 1 where products of whole numbers come out exactly. */
  computesRight(set: number): number;
  /** Another number where products of fractions are rounded otherwise than before; 0 where a row alone has other bits. */
  digestOfFractions(set: number): number;
  /** 1 where a product is rounded with the sum that it is added to, as on processors. */
  roundsOnce(set: number): number;
  use(set: number, numThreads: number): void;
  allocate(numBytes: number): number;
  release(address: number): void;
  serve(): void;
  stopThreads(): void;
  failThreads(): void;
  addVector(size: number): number;
  addMatrix(depth: number, segments: number, numSegments: number): number;
  addCache(layers: number, pages: number, heads: number, headDim: number, format: number): number;
  addProgram(words: number, numWords: number, handles: number, numHandles: number): number;
  freeTensor(handle: Handle): void;
  freeProgram(handle: Handle): void;
  writeVector(handle: Handle, numbers: number, size: number): number;
  memoryOf(handle: Handle): number;
  numBytesOf(handle: Handle): number;
  numBytes(): number;
  packFloats(handle: Handle, row: number, numbers: number, count: number): number;
  packRows(handle: Handle, row: number, format: number, bytes: number, numBytes: number): number;
  copyPage(handle: Handle, from: number, to: number): number;
  readPage(handle: Handle, page: number, bytes: number, numBytes: number): number;
  writePage(handle: Handle, page: number, bytes: number, numBytes: number): number;
  run(
    program: Handle,
    rows: number,
    numWords: number,
    whole: number,
    wholeSize: number,
    tops: number,
    topsSize: number,
    places: number,
    placesSize: number,
  ): number;
  train(operation: number, arrays: number, numOperands: number, numbers: number, numNumbers: number): number;
}
