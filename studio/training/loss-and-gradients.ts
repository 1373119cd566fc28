import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant } from '../../src/errors.ts';
import type { Gpt2 } from '../../src/model/gpt2.ts';
import type { Activation } from '../../src/runtime/ops.ts';
import { crossEntropy, rowLosses } from './cross-entropy.ts';
import type { TrainingKernels } from './kernels.ts';
import type { TokenBuffers } from './token-buffers.ts';
import type { TrainableParameters } from './trainable-parameters.ts';
import { type DropoutRates, NO_DROPOUT, TrainingOps } from './training-ops.ts';

export interface LossAndGradients {
  /** Mean negative log-likelihood in nats. */
  readonly loss: number;
  /** By parameter name; the caller disposes of them. */
  readonly gradients: Record<string, tf.Tensor>;
}

/** One forward and backward pass over the tokens in `buffers`. */
export function lossAndGradients(
  kernels: TrainingKernels,
  parameters: TrainableParameters,
  buffers: TokenBuffers,
  rates: DropoutRates,
  dropoutSeed: number,
): LossAndGradients {
  const { value, grads } = tf.variableGrads(() => {
    const ops = new TrainingOps(kernels, buffers, rates, dropoutSeed);
    return crossEntropy(kernels, forward(parameters.model, ops), buffers.targets);
  }, [...parameters.variables.values()]);
  const loss = value.dataSync()[0] ?? NaN;
  value.dispose();
  return { loss, gradients: grads };
}

/** Negative log-likelihood of every target in `buffers`, in nats, without dropout: [rows]. */
export function evaluateRows(kernels: TrainingKernels, model: Gpt2, buffers: TokenBuffers): Float64Array {
  const losses: { rows?: Float64Array } = {};
  tf.tidy(() => {
    const logits = forward(model, new TrainingOps(kernels, buffers, NO_DROPOUT, 0)); // [rows, vocab]
    losses.rows = rowLosses(kernels.crossEntropyStats(logits, buffers.targets)); // [rows]
  });
  assertInvariant(losses.rows !== undefined, 'tidy runs its function');
  return losses.rows;
}

/** The model's logits as a tensor: [rows, vocab]. */
export function forward(model: Gpt2, ops: TrainingOps): tf.Tensor {
  const logits = model.forward(ops);
  assertInvariant(isTensor(logits), 'activations of TrainingOps are tensors');
  return logits;
}

function isTensor(activation: Activation): activation is tf.Tensor {
  return activation instanceof tf.Tensor;
}
