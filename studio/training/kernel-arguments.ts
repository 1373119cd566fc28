import type * as tf from '@tensorflow/tfjs-core';
import { assertInvariant } from '../../src/errors.ts';
import { floatArg } from './wasm/kernel-pool.ts';

/** Which elements die: counter hash of index and seed, see `keepMask` of assembly/dropout.ts. */
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

/** Of the 31-bit hash: elements below it die. */
export function dropoutThreshold({ rate }: DropoutDraw): number {
  return Math.round(rate * 2 ** 31);
}

/** What survivors grow by. */
export function survivorFactor({ rate }: DropoutDraw): number {
  return 1 / (1 - rate);
}

export function chunks(total: number, size: number): number {
  return Math.ceil(total / size);
}

export function matrixShape(tensor: tf.Tensor): [number, number] {
  const [rows, cols] = tensor.shape;
  assertInvariant(tensor.rank === 2 && cols !== undefined, 'the tensor is a matrix');
  return [rows, cols];
}

/** Seed, threshold of the 31-bit hash, factor of the survivors. */
export function dropoutArgs(draw: DropoutDraw): number[] {
  return [draw.seed, dropoutThreshold(draw), floatArg(survivorFactor(draw))];
}

export function attentionArgs(shape: SequenceShape, headDim: number, draw: DropoutDraw): number[] {
  return [shape.numHeads, headDim, shape.seqLen, ...dropoutArgs(draw)];
}
