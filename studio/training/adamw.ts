import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant } from '../../src/errors.ts';
import type { TrainingKernels } from './kernels.ts';

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Taken off matrices only: biases and the gains and shifts of norms keep their size. */
  readonly weightDecay: number;
  /** Upper bound of the global gradient norm. */
  readonly maxGradientNorm: number;
}

export interface Moments {
  readonly mean: tf.Tensor;
  readonly square: tf.Tensor;
}

/** AdamW with clipping by the global norm, in place: no tensor is made in a step. */
export class AdamW {
  readonly options: AdamWOptions;
  readonly #kernels: TrainingKernels;
  readonly #variables: ReadonlyMap<string, tf.Variable>;
  readonly #moments: ReadonlyMap<string, Moments>;

  /** Moments start at zero, or at what `restore` gives: arrays by `mean.NAME` and `square.NAME`. */
  constructor(
    kernels: TrainingKernels,
    variables: ReadonlyMap<string, tf.Variable>,
    options: AdamWOptions,
    restore?: (name: string) => Float32Array,
  ) {
    this.options = options;
    this.#kernels = kernels;
    this.#variables = variables;
    const moment = (name: string, variable: tf.Variable): tf.Tensor => {
      const values = restore?.(name) ?? new Float32Array(variable.size);
      return tf.keep(tf.tensor(values, variable.shape, 'float32'));
    };
    this.#moments = new Map(
      [...variables].map(([name, variable]) => [
        name,
        { mean: moment(`mean.${name}`, variable), square: moment(`square.${name}`, variable) },
      ]),
    );
  }

  /** Applies gradients by variable name; `step` counts from 1. Returns the gradient norm before clipping. */
  step(gradients: Readonly<Record<string, tf.Tensor>>, step: number, learningRate: number): number {
    const { beta1, beta2, epsilon, weightDecay, maxGradientNorm } = this.options;
    const norm = Math.sqrt(
      Object.values(gradients).reduce((sum, gradient) => sum + this.#kernels.sumOfSquares(gradient), 0),
    );
    const clip = Math.min(1, maxGradientNorm / (norm + 1e-6));
    const numbers = {
      rate: learningRate,
      beta1,
      beta2,
      epsilon,
      correction1: 1 - beta1 ** step,
      correction2: 1 - beta2 ** step,
      clip,
    };
    for (const [name, variable] of this.#variables) {
      const gradient = gradients[name];
      const moments = this.#moments.get(name);
      assertInvariant(gradient !== undefined && moments !== undefined, `parameter ${name} has a gradient`);
      const decay = variable.rank === 2 ? weightDecay : 0;
      this.#kernels.adamW(variable, gradient, moments.mean, moments.square, { ...numbers, decay });
    }
    return norm;
  }

  /** The state by `mean.NAME` and `square.NAME`, for a checkpoint. */
  *state(): Generator<[string, tf.Tensor]> {
    for (const [name, { mean, square }] of this.#moments) {
      yield [`mean.${name}`, mean];
      yield [`square.${name}`, square];
    }
  }

  dispose(): void {
    for (const { mean, square } of this.#moments.values()) tf.dispose([mean, square]);
  }
}
