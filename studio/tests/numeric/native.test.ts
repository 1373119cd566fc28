import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TrainingKernels } from '../../training/kernels.ts';
import { HAS_BFLOAT_PRODUCTS, PRODUCTS_HERE } from '../../../tests/support/runtimes.ts';

/** Numbers without a pattern, from -1 to 1. */
function matrix(rows: number, cols: number, seed: number): tf.Tensor2D {
  const values = Float32Array.from({ length: rows * cols }, (_, i) => Math.sin(i * 12.9898 + seed * 78.233));
  return tf.tensor2d(values, [rows, cols]);
}

/** The nearest bfloat16, the even one of two: the upper half of a float32. */
function roundToBFloat(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  const [word = 0] = bits;
  bits[0] = (word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(bits.buffer)[0] ?? NaN;
}

/** Largest difference, as a share of the largest number. */
function worstError(actual: tf.Tensor, expected: tf.Tensor): number {
  const values = expected.dataSync();
  let size = 0;
  for (const value of values) size = Math.max(size, Math.abs(value));
  let worst = 0;
  for (const [i, value] of actual.dataSync().entries())
    worst = Math.max(worst, Math.abs(value - (values[i] ?? NaN)));
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
  ])('of %i rows, %i columns, depth %i are those of rounded numbers', (rows, cols, depth) => {
    tf.tidy(() => {
      const x = matrix(rows, depth, 1);
      const weight = matrix(cols, depth, 2);
      const bias = tf.tensor1d(matrix(1, cols, 3).dataSync());
      const dY = matrix(rows, cols, 4);
      const rounded = (tensor: tf.Tensor2D): tf.Tensor2D =>
        tf.tensor2d(tensor.dataSync().map(roundToBFloat), tensor.shape);
      const [roundX, roundWeight, roundDY] = [x, weight, dY].map(rounded);
      if (!roundX || !roundWeight || !roundDY) throw new Error('three matrices');

      const forward = tf.matMul(roundX, roundWeight, false, true); // [rows, cols]
      expect(worstError(kernels.linear(x, weight, undefined), forward)).toBeLessThan(1e-5);
      expect(worstError(kernels.linear(x, weight, bias), tf.add(forward, bias))).toBeLessThan(1e-5);
      const dX = tf.matMul(roundDY, roundWeight); // [rows, depth]
      expect(worstError(kernels.linearInputGradient(dY, weight), dX)).toBeLessThan(1e-5);
      const dWeight = tf.matMul(roundDY, roundX, true); // [cols, depth]
      expect(worstError(kernels.linearWeightGradient(dY, x), dWeight)).toBeLessThan(1e-5);
      // And not those of the numbers themselves.
      const exact = tf.matMul(x, weight, false, true);
      expect(worstError(kernels.linear(x, weight, undefined), exact)).toBeGreaterThan(1e-4);
    });
  });
});

describe.runIf(PRODUCTS_HERE.includes('native'))('native attention and GELU of the trainer', () => {
  let wasm: TrainingKernels;
  let native: TrainingKernels;
  beforeAll(async () => {
    wasm = await TrainingKernels.start(2, 'wasm');
    native = await TrainingKernels.start(2, 'native');
  });
  afterAll(() => Promise.all([wasm.dispose(), native.dispose()]));

  // A tile of 16 queries that is not full; heads of one vector, of several and of all that are mixed together.
  it.each([
    [2, 40, 1, 16],
    [1, 104, 2, 48],
    [3, 64, 2, 64],
    [1, 72, 1, 80],
  ])('drop the same weights as the wasm kernels: %i of %i tokens, %i heads of %i', (...sizes) => {
    const [numSequences, seqLen, numHeads, headDim] = sizes;
    const shape = { numSequences, seqLen, numHeads };
    const rows = numSequences * seqLen;
    const dim = numHeads * headDim;
    for (const draw of [
      { rate: 0.25, seed: -9 },
      { rate: 0, seed: 1 },
    ]) {
      tf.tidy(() => {
        const qkv = matrix(rows, 3 * dim, 5);
        const dOut = matrix(rows, dim, 6);
        const [expected, actual] = [wasm, native].map((kernels) => {
          const { out, stats } = kernels.attention(qkv, shape, draw);
          return { out, stats, dQkv: kernels.attentionGradient(qkv, out, stats, dOut, shape, draw) };
        });
        if (!expected || !actual) throw new Error('two results');
        expect(worstError(actual.out, expected.out)).toBeLessThan(1e-5);
        expect(worstError(actual.stats, expected.stats)).toBeLessThan(1e-5);
        expect(worstError(actual.dQkv, expected.dQkv)).toBeLessThan(1e-5);
      });
    }
  });

  it('give the gradient of GELU that the wasm kernels give', () => {
    tf.tidy(() => {
      const x = tf.mul(matrix(24, 24, 7), 6);
      const dY = matrix(24, 24, 8);
      expect(worstError(native.gelu(x), wasm.gelu(x))).toBeLessThan(1e-6);
      expect(worstError(native.geluGradient(x, dY), wasm.geluGradient(x, dY))).toBeLessThan(1e-6);
    });
  });
});
