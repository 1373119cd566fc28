import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant } from '../../src/errors.ts';
import { floatArg, KernelPool } from './wasm/kernel-pool.ts';
import { readKernels, startWasmBackend } from './wasm/start.ts';
import type { WasmHeap } from './wasm/wasm-heap.ts';
import {
  attentionArgs,
  chunks,
  type DropoutDraw,
  dropoutArgs,
  matrixShape,
  type SequenceShape,
} from './kernel-arguments.ts';
import { KERNEL } from './kernel-ids.ts';
import {
  attendNatively,
  geluNatively,
  multiplyNatively,
  type NativeMath,
  type Operand,
  type Products,
  startNativeMath,
} from './native-math.ts';
import { shareClones } from './share-clones.ts';

/** Sizes of chunks; those of the assembly files must be the same. */
const CHUNK_ELEMENTS = 16384;
const CHUNK_ROWS = 64;
const CHUNK_COLS = 32;
/** Chosen here alone, passed as arguments: a block of A and a block of B together fill half a second-level cache. */
const PACK_LANES = 64;
const GEMM_BLOCK = 64;

/** Numbers that the native kernels of attention and activations take at a time; other sizes are wasm's. */
const NATIVE_WIDTH = 16;

/**
 * The kernels of assembly/ as functions of tensors. Every result is a new tensor on the heap of tfjs, the caller's
 * to dispose of (or its tidy's); nothing here knows of gradients.
 */
export class TrainingKernels {
  readonly heap: WasmHeap;
  readonly numThreads: number;
  readonly #pool: KernelPool;
  /** What multiplies matrices, attends and activates; without it the pool does. */
  readonly #native: NativeMath | undefined;
  readonly #scratch = new Map<string, { address: number; numBytes: number }>();

  private constructor(heap: WasmHeap, pool: KernelPool, native: NativeMath | undefined) {
    this.heap = heap;
    this.#pool = pool;
    this.#native = native;
    this.numThreads = pool.numThreads;
  }

  /**
   * Makes tfjs' wasm backend the current one and starts `numThreads` threads on its heap.
   * @param products what multiplies matrices: `auto` takes the native kernels where there are any
   * @throws EngineError `backend_unavailable` where native kernels are asked for by name and there are none
   */
  static async start(numThreads: number, products: Products = 'wasm'): Promise<TrainingKernels> {
    const { heap } = await startWasmBackend();
    shareClones();
    const pool = await KernelPool.start({ wasmBytes: await readKernels(), heap, numThreads });
    return new TrainingKernels(heap, pool, startNativeMath(numThreads, products));
  }

  /** What multiplies matrices. */
  get products(): string {
    return this.#native?.name ?? 'wasm';
  }

  async dispose(): Promise<void> {
    for (const { address } of this.#scratch.values()) this.heap.free(address);
    this.#scratch.clear();
    await this.#pool.dispose();
  }

  /** x W^T + b: [rows, in], [out, in] -> [rows, out]. */
  linear(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor | undefined): tf.Tensor {
    const [rows, inDim] = matrixShape(x);
    const [outDim] = matrixShape(weight);
    const a = { tensor: x, laneStride: inDim, depthStride: 1 };
    const b = { tensor: weight, laneStride: inDim, depthStride: 1 };
    return this.#product(a, b, rows, outDim, inDim, bias); // [rows, out]
  }

  /** dY W: [rows, out], [out, in] -> [rows, in]. */
  linearInputGradient(dY: tf.Tensor, weight: tf.Tensor): tf.Tensor {
    const [rows, outDim] = matrixShape(dY);
    const [, inDim] = matrixShape(weight);
    const a = { tensor: dY, laneStride: outDim, depthStride: 1 };
    const b = { tensor: weight, laneStride: 1, depthStride: inDim };
    return this.#product(a, b, rows, inDim, outDim, undefined); // [rows, in]
  }

  /** dY^T x: [rows, out], [rows, in] -> [out, in]. */
  linearWeightGradient(dY: tf.Tensor, x: tf.Tensor): tf.Tensor {
    const [rows, outDim] = matrixShape(dY);
    const [, inDim] = matrixShape(x);
    const a = { tensor: dY, laneStride: 1, depthStride: outDim };
    const b = { tensor: x, laneStride: 1, depthStride: inDim };
    return this.#product(a, b, outDim, inDim, rows, undefined); // [out, in]
  }

  /** [rows, cols] -> [cols]. */
  columnSum(x: tf.Tensor): tf.Tensor {
    const [rows, cols] = matrixShape(x);
    const out = this.#make([cols]); // [cols]
    this.#pool.run(KERNEL.COLUMN_SUM, chunks(cols, CHUNK_COLS), [this.#at(x), this.#at(out), rows, cols]);
    return out;
  }

  /** The normed rows, and their mean and 1 / deviation as [rows, 2]. */
  layerNorm(
    x: tf.Tensor,
    gain: tf.Tensor,
    shift: tf.Tensor | undefined,
    epsilon: number,
  ): { normed: tf.Tensor; stats: tf.Tensor } {
    const [rows, cols] = matrixShape(x);
    const normed = this.#make([rows, cols]); // [rows, cols]
    const stats = this.#make([rows, 2]); // [rows, 2]
    const args = [
      this.#at(x),
      this.#at(gain),
      shift ? this.#at(shift) : 0,
      this.#at(normed),
      this.#at(stats),
    ];
    this.#pool.run(KERNEL.LAYER_NORM, chunks(rows, CHUNK_ROWS), [...args, rows, cols, floatArg(epsilon)]);
    return { normed, stats };
  }

  layerNormGradients(
    x: tf.Tensor,
    gain: tf.Tensor,
    stats: tf.Tensor,
    dY: tf.Tensor,
  ): { dX: tf.Tensor; dGain: tf.Tensor } {
    const [rows, cols] = matrixShape(x);
    const dX = this.#make([rows, cols]); // [rows, cols]
    const dGain = this.#make([cols]); // [cols]
    const rowArgs = [this.#at(x), this.#at(gain), this.#at(stats), this.#at(dY), this.#at(dX), rows, cols];
    this.#pool.run(KERNEL.LAYER_NORM_BACKWARD, chunks(rows, CHUNK_ROWS), rowArgs);
    const colArgs = [this.#at(x), this.#at(stats), this.#at(dY), this.#at(dGain), rows, cols];
    this.#pool.run(KERNEL.LAYER_NORM_GAIN_BACKWARD, chunks(cols, CHUNK_COLS), colArgs);
    return { dX, dGain };
  }

  gelu(x: tf.Tensor): tf.Tensor {
    const out = this.#activateNatively(x);
    if (out !== undefined) return out;
    return this.#pointwise(KERNEL.GELU, [x]);
  }

  geluGradient(x: tf.Tensor, dY: tf.Tensor): tf.Tensor {
    const out = this.#activateNatively(x, dY);
    if (out !== undefined) return out;
    return this.#pointwise(KERNEL.GELU_BACKWARD, [x, dY]);
  }

  add(x: tf.Tensor, y: tf.Tensor): tf.Tensor {
    return this.#pointwise(KERNEL.ADD, [x, y]);
  }

  /** Survivors times 1 / (1 - rate). The gradient is the same function of the gradient. */
  dropout(x: tf.Tensor, draw: DropoutDraw): tf.Tensor {
    return this.#pointwise(KERNEL.DROPOUT, [x], dropoutArgs(draw));
  }

  /** Rows of two tables, added: [vocab, dim], [context, dim] -> [rows, dim]. */
  embed(token: tf.Tensor, position: tf.Tensor, ids: number, positions: number, rows: number): tf.Tensor {
    const [, dim] = matrixShape(token);
    const out = this.#make([rows, dim]); // [rows, dim]
    const args = [this.#at(token), this.#at(position), ids, positions, this.#at(out), rows, dim];
    this.#pool.run(KERNEL.EMBED, chunks(rows, CHUNK_ROWS), args);
    return out;
  }

  /** The gradient of a table of `size` rows: [rows, dim] -> [size, dim]. `indices` is an address. */
  scatterAddRows(dY: tf.Tensor, indices: number, size: number): tf.Tensor {
    const [rows, dim] = matrixShape(dY);
    const out = this.#make([size, dim]); // [size, dim]
    const args = [this.#at(dY), indices, this.#at(out), rows, dim, size];
    this.#pool.run(KERNEL.SCATTER_ADD_ROWS, chunks(dim, CHUNK_COLS), args);
    return out;
  }

  /** Causal attention over sequences that lie one after the other: [rows, 3 * dim] -> [rows, dim]. */
  attention(qkv: tf.Tensor, shape: SequenceShape, draw: DropoutDraw): { out: tf.Tensor; stats: tf.Tensor } {
    const [rows, width] = matrixShape(qkv);
    assertInvariant(shape.seqLen % 8 === 0, `sequences hold a multiple of 8 tokens, not ${shape.seqLen}`);
    const dim = width / 3;
    const numChunks = shape.numSequences * shape.numHeads;
    const out = this.#make([rows, dim]); // [rows, dim]
    const stats = this.#make([numChunks, 2, shape.seqLen]); // [sequences * heads, 2, seq]
    const headDim = dim / shape.numHeads;
    if (this.#native !== undefined && headDim % NATIVE_WIDTH === 0) {
      attendNatively(this.#native, this.heap, { qkv, out, stats }, shape, draw);
      return { out, stats };
    }
    const scratch = this.#attentionScratch(shape, headDim);
    const args = [this.#at(qkv), this.#at(out), this.#at(stats), scratch];
    this.#pool.run(KERNEL.ATTENTION, numChunks, [...args, ...attentionArgs(shape, headDim, draw)]);
    return { out, stats };
  }

  /** [rows, dim] -> [rows, 3 * dim]. */
  attentionGradient(
    qkv: tf.Tensor,
    out: tf.Tensor,
    stats: tf.Tensor,
    dOut: tf.Tensor,
    shape: SequenceShape,
    draw: DropoutDraw,
  ): tf.Tensor {
    const [rows, width] = matrixShape(qkv);
    const headDim = width / 3 / shape.numHeads;
    const dQkv = this.#make([rows, width]); // [rows, 3 * dim]
    if (this.#native !== undefined && headDim % NATIVE_WIDTH === 0) {
      attendNatively(this.#native, this.heap, { qkv, out, stats, dOut, dQkv }, shape, draw);
      return dQkv;
    }
    const scratch = this.#attentionScratch(shape, headDim);
    const args = [this.#at(qkv), this.#at(out), this.#at(stats), this.#at(dOut), this.#at(dQkv), scratch];
    const numChunks = shape.numSequences * shape.numHeads;
    this.#pool.run(KERNEL.ATTENTION_BACKWARD, numChunks, [...args, ...attentionArgs(shape, headDim, draw)]);
    return dQkv;
  }

  /** Maximum, sum of exp(logit - maximum) and target's logit of each row: [rows, vocab] -> [rows, 3]. */
  crossEntropyStats(logits: tf.Tensor, targets: number): tf.Tensor {
    const [rows, vocabSize] = matrixShape(logits);
    const stats = this.#make([rows, 3]); // [rows, 3]
    const args = [this.#at(logits), targets, this.#at(stats), rows, vocabSize];
    this.#pool.run(KERNEL.CROSS_ENTROPY, chunks(rows, CHUNK_ROWS), args);
    return stats;
  }

  /** (softmax - one-hot) * scale: [rows, vocab]. */
  crossEntropyGradient(logits: tf.Tensor, targets: number, stats: tf.Tensor, scale: number): tf.Tensor {
    const [rows, vocabSize] = matrixShape(logits);
    const out = this.#make([rows, vocabSize]); // [rows, vocab]
    const args = [this.#at(logits), targets, this.#at(stats), this.#at(out), rows, vocabSize];
    this.#pool.run(KERNEL.CROSS_ENTROPY_BACKWARD, chunks(rows, CHUNK_ROWS), [...args, floatArg(scale)]);
    return out;
  }

  sumOfSquares(x: tf.Tensor): number {
    const numChunks = chunks(x.size, CHUNK_ELEMENTS);
    const partials = this.#scratchBytes('partials', numChunks * 8);
    this.#pool.run(KERNEL.SUM_SQUARES, numChunks, [this.#at(x), partials, x.size]);
    return new Float64Array(this.heap.memory.buffer, partials, numChunks).reduce(
      (sum, part) => sum + part,
      0,
    );
  }

  /** One step in place. `hyper` is the address of the eight numbers that assembly/optimizer.ts lists. */
  adamW(
    weight: tf.Tensor,
    gradient: tf.Tensor,
    mean: tf.Tensor,
    square: tf.Tensor,
    hyper: number,
    decays: boolean,
  ): void {
    const args = [weight, gradient, mean, square].map((tensor) => this.#at(tensor));
    const numChunks = chunks(weight.size, CHUNK_ELEMENTS);
    this.#pool.run(KERNEL.ADAM_W, numChunks, [...args, weight.size, hyper, decays ? 1 : 0]);
  }

  /** GELU or its gradient; undefined where wasm is to compute it. */
  #activateNatively(x: tf.Tensor, dY?: tf.Tensor): tf.Tensor | undefined {
    if (this.#native === undefined || x.size % NATIVE_WIDTH !== 0) return undefined;
    const out = this.#make(x.shape);
    geluNatively(this.#native, this.heap, { x, out, ...(dY === undefined ? {} : { dY }) });
    return out;
  }

  #product(
    a: Operand,
    b: Operand,
    rows: number,
    cols: number,
    depth: number,
    bias: tf.Tensor | undefined,
  ): tf.Tensor {
    assertInvariant(
      [rows, cols, depth].every((size) => size % 8 === 0),
      `the sizes of a product are multiples of 8: ${rows}, ${cols}, ${depth}`,
    );
    const out = this.#make([rows, cols]); // [rows, cols]
    if (this.#native !== undefined) {
      multiplyNatively(this.#native, this.heap, { a, b, bias, out, rows, cols, depth });
      return out;
    }
    const aTiles = this.#pack(a, rows, depth, 8, 'a'); // [rows / 8][depth][8]
    const bPanels = this.#pack(b, cols, depth, 4, 'b'); // [cols / 4][depth][4]
    const args = [aTiles, bPanels, this.#at(out), bias ? this.#at(bias) : 0, rows, cols, depth];
    const numChunks = chunks(rows, GEMM_BLOCK) * chunks(cols, GEMM_BLOCK);
    this.#pool.run(KERNEL.GEMM, numChunks, [...args, GEMM_BLOCK, GEMM_BLOCK]);
    return out;
  }

  #pack(operand: Operand, numLanes: number, depth: number, width: number, name: string): number {
    const packed = this.#scratchBytes(name, numLanes * depth * 4);
    const source = [this.#at(operand.tensor), operand.laneStride, operand.depthStride, numLanes, depth];
    this.#pool.run(KERNEL.PACK, chunks(numLanes, PACK_LANES), [...source, width, packed, PACK_LANES]);
    return packed;
  }

  #pointwise(kernelId: number, inputs: readonly tf.Tensor[], extra: readonly number[] = []): tf.Tensor {
    const [first] = inputs;
    assertInvariant(first !== undefined && first.size % 4 === 0, 'tensors hold a multiple of 4 elements');
    const out = this.#make(first.shape);
    const args = [...inputs.map((input) => this.#at(input)), this.#at(out), first.size, ...extra];
    this.#pool.run(kernelId, chunks(first.size, CHUNK_ELEMENTS), args);
    return out;
  }

  #attentionScratch({ numSequences, seqLen, numHeads }: SequenceShape, headDim: number): number {
    // attentionScratchBytes of assembly/attention-tiles.ts.
    const bytesPerHead = 7 * seqLen * headDim * 4 + 2 * 8 * seqLen * 32 + 2 * headDim * 32;
    return this.#scratchBytes('attention', numSequences * numHeads * bytesPerHead);
  }

  /** A buffer that is kept and grows; its content lasts until the next call with that name. */
  #scratchBytes(name: string, numBytes: number): number {
    const existing = this.#scratch.get(name);
    if (existing !== undefined && existing.numBytes >= numBytes) return existing.address;
    if (existing !== undefined) this.heap.free(existing.address);
    const address = this.heap.malloc(numBytes);
    this.#scratch.set(name, { address, numBytes });
    return address;
  }

  #make(shape: readonly number[]): tf.Tensor {
    return tf.engine().makeTensorFromTensorInfo(this.heap.makeTensor(shape));
  }

  #at(tensor: tf.Tensor): number {
    return this.heap.tensorAddress(tensor);
  }
}
