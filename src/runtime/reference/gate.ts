import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant } from '../../errors.ts';
import type { GateActivation } from '../ops.ts';
import { gelu } from './gelu.ts';

/** The gated hidden layer (Shazeer 2020), gate and value side by side: [rows, 2 * mlpDim] -> [rows, mlpDim]. */
export function gate(x: tf.Tensor2D, activation: GateActivation): tf.Tensor2D {
  const [gates, values] = tf.split<tf.Tensor2D>(x, 2, 1); // both [rows, mlpDim]
  assertInvariant(gates && values, 'a split into two has two parts');
  return tf.mul(activation === 'silu' ? tf.mul(gates, tf.sigmoid(gates)) : gelu(gates), values); // [rows, mlpDim]
}
