import * as tf from '@tensorflow/tfjs-core';

/**
 * X W^T + b, the bias broadcast over the rows.
 * @param x [rows, in]
 * @param weight [out, in]
 * @param bias [out]
 * @returns [rows, out]
 */
export function linear(x: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor1D | undefined): tf.Tensor2D {
  const product = tf.matMul<tf.Tensor2D>(x, weight, false, true); // [rows, out]
  return bias === undefined ? product : tf.add(product, bias); // [rows, out]
}
