import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant } from '../../errors.ts';
import {
  type Activation,
  type AttentionHeads,
  type GateActivation,
  type HeadStripes,
  type Parameter,
  qkvDim,
  type Rotation,
  type TransformerOps,
} from '../ops.ts';
import type { ReferenceKvCache } from './reference-kv-cache.ts';
import { matrixOf, vectorOf } from './reference-parameter.ts';
import type { Segment, StepBatch } from '../step-batch.ts';

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

/** GELU in the tanh form that GPT-2 uses (Hendrycks and Gimpel 2016), element by element. */
function gelu(x: tf.Tensor2D): tf.Tensor2D {
  const inner = tf.mul(tf.add(x, tf.mul(tf.pow(x, 3), 0.044715)), SQRT_2_OVER_PI); // [rows, dim]
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1)); // [rows, dim]
}

/**
 * The operations of a transformer by stock tfjs operations, on the backend that tfjs is set to: the definition that
 * faster kernels are tested against. Made for one step; its tensors belong to the enclosing `tf.tidy`.
 */
export class ReferenceOps implements TransformerOps {
  readonly #batch: StepBatch;
  readonly #cache: ReferenceKvCache;

  constructor(batch: StepBatch, cache: ReferenceKvCache) {
    this.#batch = batch;
    this.#cache = cache;
  }

  embed(tokenEmbedding: Parameter, positionEmbedding: Parameter | undefined, scale = 1): Activation {
    const tokens = tf.gather(matrixOf(tokenEmbedding), this.#batch.tokenIds); // [rows, dim]
    if (positionEmbedding === undefined) return tf.mul(tokens, scale); // [rows, dim]
    const positions = tf.gather(matrixOf(positionEmbedding), this.#batch.positions); // [rows, dim]
    return tf.add(tokens, positions); // [rows, dim]
  }

  linear(x: Activation, weight: Parameter, bias: Parameter | undefined): Activation {
    return linear(tensorOf(x), matrixOf(weight), bias && vectorOf(bias)); // [rows, out]
  }

  layerNorm(x: Activation, gain: Parameter, shift: Parameter | undefined, epsilon: number): Activation {
    return layerNorm(tensorOf(x), vectorOf(gain), shift && vectorOf(shift), epsilon); // [rows, dim]
  }

  rmsNorm(x: Activation, gain: Parameter, epsilon: number): Activation {
    return rmsNorm(tensorOf(x), vectorOf(gain), epsilon); // [rows, dim]
  }

  normHeads(
    qkv: Activation,
    queryGain: Parameter,
    keyGain: Parameter,
    epsilon: number,
    stripes: HeadStripes,
  ): Activation {
    const { q, k, v } = splitQkv(qkv, stripes);
    const byHead = (x: tf.Tensor2D, gain: Parameter): tf.Tensor2D =>
      tf.reshape(rmsNorm(tf.reshape(x, [-1, stripes.headDim]), vectorOf(gain), epsilon), x.shape); // as x
    return tf.concat([byHead(q, queryGain), byHead(k, keyGain), v], 1); // [rows, qkv]
  }

  rotate(qkv: Activation, { pairing, table }: Rotation, stripes: HeadStripes): Activation {
    const { q, k, v } = splitQkv(qkv, stripes);
    const { headDim } = stripes;
    const byPosition = tf.reshape<tf.Rank.R2>(vectorOf(table), [-1, headDim]); // [positions, headDim]
    const angles = tf.gather(byPosition, this.#batch.positions); // [rows, headDim]
    return tf.concat([rotate(q, angles, pairing), rotate(k, angles, pairing), v], 1); // [rows, qkv]
  }

  attention(qkv: Activation, layerIndex: number, heads: AttentionHeads): Activation {
    const { q, k, v } = splitQkv(qkv, heads);
    const [numRows, dim] = q.shape;
    const context = new Float32Array(numRows * dim); // [rows, dim], padding rows stay zero
    for (const segment of this.#batch.segments) {
      const rows = (x: tf.Tensor2D) => tf.slice(x, [segment.rowStart, 0], [segment.numRows, -1]); // [numRows, cols]
      this.#store(segment, layerIndex, rows(k), rows(v));
      const attended = this.#attend(segment, layerIndex, heads, rows(q)); // [numRows, dim]
      context.set(attended.dataSync(), segment.rowStart * dim);
    }
    return tf.tensor2d(context, [numRows, dim]);
  }

  gelu(x: Activation): Activation {
    return gelu(tensorOf(x)); // [rows, dim]
  }

  gate(x: Activation, activation: GateActivation): Activation {
    return gate(tensorOf(x), activation); // [rows, mlpDim]
  }

  add(x: Activation, y: Activation): Activation {
    return tf.add(tensorOf(x), tensorOf(y)); // [rows, dim]
  }

  dropout(x: Activation): Activation {
    return x;
  }

  selectRows(x: Activation): Activation {
    return tf.gather(tensorOf(x), this.#batch.logitRows); // [logitRows, dim]
  }

  #store(segment: Segment, layerIndex: number, k: tf.Tensor2D, v: tf.Tensor2D): void {
    this.#cache.write(layerIndex, segment, k.dataSync<'float32'>(), v.dataSync<'float32'>());
  }

  #attend(segment: Segment, layerIndex: number, heads: AttentionHeads, q: tf.Tensor2D): tf.Tensor2D {
    const { numHeads, numKvHeads, headDim, scale, window } = heads;
    const { numRows } = segment;
    const kvLen = segment.positionStart + numRows;
    const { keys, values } = this.#cache.read(layerIndex, segment, kvLen);
    const kvHeads = (x: Float32Array): tf.Tensor3D =>
      repeatHeads(splitHeads(tf.tensor2d(x, [kvLen, numKvHeads * headDim]), numKvHeads), numHeads); // [heads, kvLen, headDim]
    const { context } = attention(
      splitHeads(q, numHeads), // [heads, numRows, headDim]
      kvHeads(keys),
      kvHeads(values),
      causalMask(numRows, kvLen, window),
      scale,
    );
    return concatHeads(tf.reshape<tf.Rank.R3>(context, [numHeads, numRows, headDim])); // [numRows, heads * headDim]
  }
}

interface Qkv {
  q: tf.Tensor2D; // [rows, numHeads * headDim]
  k: tf.Tensor2D; // [rows, numKvHeads * headDim]
  v: tf.Tensor2D; // [rows, numKvHeads * headDim]
}

function splitQkv(qkv: Activation, stripes: HeadStripes): Qkv {
  const x = tensorOf(qkv);
  const { numHeads, numKvHeads, headDim } = stripes;
  assertInvariant(x.shape[1] === qkvDim(stripes), 'queries, keys and values lie side by side');
  const kvDim = numKvHeads * headDim;
  const [q, k, v] = tf.split<tf.Tensor2D>(x, [numHeads * headDim, kvDim, kvDim], 1);
  assertInvariant(q && k && v, 'a split into three has three parts');
  return { q, k, v };
}

/** The tensor behind an activation: [rows, cols]. */
export function tensorOf(activation: Activation): tf.Tensor2D {
  const [rows = 0, cols = 0] = activation.shape;
  assertInvariant(activation instanceof tf.Tensor, 'an activation of this runtime is a tensor');
  return tf.reshape<tf.Rank.R2>(activation, [rows, cols]);
}

interface AttentionResult {
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
function attention(
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

/**
 * What is added to attention scores so that no token sees a later one: 0 where a query may look, -infinity where it
 * may not. The queries are the last `numQueries` of `numKeys` tokens. [numQueries, numKeys]
 * @param window tokens that a query sees, itself included; all if left out
 */
function causalMask(numQueries: number, numKeys: number, window = Infinity): tf.Tensor2D {
  const firstQuery = numKeys - numQueries;
  const mask = new Float32Array(numQueries * numKeys); // [numQueries, numKeys]
  for (let query = 0; query < numQueries; query++) {
    const row = query * numKeys;
    const end = firstQuery + query + 1;
    mask.fill(-Infinity, row, row + Math.max(0, end - window));
    mask.fill(-Infinity, row + end, row + numKeys);
  }
  return tf.tensor2d(mask, [numQueries, numKeys]);
}

/** The gated hidden layer (Shazeer 2020), gate and value side by side: [rows, 2 * mlpDim] -> [rows, mlpDim]. */
function gate(x: tf.Tensor2D, activation: GateActivation): tf.Tensor2D {
  const [gates, values] = tf.split<tf.Tensor2D>(x, 2, 1); // both [rows, mlpDim]
  assertInvariant(gates && values, 'a split into two has two parts');
  return tf.mul(activation === 'silu' ? tf.mul(gates, tf.sigmoid(gates)) : gelu(gates), values); // [rows, mlpDim]
}

/**
 * (x - mean) / sqrt(variance + epsilon) * gain + shift over each row, with the biased variance (Ba et al. 2016).
 * @param x [rows, dim]
 * @param gain [dim]
 * @param shift [dim]
 * @returns [rows, dim]
 */
function layerNorm(
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

/**
 * X W^T + b, the bias broadcast over the rows.
 * @param x [rows, in]
 * @param weight [out, in]
 * @param bias [out]
 * @returns [rows, out]
 */
function linear(x: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor1D | undefined): tf.Tensor2D {
  const product = tf.matMul<tf.Tensor2D>(x, weight, false, true); // [rows, out]
  return bias === undefined ? product : tf.add(product, bias); // [rows, out]
}

/**
 * x / sqrt(mean(x^2) + epsilon) * gain over each row (Zhang and Sennrich 2019).
 * @param x [rows, dim]
 * @param gain [dim]
 * @returns [rows, dim]
 */
function rmsNorm(x: tf.Tensor2D, gain: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  const meanSquare = tf.mean(tf.square(x), 1, true); // [rows, 1]
  return tf.mul(tf.mul(x, tf.rsqrt(tf.add(meanSquare, epsilon))), gain); // [rows, dim]
}

/**
 * Turns each pair (a, b) of each head by its row's angle: (a cos - b sin, a sin + b cos) (Su et al. 2021, 3.2.2).
 * @param x [rows, heads * headDim]
 * @param angles [rows, headDim]: headDim / 2 cosines, then as many sines
 * @returns [rows, heads * headDim]
 */
function rotate(x: tf.Tensor2D, angles: tf.Tensor2D, pairing: Rotation['pairing']): tf.Tensor2D {
  const [numRows, dim] = x.shape;
  const headDim = angles.shape[1];
  const [numHeads, numPairs] = [dim / headDim, headDim / 2];
  // The two of a pair lie along an axis of their own, before the pairs or behind them.
  const axis = pairing === 'halves' ? 2 : 3;
  const pairs = pairing === 'halves' ? [2, numPairs] : [numPairs, 2];
  const [a, b] = tf.unstack(tf.reshape(x, [numRows, numHeads, ...pairs]), axis); // both [rows, heads, pairs]
  const [cosines, sines] = tf.split(tf.reshape(angles, [numRows, 1, headDim]), 2, 2); // both [rows, 1, pairs]
  assertInvariant(a && b && cosines && sines, 'a pair has two numbers, an angle a cosine and a sine');
  const turned = [tf.sub(tf.mul(a, cosines), tf.mul(b, sines)), tf.add(tf.mul(a, sines), tf.mul(b, cosines))]; // both [rows, heads, pairs]
  return tf.reshape<tf.Rank.R2>(tf.stack(turned, axis), [numRows, dim]); // [rows, heads * headDim]
}

/** Gives each head its stripe of the columns: [tokens, heads * headDim] -> [heads, tokens, headDim]. */
function splitHeads(x: tf.Tensor2D, numHeads: number): tf.Tensor3D {
  const [numTokens, dim] = x.shape;
  const striped = tf.reshape<tf.Rank.R3>(x, [numTokens, numHeads, dim / numHeads]); // [tokens, heads, headDim]
  return tf.transpose<tf.Tensor3D>(striped, [1, 0, 2]); // [heads, tokens, headDim]
}

/** The inverse of `splitHeads`: [heads, tokens, headDim] -> [tokens, heads * headDim]. */
function concatHeads(x: tf.Tensor3D): tf.Tensor2D {
  const [numHeads, numTokens, headDim] = x.shape;
  const striped = tf.transpose(x, [1, 0, 2]); // [tokens, heads, headDim]
  return tf.reshape(striped, [numTokens, numHeads * headDim]); // [tokens, heads * headDim]
}

/** Gives each head of queries its head of keys or values: [kvHeads, tokens, headDim] -> [heads, tokens, headDim]. */
function repeatHeads(x: tf.Tensor3D, numHeads: number): tf.Tensor3D {
  const [numKvHeads, numTokens, headDim] = x.shape;
  if (numKvHeads === numHeads) return x;
  const apart = tf.reshape(x, [numKvHeads, 1, numTokens, headDim]); // [kvHeads, 1, tokens, headDim]
  const repeated = tf.tile(apart, [1, numHeads / numKvHeads, 1, 1]); // [kvHeads, group, tokens, headDim]
  return tf.reshape(repeated, [numHeads, numTokens, headDim]); // [heads, tokens, headDim]
}
