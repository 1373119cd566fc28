import * as tf from '@tensorflow/tfjs-core';

export interface AttentionResult {
  /** How much each query takes of each key: [..., queries, keys], rows sum to 1. */
  weights: tf.Tensor;
  /** The mixed values: [..., queries, valueDim]. */
  context: tf.Tensor;
}

/**
 * Scaled dot-product attention, softmax(Q K^T * scale + mask) V, over any leading batch axes (Vaswani et al. 2017,
 * 3.2.1). The mask is added before the softmax: a score of zero would still take its share.
 * @param q [..., queries, headDim]
 * @param k [..., keys, headDim]
 * @param v [..., keys, valueDim]
 * @param mask [queries, keys], 0 or -infinity
 * @param scale 1 / sqrt(headDim) if left out
 */
export function attention(
  q: tf.Tensor,
  k: tf.Tensor,
  v: tf.Tensor,
  mask?: tf.Tensor,
  scale = 1 / Math.sqrt(k.shape.at(-1) ?? 1),
): AttentionResult {
  const scores = tf.mul(tf.matMul(q, k, false, true), scale); // [..., queries, keys]
  const masked = mask === undefined ? scores : tf.add(scores, mask); // [..., queries, keys]
  const weights = tf.softmax(masked); // [..., queries, keys]
  return { weights, context: tf.matMul(weights, v) }; // context: [..., queries, valueDim]
}
