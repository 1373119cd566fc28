import * as tf from '@tensorflow/tfjs-core';

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

/** GELU in the tanh form that GPT-2 uses (Hendrycks and Gimpel 2016), element by element. */
export function gelu(x: tf.Tensor2D): tf.Tensor2D {
  const inner = tf.mul(tf.add(x, tf.mul(tf.pow(x, 3), 0.044715)), SQRT_2_OVER_PI); // [rows, dim]
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1)); // [rows, dim]
}
