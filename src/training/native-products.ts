import type * as tf from '@tensorflow/tfjs-core';
import { EngineError } from '../errors.ts';
import { loadAddon, type NativeAddon } from '../runtime/native/native-addon.ts';
import type { WasmHeap } from '../runtime/wasm/wasm-heap.ts';

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

/** The native kernels as they multiply. */
export interface NativeProducts {
  readonly addon: NativeAddon;
  /** In words: which instructions, where that makes a difference to the result. */
  readonly name: string;
  readonly inBFloats: boolean;
}

/**
 * The native kernels, if they are to multiply; undefined where wasm is to.
 * @throws EngineError `backend_unavailable` where they are asked for by name and there are none
 */
export function startNativeProducts(numThreads: number, products: Products): NativeProducts | undefined {
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
  { addon, inBFloats }: NativeProducts,
  heap: WasmHeap,
  { a, b, bias, out, rows, cols, depth }: Product,
): void {
  const floats = (tensor: tf.Tensor) => heap.float32(heap.tensorAddress(tensor), tensor.size);
  addon.multiply(
    floats(a.tensor),
    a.laneStride,
    a.depthStride,
    floats(b.tensor),
    b.laneStride,
    b.depthStride,
    bias === undefined ? new Float32Array() : floats(bias),
    floats(out),
    rows,
    cols,
    depth,
    inBFloats ? 1 : 0,
  );
}
