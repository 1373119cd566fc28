import type * as tf from '@tensorflow/tfjs-core';
import { assertInvariant } from '../../src/errors.ts';

/** Which elements die: by a hash of index and seed, see cpp/training_kernels.h. */
export interface DropoutDraw {
  /** Probability of an element to be dropped. */
  readonly rate: number;
  readonly seed: number;
}

export interface SequenceShape {
  readonly numSequences: number;
  readonly seqLen: number;
  readonly numHeads: number;
}

export function matrixShape(tensor: tf.Tensor): [number, number] {
  const [rows, cols] = tensor.shape;
  assertInvariant(tensor.rank === 2 && cols !== undefined, 'the tensor is a matrix');
  return [rows, cols];
}

/** Seed, threshold of the 31-bit hash below which elements die, factor of the survivors. */
export function dropoutNumbers({ rate, seed }: DropoutDraw): number[] {
  return [seed, Math.round(rate * 2 ** 31), 1 / (1 - rate)];
}
