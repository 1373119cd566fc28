import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AdamW } from '../../training/adamw.ts';
import { TrainingKernels } from '../../training/kernels.ts';

const OPTIONS = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1, maxGradientNorm: Infinity };
const RATES = [0.01, 0.02, 0.005, 0.01, 0.03];
const LENGTH = 16;

const startAt = (i: number): number => Math.cos(i) + 0.2;
const gradientAt = (step: number, i: number): number =>
  Math.sin(step * 1.3 + i * 0.7) * (i % 4 === 0 ? 3 : 0.1);

/**
 * AdamW by its definition (Loshchilov and Hutter 2019, algorithm 2) from sums over all past gradients instead of
 * running means, in double precision.
 */
function reference(i: number, weightDecay: number): number {
  let weight = startAt(i);
  RATES.forEach((rate, last) => {
    const steps = Array.from({ length: last + 1 }, (_, step) => step);
    const mean = (beta: number, power: number): number =>
      steps.reduce((sum, step) => sum + beta ** (last - step) * gradientAt(step, i) ** power, 0) /
      steps.reduce((sum, step) => sum + beta ** (last - step), 0);
    const update = mean(OPTIONS.beta1, 1) / (Math.sqrt(mean(OPTIONS.beta2, 2)) + OPTIONS.epsilon);
    weight -= rate * (update + weightDecay * weight);
  });
  return weight;
}

describe('AdamW', () => {
  let kernels: TrainingKernels;

  beforeAll(async () => {
    kernels = await TrainingKernels.start(2);
  });

  afterAll(() => kernels.dispose());

  function variables(): Map<string, tf.Variable> {
    const values = Float32Array.from({ length: LENGTH }, (_, i) => startAt(i));
    const initial = { matrix: tf.tensor(values, [4, 4]), vector: tf.tensor(values, [LENGTH]) };
    const made = Object.entries(initial).map(
      ([name, tensor]) => [name, tf.variable(tensor, true, name)] as const,
    );
    tf.dispose(initial);
    return new Map(made);
  }

  function gradients(step: number): Record<string, tf.Tensor> {
    const values = Float32Array.from({ length: LENGTH }, (_, i) => gradientAt(step, i));
    return { matrix: tf.tensor(values, [4, 4]), vector: tf.tensor(values, [LENGTH]) };
  }

  it('follows its definition, with decay for matrices alone, and makes no tensor', () => {
    const weights = variables();
    const optimizer = new AdamW(kernels, weights, OPTIONS);
    const before = tf.memory().numTensors;
    RATES.forEach((rate, step) => {
      const stepGradients = gradients(step);
      optimizer.step(stepGradients, step + 1, rate);
      tf.dispose(stepGradients);
    });
    expect(tf.memory().numTensors).toBe(before);
    for (const [name, decay] of [['matrix', OPTIONS.weightDecay] as const, ['vector', 0] as const]) {
      weights
        .get(name)
        ?.dataSync()
        .forEach((value, i) => expect(value, `${name}[${i}]`).toBeCloseTo(reference(i, decay), 5));
    }
    optimizer.dispose();
    tf.dispose([...weights.values()]);
  });

  it('clips gradients by their global norm and reports it', () => {
    const clipped = variables();
    const stepGradients = gradients(0);
    const norm = Math.hypot(...Object.values(stepGradients).flatMap((gradient) => [...gradient.dataSync()]));
    // With epsilon far above the gradients the step is proportional to them, so clipping shows.
    const options = { ...OPTIONS, weightDecay: 0, epsilon: 1e4, maxGradientNorm: norm / 8 };
    const optimizer = new AdamW(kernels, clipped, options);
    expect(optimizer.step(stepGradients, 1, 1e4)).toBeCloseTo(norm, 4);
    clipped
      .get('vector')
      ?.dataSync()
      .forEach((value, i) => {
        expect(value).toBeCloseTo(startAt(i) - gradientAt(0, i) / 8, 3);
      });
    optimizer.dispose();
    tf.dispose([...clipped.values(), stepGradients]);
  });
});
