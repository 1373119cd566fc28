/** A tensor or a program of the addon. */
export type Handle = number;

/**
 * The kernels in C++ (cpp/), compiled for a processor or to WebAssembly: cpp/addon.cc, and cpp/wasm/door.cc behind
 * wasm-addon.ts. Functions throw an Error that says what is wrong.
 */
export interface KernelAddon {
  /** How many threads of the process compute from now on, the calling one included. Returns the instruction sets that compute right here, the fastest first. */
  start(numThreads: number): string[];
  /** Zeros, [size]. */
  addVector(size: number): Handle;
  /** Zeros, [outputs of all segments, depth]; a segment has its number of outputs and its format. */
  addMatrix(depth: number, segments: Int32Array): Handle;
  /** Zeros, [layers, pages, heads, PAGE_TOKENS, headDim] twice; `format`: a place in KV_CACHE_FORMATS. */
  addCache(numLayers: number, numPages: number, numKvHeads: number, headDim: number, format: number): Handle;
  addProgram(words: Int32Array, tensors: Int32Array): Handle;
  freeTensor(tensor: Handle): void;
  freeProgram(program: Handle): void;
  writeVector(vector: Handle, values: Float32Array): void;
  /** A copy of its bytes: of a matrix, its panels. */
  readTensor(tensor: Handle): ArrayBuffer;
  packFloats(matrix: Handle, firstRow: number, rows: Float32Array): void;
  packRows(matrix: Handle, firstRow: number, storedFormat: number, rows: Uint8Array): void;
  copyPage(cache: Handle, from: number, to: number): void;
  /** All bytes of a page, of every layer: into the array, and back. */
  readPage(cache: Handle, page: number, bytes: Uint8Array): void;
  writePage(cache: Handle, page: number, bytes: Uint8Array): void;
  /** Gives the memory of pages that hold nothing back to the system; in WebAssembly there is no such thing. */
  releasePages?(cache: Handle, first: number, count: number): void;
  /** By the kernels of one of the instruction sets that `start` returned. */
  run(
    program: Handle,
    rows: Int32Array,
    whole: Float32Array,
    tops: Float32Array,
    places: Int32Array,
    instructionSet: number,
  ): void;
  /** Zeros for `train`, [size]: at a multiple of 64 bytes, as long as the array lives. */
  addFloats(size: number): Float32Array;
  /** Finds the processor's instructions for products of bfloat16; their name, or '' where it has none. */
  startBFloats(): string;
  /**
   * One operation of training, by the first of the sets that `start` returned.
   * @param operation a place in TRAINING_OPERATIONS, which says what it takes
   * @param numbers the first becomes the result where that is a number
   * @param operands of arrays that `addFloats` gave, or int32 in their place
   */
  train(operation: number, numbers: Float64Array, ...operands: (Float32Array | Int32Array)[]): void;
  numBytesOf(tensor: Handle): number;
  /** Of all tensors. */
  numBytes(): number;
}

/** What holds tensors. */
export type TensorMemory = Pick<KernelAddon, 'addVector' | 'writeVector' | 'readTensor' | 'freeTensor'>;
