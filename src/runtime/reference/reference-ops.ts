import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant } from '../../errors.ts';
import type { Activation, Parameter, TransformerOps } from '../ops.ts';
import type { Segment, StepBatch } from '../step-batch.ts';
import { causalMask } from './causal-mask.ts';
import { gelu } from './gelu.ts';
import { layerNorm } from './layer-norm.ts';
import { linear } from './linear.ts';
import type { ReferenceKvCache } from './reference-kv-cache.ts';
import { matrixOf, vectorOf } from './reference-parameter.ts';
import { scaledDotProductAttention } from './scaled-dot-product-attention.ts';
import { concatHeads, splitHeads } from './split-heads.ts';

/**
 * The operations of a transformer by stock tfjs operations, on whichever backend tfjs is set to: the definition that
 * faster kernels are tested against. Made for one step; its tensors belong to the enclosing `tf.tidy`.
 */
export class ReferenceOps implements TransformerOps {
  readonly #batch: StepBatch;
  readonly #cache: ReferenceKvCache;

  constructor(batch: StepBatch, cache: ReferenceKvCache) {
    this.#batch = batch;
    this.#cache = cache;
  }

  embed(tokenEmbedding: Parameter, positionEmbedding: Parameter): Activation {
    const tokens = tf.gather(matrixOf(tokenEmbedding), this.#batch.tokenIds); // [rows, dim]
    const positions = tf.gather(matrixOf(positionEmbedding), this.#batch.positions); // [rows, dim]
    return tf.add(tokens, positions); // [rows, dim]
  }

  linear(x: Activation, weight: Parameter, bias: Parameter | undefined): Activation {
    return linear(tensorOf(x), matrixOf(weight), bias && vectorOf(bias)); // [rows, out]
  }

  layerNorm(x: Activation, gain: Parameter, shift: Parameter | undefined, epsilon: number): Activation {
    return layerNorm(tensorOf(x), vectorOf(gain), shift && vectorOf(shift), epsilon); // [rows, dim]
  }

  attention(qkv: Activation, layerIndex: number, numHeads: number): Activation {
    const [q, k, v] = tf.split<tf.Tensor2D>(tensorOf(qkv), 3, 1); // each [rows, dim]
    assertInvariant(q && k && v, 'attention gets queries, keys and values');
    const [numRows, dim] = q.shape;
    const context = new Float32Array(numRows * dim); // [rows, dim], padding rows stay zero
    for (const segment of this.#batch.segments) {
      const rows = (x: tf.Tensor2D) => tf.slice(x, [segment.rowStart, 0], [segment.numRows, dim]); // [numRows, dim]
      this.#store(segment, layerIndex, rows(k), rows(v));
      const attended = this.#attend(segment, layerIndex, numHeads, rows(q)); // [numRows, dim]
      context.set(attended.dataSync(), segment.rowStart * dim);
    }
    return tf.tensor2d(context, [numRows, dim]);
  }

  gelu(x: Activation): Activation {
    return gelu(tensorOf(x)); // [rows, dim]
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
    const { lane, positionStart } = segment;
    this.#cache.write(layerIndex, lane, positionStart, k.dataSync<'float32'>(), v.dataSync<'float32'>());
  }

  #attend(segment: Segment, layerIndex: number, numHeads: number, q: tf.Tensor2D): tf.Tensor2D {
    const kvLen = segment.positionStart + segment.numRows;
    const dim = q.shape[1];
    const { keys, values } = this.#cache.read(layerIndex, segment.lane, kvLen);
    const k = tf.tensor2d(keys, [kvLen, dim]); // [kvLen, dim]
    const v = tf.tensor2d(values, [kvLen, dim]); // [kvLen, dim]
    const { context } = scaledDotProductAttention(
      splitHeads(q, numHeads), // [heads, numRows, headDim]
      splitHeads(k, numHeads), // [heads, kvLen, headDim]
      splitHeads(v, numHeads), // [heads, kvLen, headDim]
      causalMask(segment.numRows, kvLen),
    );
    return concatHeads(tf.reshape<tf.Rank.R3>(context, [numHeads, segment.numRows, dim / numHeads])); // [numRows, dim]
  }
}

/** The tensor behind an activation: [rows, cols]. */
export function tensorOf(activation: Activation): tf.Tensor2D {
  const [rows = 0, cols = 0] = activation.shape;
  assertInvariant(activation instanceof tf.Tensor, 'an activation of this runtime is a tensor');
  return tf.reshape<tf.Rank.R2>(activation, [rows, cols]);
}
