import type * as tf from '@tensorflow/tfjs-core';
import { EngineError } from '../../src/errors.ts';
import type { KernelAddon } from '../../src/runtime/kernels/kernel-addon.ts';
import { loadAddon } from '../../src/runtime/native/native-addon.ts';
import {
  type DropoutDraw,
  dropoutThreshold,
  type SequenceShape,
  survivorFactor,
} from './kernel-arguments.ts';
import type { WasmHeap } from './wasm/wasm-heap.ts';

/**
 * What may multiply matrices. `bf16` is the native kernels with operands rounded to bfloat16 and sums in float32;
 * `auto`, native where it works and wasm elsewhere.
 */
export const PRODUCTS = ['auto', 'native', 'bf16', 'wasm'] as const;
export type Products = (typeof PRODUCTS)[number];

/** Where an operand of a product lies, in elements: the lane runs along the result, the depth is summed over. */
export interface Operand {
  readonly tensor: tf.Tensor;
  readonly laneStride: number;
  readonly depthStride: number;
}

/** A B^T + bias: [rows, depth], [cols, depth] -> [rows, cols]. */
interface Product {
  readonly a: Operand;
  readonly b: Operand;
  readonly bias: tf.Tensor | undefined;
  readonly out: tf.Tensor;
  readonly rows: number;
  readonly cols: number;
  readonly depth: number;
}

/** The native kernels as they compute. */
export interface NativeMath {
  readonly addon: KernelAddon;
  /** In words: which instructions, where that makes a difference to the result. */
  readonly name: string;
  readonly inBFloats: boolean;
}

/**
 * The native kernels, if they are to multiply; undefined where wasm is to.
 * @throws EngineError `backend_unavailable` where they are asked for by name and there are none
 */
export function startNativeMath(numThreads: number, products: Products): NativeMath | undefined {
  if (products === 'wasm') return undefined;
  try {
    const addon = loadAddon();
    const [instructionSet] = addon.start(numThreads);
    if (instructionSet === undefined) {
      throw new EngineError('backend_unavailable', 'this processor has none of the native instruction sets');
    }
    if (products !== 'bf16') return { addon, name: 'native', inBFloats: false };
    const instructions = addon.startBFloats();
    if (instructions !== '') return { addon, name: `bf16 (${instructions})`, inBFloats: true };
    throw new EngineError(
      'backend_unavailable',
      'this processor has no instructions for products of bfloat16: take --products native',
    );
  } catch (error) {
    if (products !== 'auto' || !(error instanceof EngineError)) throw error;
    return undefined;
  }
}

/** Multiplies on the heap of tfjs, where the tensors lie. */
export function multiplyNatively(
  { addon, inBFloats }: NativeMath,
  heap: WasmHeap,
  { a, b, bias, out, rows, cols, depth }: Product,
): void {
  const floats = (tensor: tf.Tensor | undefined) => floatsOf(heap, tensor);
  addon.multiply(
    floats(a.tensor),
    a.laneStride,
    a.depthStride,
    floats(b.tensor),
    b.laneStride,
    b.depthStride,
    floats(bias),
    floats(out),
    rows,
    cols,
    depth,
    inBFloats ? 1 : 0,
  );
}

/** Attention of whole sequences, on the heap of tfjs; backward where the gradients are given. */
export function attendNatively(
  { addon }: NativeMath,
  heap: WasmHeap,
  tensors: { qkv: tf.Tensor; out: tf.Tensor; stats: tf.Tensor; dOut?: tf.Tensor; dQkv?: tf.Tensor },
  { numSequences, seqLen, numHeads }: SequenceShape,
  draw: DropoutDraw,
): void {
  const floats = (tensor: tf.Tensor | undefined) => floatsOf(heap, tensor);
  const { qkv, out, stats, dOut, dQkv } = tensors;
  const headDim = out.size / (numSequences * seqLen * numHeads);
  addon.attendSequences(
    floats(qkv),
    floats(out),
    floats(stats),
    floats(dOut),
    floats(dQkv),
    Float32Array.of(survivorFactor(draw)),
    Int32Array.of(numSequences, seqLen, numHeads, headDim, draw.seed, dropoutThreshold(draw)),
  );
}

/** GELU on the heap of tfjs, or its gradient where that of the result is given. */
export function geluNatively(
  { addon }: NativeMath,
  heap: WasmHeap,
  { x, dY, out }: { x: tf.Tensor; dY?: tf.Tensor; out: tf.Tensor },
): void {
  addon.gelu(floatsOf(heap, x), floatsOf(heap, dY), floatsOf(heap, out));
}

function floatsOf(heap: WasmHeap, tensor: tf.Tensor | undefined): Float32Array {
  return tensor === undefined ? new Float32Array() : heap.float32(heap.tensorAddress(tensor), tensor.size);
}
