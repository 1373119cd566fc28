import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant } from '../../errors.ts';
import type { Parameter } from '../ops.ts';

/** A trained tensor as an ordinary tfjs tensor. */
export class ReferenceParameter implements Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly tensor: tf.Tensor;

  constructor(name: string, shape: readonly number[], values: Float32Array) {
    this.name = name;
    this.shape = shape;
    this.tensor = tf.tensor(values, [...shape], 'float32');
  }
}

/** The matrix behind a parameter, [out, in]. */
export function matrixOf(parameter: Parameter): tf.Tensor2D {
  return tf.reshape<tf.Rank.R2>(tensorOf(parameter), [parameter.shape[0] ?? 0, parameter.shape[1] ?? 0]);
}

/** The vector behind a parameter, [size]. */
export function vectorOf(parameter: Parameter): tf.Tensor1D {
  return tf.reshape<tf.Rank.R1>(tensorOf(parameter), [-1]);
}

function tensorOf(parameter: Parameter): tf.Tensor {
  assertInvariant(
    parameter instanceof ReferenceParameter,
    `parameter ${parameter.name} belongs to this runtime`,
  );
  return parameter.tensor;
}
