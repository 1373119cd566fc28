import * as tf from '@tensorflow/tfjs-core';

/** Gives each head its stripe of the columns: [tokens, heads * headDim] -> [heads, tokens, headDim]. */
export function splitHeads(x: tf.Tensor2D, numHeads: number): tf.Tensor3D {
  const [numTokens, dim] = x.shape;
  const striped = tf.reshape<tf.Rank.R3>(x, [numTokens, numHeads, dim / numHeads]); // [tokens, heads, headDim]
  return tf.transpose<tf.Tensor3D>(striped, [1, 0, 2]); // [heads, tokens, headDim]
}

/** The inverse of `splitHeads`: [heads, tokens, headDim] -> [tokens, heads * headDim]. */
export function concatHeads(x: tf.Tensor3D): tf.Tensor2D {
  const [numHeads, numTokens, headDim] = x.shape;
  const striped = tf.transpose(x, [1, 0, 2]); // [tokens, heads, headDim]
  return tf.reshape(striped, [numTokens, numHeads * headDim]); // [tokens, heads * headDim]
}

/** Gives each head of queries its head of keys or values: [kvHeads, tokens, headDim] -> [heads, tokens, headDim]. */
export function repeatHeads(x: tf.Tensor3D, numHeads: number): tf.Tensor3D {
  const [numKvHeads, numTokens, headDim] = x.shape;
  if (numKvHeads === numHeads) return x;
  const apart = tf.reshape(x, [numKvHeads, 1, numTokens, headDim]); // [kvHeads, 1, tokens, headDim]
  const repeated = tf.tile(apart, [1, numHeads / numKvHeads, 1, 1]); // [kvHeads, group, tokens, headDim]
  return tf.reshape(repeated, [numHeads, numTokens, headDim]); // [heads, tokens, headDim]
}
