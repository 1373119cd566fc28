import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant } from '../../errors.ts';
import {
  qkvDim,
  type Activation,
  type AttentionHeads,
  type GateActivation,
  type HeadStripes,
  type Parameter,
  type Rotation,
  type TransformerOps,
} from '../ops.ts';
import type { Segment, StepBatch } from '../step-batch.ts';
import { attention } from './attention.ts';
import { causalMask } from './causal-mask.ts';
import { gate } from './gate.ts';
import { gelu } from './gelu.ts';
import { layerNorm } from './layer-norm.ts';
import { linear } from './linear.ts';
import type { ReferenceKvCache } from './reference-kv-cache.ts';
import { matrixOf, vectorOf } from './reference-parameter.ts';
import { rmsNorm } from './rms-norm.ts';
import { rotate } from './rotate.ts';
import { concatHeads, repeatHeads, splitHeads } from './split-heads.ts';

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
    const turns = tf.gather(byPosition, this.#batch.positions); // [rows, headDim]
    return tf.concat([rotate(q, turns, pairing), rotate(k, turns, pairing), v], 1); // [rows, qkv]
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
    const { lane, positionStart } = segment;
    this.#cache.write(layerIndex, lane, positionStart, k.dataSync<'float32'>(), v.dataSync<'float32'>());
  }

  #attend(segment: Segment, layerIndex: number, heads: AttentionHeads, q: tf.Tensor2D): tf.Tensor2D {
    const { numHeads, numKvHeads, headDim, scale, window } = heads;
    const { numRows } = segment;
    const kvLen = segment.positionStart + numRows;
    const { keys, values } = this.#cache.read(layerIndex, segment.lane, kvLen);
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
