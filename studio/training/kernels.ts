import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant } from '../../src/errors.ts';
import {
  forgetBackend,
  type KernelBackend,
  kernelBackend,
} from '../../src/runtime/kernels/kernel-backend.ts';
import {
  TRAINING_OPERATIONS,
  type TrainingOperation,
} from '../../src/runtime/kernels/training-operations.ts';
import { type DropoutDraw, dropoutNumbers, matrixShape, type SequenceShape } from './kernel-arguments.ts';
import { type Products, type StartedKernels, startKernels } from './products.ts';
import { TrainingMemory } from './tensor-memory.ts';

const NONE = new Float32Array();

/** Where an operand of a product lies, in elements: the lane runs along the result, the depth is summed over. */
interface Strided {
  readonly tensor: tf.Tensor;
  readonly laneStride: number;
  readonly depthStride: number;
}

/** What the optimizer takes in a step, in the order of the kernel. */
export interface AdamWNumbers {
  readonly rate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly decay: number;
  /** 1 - beta^step. */
  readonly correction1: number;
  readonly correction2: number;
  /** Factor of gradients. */
  readonly clip: number;
}

/**
 * The training kernels as functions of tensors. Every result is a new tensor of the kernels' backend of tfjs, the caller's
 * to dispose of (or its tidy's); nothing here knows of gradients.
 */
export class TrainingKernels {
  readonly memory: TrainingMemory;
  readonly numThreads: number;
  readonly #started: StartedKernels;
  readonly #backend: KernelBackend;
  readonly #backendName: string;

  private constructor(started: StartedKernels, numThreads: number) {
    this.#started = started;
    this.numThreads = numThreads;
    this.memory = new TrainingMemory(started.addon);
    this.#backend = kernelBackend(this.memory);
    this.#backendName = tf.getBackend();
    // tfjs adds the gradients of a tensor that several operations read.
    tf.registerKernel({
      kernelName: tf.Add,
      backendName: this.#backendName,
      kernelFunc: ({ inputs: { a, b } }) => {
        assertInvariant(a !== undefined && b !== undefined, 'Add has two inputs');
        return this.add(a, b);
      },
    });
  }

  /**
   * Starts kernels on `numThreads` threads and makes their backend the current one of tfjs.
   * @param products what computes: `auto` takes the native kernels where there are any
   * @throws EngineError `backend_unavailable` where kernels are asked for by name and there are none
   */
  static async start(numThreads: number, products: Products = 'wasm'): Promise<TrainingKernels> {
    return new TrainingKernels(await startKernels(numThreads, products), numThreads);
  }

  /** What computes. */
  get products(): string {
    return this.#started.name;
  }

  async dispose(): Promise<void> {
    tf.unregisterKernel(tf.Add, this.#backendName);
    forgetBackend(this.memory);
    await this.#started.dispose();
  }

  /** x W^T + b: [rows, in], [out, in] -> [rows, out]. */
  linear(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor | undefined): tf.Tensor {
    const [rows, inDim] = matrixShape(x);
    const [outDim] = matrixShape(weight);
    const a = { tensor: x, laneStride: inDim, depthStride: 1 };
    const b = { tensor: weight, laneStride: inDim, depthStride: 1 };
    return this.#product(a, b, [rows, outDim, inDim], bias); // [rows, out]
  }

  /** dY W: [rows, out], [out, in] -> [rows, in]. */
  linearInputGradient(dY: tf.Tensor, weight: tf.Tensor): tf.Tensor {
    const [rows, outDim] = matrixShape(dY);
    const [, inDim] = matrixShape(weight);
    const a = { tensor: dY, laneStride: outDim, depthStride: 1 };
    const b = { tensor: weight, laneStride: 1, depthStride: inDim };
    return this.#product(a, b, [rows, inDim, outDim]); // [rows, in]
  }

  /** dY^T x: [rows, out], [rows, in] -> [out, in]. */
  linearWeightGradient(dY: tf.Tensor, x: tf.Tensor): tf.Tensor {
    const [rows, outDim] = matrixShape(dY);
    const [, inDim] = matrixShape(x);
    const a = { tensor: dY, laneStride: 1, depthStride: outDim };
    const b = { tensor: x, laneStride: 1, depthStride: inDim };
    return this.#product(a, b, [outDim, inDim, rows]); // [out, in]
  }

  /** [rows, cols] -> [cols]. */
  columnSum(x: tf.Tensor): tf.Tensor {
    const [, cols] = matrixShape(x);
    const out = this.#make([cols]); // [cols]
    this.#run('columnSum', [x, out]);
    return out;
  }

  layerNorm(x: tf.Tensor, gain: tf.Tensor, shift: tf.Tensor | undefined, epsilon: number): tf.Tensor {
    const normed = this.#make(x.shape); // [rows, cols]
    this.#run('layerNorm', [x, gain, shift, normed], [epsilon]);
    return normed;
  }

  layerNormGradients(
    x: tf.Tensor,
    gain: tf.Tensor,
    dY: tf.Tensor,
    epsilon: number,
  ): { dX: tf.Tensor; dGain: tf.Tensor } {
    const dX = this.#make(x.shape); // [rows, cols]
    const dGain = this.#make(gain.shape); // [cols]
    this.#run('layerNormGradient', [x, gain, dY, dX, dGain], [epsilon]);
    return { dX, dGain };
  }

  gelu(x: tf.Tensor): tf.Tensor {
    const out = this.#make(x.shape); // x.shape
    this.#run('gelu', [x, out]);
    return out;
  }

  geluGradient(x: tf.Tensor, dY: tf.Tensor): tf.Tensor {
    const dX = this.#make(x.shape); // x.shape
    this.#run('geluGradient', [x, dY, dX]);
    return dX;
  }

  add(x: tf.TensorInfo, y: tf.TensorInfo): tf.Tensor {
    const out = this.#make(x.shape); // x.shape
    this.#run('add', [x, y, out]);
    return out;
  }

  /** Survivors times 1 / (1 - rate). The gradient is the same function of the gradient. */
  dropout(x: tf.Tensor, draw: DropoutDraw): tf.Tensor {
    const out = this.#make(x.shape); // x.shape
    this.#run('dropout', [x, out], dropoutNumbers(draw));
    return out;
  }

  /** Rows of two tables, added: [vocab, dim], [context, dim] -> [rows, dim]. */
  embed(token: tf.Tensor, position: tf.Tensor, ids: Int32Array, positions: Int32Array): tf.Tensor {
    const [, dim] = matrixShape(token);
    const out = this.#make([ids.length, dim]); // [rows, dim]
    this.#run('embed', [token, position, ids, positions, out]);
    return out;
  }

  /** The gradient of a table of `size` rows: [rows, dim] -> [size, dim]. */
  scatterAddRows(dY: tf.Tensor, indices: Int32Array, size: number): tf.Tensor {
    const [, dim] = matrixShape(dY);
    const out = this.#make([size, dim]); // [size, dim]
    this.#run('scatterRows', [dY, indices, out]);
    return out;
  }

  /** Causal attention over sequences that lie one after the other: [rows, 3 * dim] -> [rows, dim]. */
  attention(qkv: tf.Tensor, shape: SequenceShape, draw: DropoutDraw): { out: tf.Tensor; stats: tf.Tensor } {
    const [rows, width] = matrixShape(qkv);
    const { numSequences, numHeads, seqLen } = shape;
    assertInvariant(seqLen % 8 === 0, `sequences hold a multiple of 8 tokens, not ${seqLen}`);
    const out = this.#make([rows, width / 3]); // [rows, dim]
    const stats = this.#make([numSequences * numHeads, 2, seqLen]); // [sequences * heads, 2, seq]
    this.#run('attend', [qkv, out, stats, undefined, undefined], attentionNumbers(qkv, shape, draw));
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
    const dQkv = this.#make(qkv.shape); // [rows, 3 * dim]
    this.#run('attend', [qkv, out, stats, dOut, dQkv], attentionNumbers(qkv, shape, draw));
    return dQkv;
  }

  /** Maximum, sum of exp(logit - maximum) and target's logit of each row: [rows, vocab] -> [rows, 3]. */
  crossEntropyStats(logits: tf.Tensor, targets: Int32Array): tf.Tensor {
    const stats = this.#make([targets.length, 3]); // [rows, 3]
    this.#run('crossEntropy', [logits, targets, stats]);
    return stats;
  }

  /** (softmax - one-hot) * scale: [rows, vocab]. */
  crossEntropyGradient(logits: tf.Tensor, targets: Int32Array, stats: tf.Tensor, scale: number): tf.Tensor {
    const out = this.#make(logits.shape); // [rows, vocab]
    this.#run('crossEntropyGradient', [logits, targets, stats, out], [scale]);
    return out;
  }

  sumOfSquares(x: tf.Tensor): number {
    return this.#run('sumOfSquares', [x], [0]);
  }

  /** One step in place. */
  adamW(
    weight: tf.Tensor,
    gradient: tf.Tensor,
    mean: tf.Tensor,
    square: tf.Tensor,
    numbers: AdamWNumbers,
  ): void {
    const { rate, beta1, beta2, epsilon, decay, correction1, correction2, clip } = numbers;
    const inOrder = [rate, beta1, beta2, epsilon, decay, correction1, correction2, clip];
    this.#run('adamW', [weight, gradient, mean, square], inOrder);
  }

  #product(
    a: Strided,
    b: Strided,
    [rows, cols, depth]: readonly [number, number, number],
    bias?: tf.Tensor,
  ): tf.Tensor {
    const out = this.#make([rows, cols]); // [rows, cols]
    const strides = [a.laneStride, a.depthStride, b.laneStride, b.depthStride];
    const inBFloats = this.#started.inBFloats ? 1 : 0;
    this.#run('multiply', [a.tensor, b.tensor, bias, out], [...strides, rows, cols, depth, inBFloats]);
    return out;
  }

  #make(shape: readonly number[]): tf.Tensor {
    const handle = this.memory.addVector(tf.util.sizeFromShape([...shape]));
    return this.#backend.adopt(handle, [...shape], 'float32'); // shape
  }

  /** Runs an operation; the first of its numbers afterwards. */
  #run(
    operation: TrainingOperation,
    operands: readonly (tf.TensorInfo | Int32Array | undefined)[],
    numbers: readonly number[] = [],
  ): number {
    const inOut = Float64Array.from(numbers);
    const arrays = operands.map((operand) => {
      if (operand === undefined) return NONE;
      return operand instanceof Int32Array ? operand : this.memory.floatsOf(this.#backend.handleOf(operand));
    });
    this.#started.addon.train(TRAINING_OPERATIONS.indexOf(operation), inOut, ...arrays);
    return inOut[0] ?? NaN;
  }
}

function attentionNumbers(
  qkv: tf.Tensor,
  { numSequences, seqLen, numHeads }: SequenceShape,
  draw: DropoutDraw,
): number[] {
  const [, width] = matrixShape(qkv);
  return [numSequences, seqLen, numHeads, width / 3 / numHeads, ...dropoutNumbers(draw)];
}
