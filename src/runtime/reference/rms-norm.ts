import * as tf from '@tensorflow/tfjs-core';

/**
 * x / sqrt(mean(x^2) + epsilon) * gain over each row (Zhang and Sennrich 2019).
 * @param x [rows, dim]
 * @param gain [dim]
 * @returns [rows, dim]
 */
export function rmsNorm(x: tf.Tensor2D, gain: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  const meanSquare = tf.mean(tf.square(x), 1, true); // [rows, 1]
  return tf.mul(tf.mul(x, tf.rsqrt(tf.add(meanSquare, epsilon))), gain); // [rows, dim]
}
