import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant } from '../../src/errors.ts';
import type { TrainingKernels } from './kernels.ts';
import { saveOf } from './training-ops.ts';

/**
 * Mean negative log-likelihood of the targets, in nats: [rows, vocab] -> scalar.
 * @param targets one id a row, in the kernels' memory
 */
export function crossEntropy(kernels: TrainingKernels, logits: tf.Tensor, targets: Int32Array): tf.Scalar {
  const rows = logits.shape[0];
  const loss = tf.customGrad((...inputs) => {
    const stats = kernels.crossEntropyStats(logits, targets); // [rows, 3]
    saveOf(inputs)([logits, stats]);
    return {
      value: tf.scalar(rowLosses(stats).reduce((sum, loss) => sum + loss, 0) / rows),
      gradFunc: (dY: tf.Tensor, [savedLogits, savedStats]: tf.Tensor[]) => {
        assertInvariant(
          savedLogits !== undefined && savedStats !== undefined,
          'tfjs hands back what was saved',
        );
        const scale = (dY.dataSync()[0] ?? 0) / rows;
        return kernels.crossEntropyGradient(savedLogits, targets, savedStats, scale); // [rows, vocab]
      },
    };
  });
  return loss(logits);
}

/** Negative log-likelihood of each row, in nats, from [rows, 3]: log(sum of exponentials) - target's logit. */
export function rowLosses(stats: tf.Tensor): Float64Array {
  const values = stats.dataSync();
  return Float64Array.from({ length: values.length / 3 }, (_, row) => {
    const [maximum = NaN, sum = NaN, target = NaN] = values.subarray(3 * row);
    return maximum + Math.log(sum) - target;
  }); // [rows]
}
