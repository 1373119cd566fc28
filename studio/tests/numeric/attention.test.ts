import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DropoutDraw } from '../../training/kernel-arguments.ts';
import { TrainingKernels } from '../../training/kernels.ts';
import { PRODUCTS_HERE } from '../../../tests/support/runtimes.ts';
import { isKept } from '../support/kept-places.ts';
import { onCpu } from '../support/on-cpu.ts';

type Sizes = readonly [numSequences: number, seqLen: number, numHeads: number, headDim: number];

const wave = (length: number, seed: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898 + seed * 78.233));

/** Attention of whole sequences by stock operations, and the gradient of tfjs. */
function stockAttention(
  [numSequences, seqLen, numHeads, headDim]: Sizes,
  { qkv, dOut }: { qkv: Float32Array; dOut: Float32Array },
  draw: DropoutDraw,
): { out: Float32Array; dQkv: Float32Array } {
  const [rows, dim] = [numSequences * seqLen, numHeads * headDim];
  const weights = Float32Array.from({ length: numSequences * numHeads * seqLen * seqLen }, (_, place) =>
    isKept(place, draw) ? 1 / (1 - draw.rate) : 0,
  );
  return tf.tidy(() => {
    const kept = tf.tensor4d(weights, [numSequences, numHeads, seqLen, seqLen]); // [batch, heads, seq, seq]
    const later = tf.sub(tf.linalg.bandPart(tf.ones([seqLen, seqLen]), -1, 0), 1).mul(1e9); // [seq, seq]
    const attend = (x: tf.Tensor): tf.Tensor => {
      const [q, k, v] = tf
        .split(x, 3, 1)
        .map((part) =>
          tf.transpose(tf.reshape(part, [numSequences, seqLen, numHeads, headDim]), [0, 2, 1, 3]),
        );
      if (q === undefined || k === undefined || v === undefined) throw new Error('three parts');
      const scores = tf.add(tf.div(tf.matMul(q, k, false, true), Math.sqrt(headDim)), later); // [batch, heads, seq, seq]
      const context = tf.matMul(tf.mul(tf.softmax(scores), kept), v); // [batch, heads, seq, headDim]
      return tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [rows, dim]); // [rows, dim]
    };
    const x = tf.tensor2d(qkv, [rows, 3 * dim]); // [rows, 3 * dim]
    const dY = tf.tensor2d(dOut, [rows, dim]); // [rows, dim]
    const dX = tf.grad(attend)(x, dY); // [rows, 3 * dim]
    return { out: attend(x).dataSync() as Float32Array, dQkv: dX.dataSync() as Float32Array };
  });
}

/** Largest difference, as a share of the largest number. */
function worstError(actual: ArrayLike<number>, expected: Float32Array): number {
  let [size, worst] = [0, 0];
  for (const [i, value] of expected.entries()) {
    size = Math.max(size, Math.abs(value));
    worst = Math.max(worst, Math.abs(value - (actual[i] ?? NaN)));
  }
  return worst / size;
}

describe.each(PRODUCTS_HERE)('attention of the trainer by %s', (products) => {
  let kernels: TrainingKernels;
  beforeAll(async () => {
    kernels = await TrainingKernels.start(2, products);
  });
  afterAll(() => kernels.dispose());

  // A tile of 16 queries that is not full; heads of one vector, of several, of all that are mixed together, of parts of one.
  it.each<Sizes>([
    [2, 40, 1, 16],
    [1, 104, 2, 48],
    [3, 64, 2, 64],
    [1, 72, 1, 80],
    [2, 24, 3, 8],
    [1, 40, 2, 20],
  ])('is that of stock tfjs, with its gradient: %i of %i tokens, %i heads of %i', async (...sizes) => {
    const [numSequences, seqLen, numHeads, headDim] = sizes;
    const shape = { numSequences, seqLen, numHeads };
    const [rows, dim] = [numSequences * seqLen, numHeads * headDim];
    const values = { qkv: wave(rows * 3 * dim, 5), dOut: wave(rows * dim, 6) };
    for (const draw of [
      { rate: 0.25, seed: -9 },
      { rate: 0, seed: 1 },
    ]) {
      const stock = await onCpu(() => stockAttention(sizes, values, draw));
      tf.tidy(() => {
        const qkv = tf.tensor2d(values.qkv, [rows, 3 * dim]); // [rows, 3 * dim]
        const dOut = tf.tensor2d(values.dOut, [rows, dim]); // [rows, dim]
        const { out, stats } = kernels.attention(qkv, shape, draw); // [rows, dim], [sequences * heads, 2, seq]
        const dQkv = kernels.attentionGradient(qkv, out, stats, dOut, shape, draw); // [rows, 3 * dim]
        expect(worstError(out.dataSync(), stock.out)).toBeLessThan(1e-5);
        expect(worstError(dQkv.dataSync(), stock.dQkv)).toBeLessThan(1e-5);
      });
    }
  });
});
