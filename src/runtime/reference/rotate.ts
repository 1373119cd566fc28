import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant } from '../../errors.ts';
import type { Rotation } from '../ops.ts';

/**
 * Turns each pair (a, b) of each head by its row's angle: (a cos - b sin, a sin + b cos) (Su et al. 2021, 3.2.2).
 * @param x [rows, heads * headDim]
 * @param turns [rows, headDim]: headDim / 2 cosines, then as many sines
 * @returns [rows, heads * headDim]
 */
export function rotate(x: tf.Tensor2D, turns: tf.Tensor2D, pairing: Rotation['pairing']): tf.Tensor2D {
  const [numRows, dim] = x.shape;
  const headDim = turns.shape[1];
  const [numHeads, numPairs] = [dim / headDim, headDim / 2];
  // The two of a pair lie along an axis of their own, before the pairs or behind them.
  const axis = pairing === 'halves' ? 2 : 3;
  const pairs = pairing === 'halves' ? [2, numPairs] : [numPairs, 2];
  const [a, b] = tf.unstack(tf.reshape(x, [numRows, numHeads, ...pairs]), axis); // both [rows, heads, pairs]
  const [cosines, sines] = tf.split(tf.reshape(turns, [numRows, 1, headDim]), 2, 2); // both [rows, 1, pairs]
  assertInvariant(a && b && cosines && sines, 'a pair has two numbers, an angle a cosine and a sine');
  const turned = [tf.sub(tf.mul(a, cosines), tf.mul(b, sines)), tf.add(tf.mul(a, sines), tf.mul(b, cosines))]; // both [rows, heads, pairs]
  return tf.reshape<tf.Rank.R2>(tf.stack(turned, axis), [numRows, dim]); // [rows, heads * headDim]
}
