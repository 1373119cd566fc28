import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant } from '../../src/errors.ts';
import type { AttentionHeads, BookOps, DropoutPlace } from '../../src/runtime/ops.ts';
import type { DropoutDraw } from './kernel-arguments.ts';
import type { TrainingKernels } from './kernels.ts';
import { hashCounters } from './random.ts';

export interface DropoutRates {
  readonly embedding: number;
  readonly attention: number;
  readonly residual: number;
}

export const NO_DROPOUT: DropoutRates = { embedding: 0, attention: 0, residual: 0 };

/** The tokens of one step, in the kernels' memory: sequences of equal length, one after the other. */
export interface TokenBatch {
  readonly numSequences: number;
  readonly seqLen: number;
  /** One of each a row. */
  readonly ids: Int32Array;
  readonly positions: Int32Array;
}

/**
 * The operations of the transformer, differentiable: each is a tf.customGrad whose forward and backward pass are our
 * own kernels. One object serves one forward pass: it counts its dropouts, and the counter and `seed` decide what
 * they drop.
 *
 * Activations that the backward pass needs go through `save`, because tfjs frees what a gradient function merely
 * closes over; parameters are variables and outlive the step.
 */
export class TrainingOps implements BookOps {
  readonly #kernels: TrainingKernels;
  readonly #batch: TokenBatch;
  readonly #rates: DropoutRates;
  readonly #seed: number;
  #numDropouts = 0;

  constructor(kernels: TrainingKernels, batch: TokenBatch, rates: DropoutRates, seed: number) {
    this.#kernels = kernels;
    this.#batch = batch;
    this.#rates = rates;
    this.#seed = seed;
  }

  embed(tokenEmbedding: tf.Variable, positionEmbedding: tf.Variable): tf.Tensor {
    const kernels = this.#kernels;
    const { ids, positions } = this.#batch; // [rows] each
    const embedding = tf.customGrad(() => ({
      value: kernels.embed(tokenEmbedding, positionEmbedding, ids, positions), // [rows, dim]
      gradFunc: (dY: tf.Tensor) => [
        kernels.scatterAddRows(dY, ids, rowsOf(tokenEmbedding)), // [vocab, dim]
        kernels.scatterAddRows(dY, positions, rowsOf(positionEmbedding)), // [context, dim]
      ],
    }));
    return embedding(tokenEmbedding, positionEmbedding);
  }

  linear(x: tf.Tensor, weight: tf.Variable, bias: tf.Variable | undefined): tf.Tensor {
    const kernels = this.#kernels;
    const dense = tf.customGrad((...inputs) => {
      saveOf(inputs)([x]);
      return {
        value: kernels.linear(x, weight, bias), // [rows, out]
        gradFunc: (dY: tf.Tensor, [savedX]: tf.Tensor[]) => [
          kernels.linearInputGradient(dY, weight), // [rows, in]
          kernels.linearWeightGradient(dY, present(savedX)), // [out, in]
          ...(bias ? [kernels.columnSum(dY)] : []), // [out]
        ],
      };
    });
    return bias ? dense(x, weight, bias) : dense(x, weight);
  }

  layerNorm(x: tf.Tensor, gain: tf.Variable, shift: tf.Variable | undefined, epsilon: number): tf.Tensor {
    const kernels = this.#kernels;
    const norm = tf.customGrad((...inputs) => {
      saveOf(inputs)([x]);
      return {
        value: kernels.layerNorm(x, gain, shift, epsilon), // [rows, dim]
        gradFunc: (dY: tf.Tensor, [savedX]: tf.Tensor[]) => {
          const { dX, dGain } = kernels.layerNormGradients(present(savedX), gain, dY, epsilon); // [rows, dim], [dim]
          return [dX, dGain, ...(shift ? [kernels.columnSum(dY)] : [])];
        },
      };
    });
    return shift ? norm(x, gain, shift) : norm(x, gain);
  }

  /** Attention inside each sequence of the batch, attention weights dropped; there is no cache. */
  attention(qkv: tf.Tensor, _layerIndex: number, { numHeads }: AttentionHeads): tf.Tensor {
    const kernels = this.#kernels;
    const { numSequences, seqLen } = this.#batch;
    const shape = { numSequences, seqLen, numHeads };
    const draw = this.#draw(this.#rates.attention);
    const attend = tf.customGrad((...inputs) => {
      const { out, stats } = kernels.attention(qkv, shape, draw); // [rows, dim], [sequences * heads, 2, seq]
      saveOf(inputs)([qkv, out, stats]);
      return {
        value: out,
        gradFunc: (dY: tf.Tensor, [savedQkv, savedOut, savedStats]: tf.Tensor[]) =>
          kernels.attentionGradient(
            present(savedQkv),
            present(savedOut),
            present(savedStats),
            dY,
            shape,
            draw,
          ), // [rows, 3 * dim]
      };
    });
    return attend(qkv);
  }

  gelu(x: tf.Tensor): tf.Tensor {
    const kernels = this.#kernels;
    const activate = tf.customGrad((...inputs) => {
      saveOf(inputs)([x]);
      return {
        value: kernels.gelu(x),
        gradFunc: (dY: tf.Tensor, [savedX]: tf.Tensor[]) => kernels.geluGradient(present(savedX), dY),
      };
    });
    return activate(x);
  }

  add(x: tf.Tensor, y: tf.Tensor): tf.Tensor {
    const kernels = this.#kernels;
    const sum = tf.customGrad(() => ({
      value: kernels.add(x, y),
      gradFunc: (dY: tf.Tensor) => [dY.clone(), dY.clone()],
    }));
    return sum(x, y);
  }

  dropout(x: tf.Tensor, place: DropoutPlace): tf.Tensor {
    const kernels = this.#kernels;
    const draw = this.#draw(place === 'embedding' ? this.#rates.embedding : this.#rates.residual);
    if (draw.rate === 0) return x;
    const drop = tf.customGrad(() => ({
      value: kernels.dropout(x, draw),
      gradFunc: (dY: tf.Tensor) => kernels.dropout(dY, draw),
    }));
    return drop(x);
  }

  /** In training every row's logits are wanted. */
  selectRows(x: tf.Tensor): tf.Tensor {
    return x;
  }

  #draw(rate: number): DropoutDraw {
    return { rate, seed: hashCounters(this.#seed, this.#numDropouts++) };
  }
}

/** The last argument of a tf.customGrad function keeps tensors for the backward pass. */
export function saveOf(inputs: readonly (tf.Tensor | tf.GradSaveFunc)[]): tf.GradSaveFunc {
  const save = inputs.at(-1);
  assertInvariant(typeof save === 'function', 'tfjs passes a save function after the inputs');
  return save;
}

function present(tensor: tf.Tensor | undefined): tf.Tensor {
  assertInvariant(tensor !== undefined, 'tfjs hands back what was saved');
  return tensor;
}

function rowsOf(table: tf.Tensor): number {
  return table.shape[0];
}
