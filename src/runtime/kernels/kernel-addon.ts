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
  /**
   * A B^T + bias of matrices in float32 that change from call to call: [rows, depth], [cols, depth] -> [rows, cols].
   * Strides are in numbers; rows of A whose numbers lie side by side have no gap between them. An empty bias is none.
   * @param inBFloats 1: both operands are rounded to bfloat16 first, after `startBFloats`
   */
  multiply(
    a: Float32Array,
    aLaneStride: number,
    aDepthStride: number,
    b: Float32Array,
    bLaneStride: number,
    bDepthStride: number,
    bias: Float32Array,
    output: Float32Array,
    rows: number,
    cols: number,
    depth: number,
    inBFloats: 0 | 1,
  ): void;
  /** Finds the processor's instructions for products of bfloat16; their name, or '' where it has none. */
  startBFloats(): string;
  /**
   * Causal attention of whole sequences; backward where `dQkv` is not empty. Writes `out` and `stats`, or `dQkv`.
   * @param qkv [sequences * length, 3 * heads * headDim]
   * @param out [sequences * length, heads * headDim]; so is its gradient `dOut`
   * @param stats [sequences * heads, 2, length]: the largest score and 1 / sum of each query
   * @param keepScale one number, by which weights grow that survive dropout
   * @param numbers sequences, their length (a multiple of 8), heads, headDim (a multiple of 16), seed and threshold of
   * dropout
   */
  attendSequences(
    qkv: Float32Array,
    out: Float32Array,
    stats: Float32Array,
    dOut: Float32Array,
    dQkv: Float32Array,
    keepScale: Float32Array,
    numbers: Int32Array,
  ): void;
  /** GELU of a multiple of 16 numbers, or where `dY` is not empty the gradient for that of the result. */
  gelu(x: Float32Array, dY: Float32Array, output: Float32Array): void;
  numBytesOf(tensor: Handle): number;
  /** Of all tensors. */
  numBytes(): number;
}
