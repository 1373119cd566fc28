import * as tf from '@tensorflow/tfjs-core';

/**
 * (x - mean) / sqrt(variance + epsilon) * gain + shift over each row, with the biased variance (Ba et al. 2016).
 * @param x [rows, dim]
 * @param gain [dim]
 * @param shift [dim]
 * @returns [rows, dim]
 */
export function layerNorm(
  x: tf.Tensor2D,
  gain: tf.Tensor1D,
  shift: tf.Tensor1D | undefined,
  epsilon: number,
): tf.Tensor2D {
  const { mean, variance } = tf.moments(x, 1, true); // both [rows, 1]
  const normed = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, epsilon))); // [rows, dim]
  const scaled = tf.mul<tf.Tensor2D>(normed, gain); // [rows, dim]
  return shift === undefined ? scaled : tf.add(scaled, shift); // [rows, dim]
}
