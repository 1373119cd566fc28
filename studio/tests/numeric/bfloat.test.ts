import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TrainingKernels } from '../../training/kernels.ts';
import { HAS_BFLOAT_PRODUCTS } from '../../../tests/support/runtimes.ts';
import { onCpu } from '../support/on-cpu.ts';

/** Numbers without a pattern, from -1 to 1. */
function matrix(
  rows: number,
  cols: number,
  seed: number,
): { readonly values: Float32Array; readonly shape: [number, number] } {
  const values = Float32Array.from({ length: rows * cols }, (_, i) => Math.sin(i * 12.9898 + seed * 78.233));
  return { values, shape: [rows, cols] };
}

/** The nearest bfloat16, the even one of two: the upper half of a float32. */
function roundToBFloat(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  const [word = 0] = bits;
  bits[0] = (word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(bits.buffer)[0] ?? NaN;
}

/** Largest difference, as a share of the largest number. */
function worstError(actual: tf.Tensor, expected: ArrayLike<number>): number {
  let [size, worst] = [0, 0];
  for (const [i, value] of actual.dataSync().entries()) {
    size = Math.max(size, Math.abs(expected[i] ?? NaN));
    worst = Math.max(worst, Math.abs(value - (expected[i] ?? NaN)));
  }
  return worst / size;
}

describe.runIf(HAS_BFLOAT_PRODUCTS)('products of bfloat16', () => {
  let kernels: TrainingKernels;
  beforeAll(async () => {
    kernels = await TrainingKernels.start(2, 'bf16');
  });
  afterAll(() => kernels.dispose());

  it('are named with their instructions', () => {
    expect(kernels.products).toMatch(/^bf16 \((AMX|AVX-512 BF16)\)$/);
  });

  // Sizes on both sides of a tile of 16 lanes, a block of 32 and a stretch of 512 of the depth.
  it.each([
    [8, 8, 8],
    [40, 72, 24],
    [64, 32, 544],
    [136, 96, 1032],
  ])('of %i rows, %i columns, depth %i are those of rounded numbers', async (rows, cols, depth) => {
    const values = [
      matrix(rows, depth, 1), // [rows, depth]
      matrix(cols, depth, 2), // [cols, depth]
      matrix(rows, cols, 4), // [rows, cols]
    ] as const;
    const biasValues = matrix(1, cols, 3).values; // [cols]
    const stock = await onCpu(() =>
      tf.tidy(() => {
        const [x, weight, dY] = values.map(({ values: of, shape }) =>
          tf.tensor2d(of.map(roundToBFloat), shape),
        );
        if (!x || !weight || !dY) throw new Error('three matrices');
        const forward = tf.matMul(x, weight, false, true); // [rows, cols]
        const exact = tf.matMul(
          tf.tensor2d(values[0].values, values[0].shape),
          tf.tensor2d(values[1].values, values[1].shape),
          false,
          true,
        ); // [rows, cols]
        return {
          forward: forward.dataSync(),
          biased: tf.add(forward, tf.tensor1d(biasValues)).dataSync(), // [rows, cols]
          dX: tf.matMul(dY, weight).dataSync(), // [rows, depth]
          dWeight: tf.matMul(dY, x, true).dataSync(), // [cols, depth]
          exact: exact.dataSync(),
        };
      }),
    );
    tf.tidy(() => {
      const [x, weight, dY] = values.map(({ values: of, shape }) => tf.tensor2d(of, shape));
      if (!x || !weight || !dY) throw new Error('three matrices');
      const bias = tf.tensor1d(biasValues); // [cols]
      expect(worstError(kernels.linear(x, weight, undefined), stock.forward)).toBeLessThan(1e-5);
      expect(worstError(kernels.linear(x, weight, bias), stock.biased)).toBeLessThan(1e-5);
      expect(worstError(kernels.linearInputGradient(dY, weight), stock.dX)).toBeLessThan(1e-5);
      expect(worstError(kernels.linearWeightGradient(dY, x), stock.dWeight)).toBeLessThan(1e-5);
      // And not those of the numbers themselves.
      expect(worstError(kernels.linear(x, weight, undefined), stock.exact)).toBeGreaterThan(1e-4);
    });
  });
});
