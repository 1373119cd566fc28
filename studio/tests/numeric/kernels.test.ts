import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TrainingKernels } from '../../training/kernels.ts';
import { PRODUCTS_HERE } from '../../../tests/support/runtimes.ts';
import { isKept } from '../support/kept-places.ts';

function matrix(rows: number, cols: number, phase: number): tf.Tensor {
  const values = Float32Array.from(
    { length: rows * cols },
    (_, i) => Math.sin(i * 0.37 + phase) + 0.1 * (i % 3),
  );
  return tf.tensor(values, [rows, cols]); // [rows, cols]
}

/** Sum over k of a(i, k) * b(k, j), in double precision. */
function product(
  rows: number,
  cols: number,
  depth: number,
  a: (i: number, k: number) => number,
  b: (k: number, j: number) => number,
): number[] {
  return Array.from({ length: rows * cols }, (_, at) => {
    const i = Math.floor(at / cols);
    let sum = 0;
    for (let k = 0; k < depth; k++) sum += a(i, k) * b(k, at % cols);
    return sum;
  });
}

function worstError(actual: tf.Tensor, expected: readonly number[]): number {
  const size = Math.max(...expected.map(Math.abs));
  return Math.max(...[...actual.dataSync()].map((value, i) => Math.abs(value - (expected[i] ?? NaN)))) / size;
}

describe.each(PRODUCTS_HERE)('training kernels, products by %s', (products) => {
  let kernels: TrainingKernels;

  beforeAll(async () => {
    kernels = await TrainingKernels.start(2, products);
  });

  afterAll(() => kernels.dispose());

  // Sizes on both sides of a block of 64 lanes, a packing block of 128 and a depth block of 512.
  it.each([
    [8, 8, 8],
    [72, 136, 24],
    [64, 40, 520],
    [16, 72, 1032],
  ])('products of %i rows, %i columns, depth %i equal a double-precision loop', (rows, cols, depth) => {
    tf.tidy(() => {
      const x = matrix(rows, depth, 1);
      const weight = matrix(cols, depth, 2);
      const bias = tf.reshape(matrix(1, cols, 3), [cols]);
      const dY = matrix(rows, cols, 4);
      const [xs, ws, bs, dYs] = [x, weight, bias, dY].map((tensor) => tensor.dataSync());
      const at = (values: ArrayLike<number> | undefined, index: number): number => values?.[index] ?? NaN;

      const forward = product(
        rows,
        cols,
        depth,
        (i, k) => at(xs, i * depth + k),
        (k, j) => at(ws, j * depth + k),
      );
      const biased = forward.map((value, i) => value + at(bs, i % cols));
      expect(worstError(kernels.linear(x, weight, bias), biased)).toBeLessThan(1e-5);
      expect(worstError(kernels.linear(x, weight, undefined), forward)).toBeLessThan(1e-5);

      const dX = product(
        rows,
        depth,
        cols,
        (i, k) => at(dYs, i * cols + k),
        (k, j) => at(ws, k * depth + j),
      );
      expect(worstError(kernels.linearInputGradient(dY, weight), dX)).toBeLessThan(1e-5);

      const dW = product(
        cols,
        depth,
        rows,
        (i, k) => at(dYs, k * cols + i),
        (k, j) => at(xs, k * depth + j),
      );
      expect(worstError(kernels.linearWeightGradient(dY, x), dW)).toBeLessThan(1e-5);
    });
  });

  describe('dropout', () => {
    const draw = { rate: 0.3, seed: 1234 };

    it('drops the right share and scales the survivors by 1 / (1 - rate)', () => {
      tf.tidy(() => {
        const out = kernels.dropout(tf.ones([400, 256]), draw).dataSync();
        const survivors = out.filter((value) => value !== 0);
        expect(new Set(survivors)).toEqual(new Set([Math.fround(Math.fround(1) * Math.fround(1 / 0.7))]));
        // Standard deviation of the share over 102,400 elements: 0.0014.
        expect(Math.abs(1 - survivors.length / out.length - draw.rate)).toBeLessThan(0.006);
      });
    });

    // More than a stretch of one thread, and a rest of less than a vector.
    it('drops those elements that the definition names', () => {
      tf.tidy(() => {
        const length = 2 * 16_384 + 20;
        const out = kernels.dropout(tf.ones([length]), { rate: 0.3, seed: -77 }).dataSync();
        const kept = Array.from({ length }, (_, place) => isKept(place, { rate: 0.3, seed: -77 }));
        expect([...out].map((value) => value !== 0)).toEqual(kept);
      });
    });

    it('drops the same elements for the same seed and others for another', () => {
      tf.tidy(() => {
        const x = tf.ones([64, 256]);
        const mask = (seed: number): number[] => [...kernels.dropout(x, { rate: 0.5, seed }).dataSync()];
        const first = mask(5);
        expect(mask(5)).toEqual(first);
        // Independent masks agree in half of the places.
        const agreeing = mask(6).filter((value, i) => value === first[i]).length / first.length;
        expect(agreeing).toBeGreaterThan(0.45);
        expect(agreeing).toBeLessThan(0.55);
      });
    });

    it('at rate 0 is the identity', () => {
      tf.tidy(() => {
        const x = matrix(16, 64, 1);
        expect(kernels.dropout(x, { rate: 0, seed: 1 }).dataSync()).toEqual(x.dataSync());
      });
    });

    it('of attention weights keeps them causal and scales survivors', () => {
      tf.tidy(() => {
        const seqLen = 64;
        // Equal scores, and values that are unit vectors: the output is the matrix of attention weights.
        const rows = Array.from({ length: seqLen }, (_, row) =>
          Array.from({ length: 3 * seqLen }, (_, col) => (col === 2 * seqLen + row ? 1 : 0)),
        );
        const shape = { numSequences: 1, seqLen, numHeads: 1 };
        const qkv = tf.tensor2d(rows); // [seq, 3 * seq]
        const { out } = kernels.attention(qkv, shape, { rate: 0.25, seed: 9 });
        const weights = out.dataSync(); // [seq, seq]
        let numDropped = 0;
        for (let query = 0; query < seqLen; query++) {
          for (let key = 0; key < seqLen; key++) {
            const weight = weights[query * seqLen + key] ?? NaN;
            if (key > query) expect(weight).toBe(0);
            else if (weight === 0) numDropped++;
            else expect(weight).toBeCloseTo(1 / (query + 1) / 0.75, 6);
          }
        }
        const share = numDropped / ((seqLen * (seqLen + 1)) / 2);
        expect(Math.abs(share - 0.25)).toBeLessThan(0.04);
      });
    });
  });

  it('sums of columns and of squares take all rows and numbers, whatever their number', () => {
    tf.tidy(() => {
      for (const [rows, cols] of [
        [1, 8],
        [9, 40],
        [130, 72],
        [600, 56],
      ] as const) {
        const x = matrix(rows, cols, 5);
        const values = x.dataSync();
        const sums = Array.from({ length: cols }, (_, col) => {
          let sum = 0;
          for (let row = 0; row < rows; row++) sum += values[row * cols + col] ?? NaN;
          return sum;
        });
        expect(worstError(kernels.columnSum(x), sums)).toBeLessThan(1e-5);
        const squares = [...values].reduce((sum, value) => sum + value * value, 0);
        expect(Math.abs(kernels.sumOfSquares(x) - squares) / squares).toBeLessThan(1e-12);
      }
    });
  });

  it('GELU and its gradient are those of its definition, to the last number of a row that fills no vector', () => {
    tf.tidy(() => {
      const x = matrix(3, 12, 1);
      const dY = matrix(3, 12, 2);
      const gelu = (value: number): number =>
        0.5 * value * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (value + 0.044715 * value ** 3)));
      const values = [...x.dataSync()];
      const gradients = dY.dataSync();
      const slopes = values.map((value, i) => {
        const slope = (gelu(value + 1e-5) - gelu(value - 1e-5)) / 2e-5;
        return slope * (gradients[i] ?? NaN);
      });
      expect(worstError(kernels.gelu(x), values.map(gelu))).toBeLessThan(1e-6);
      expect(worstError(kernels.geluGradient(x, dY), slopes)).toBeLessThan(1e-6);
    });
  });

  it('what does not fit is refused with a reason', () => {
    const handles = [4, 4, 8].map((size) => kernels.memory.addVector(size));
    const [ids, positions, targets] = handles.map((handle) => kernels.memory.integersOf(handle));
    if (!ids || !positions || !targets) throw new Error('three arrays');
    tf.tidy(() => {
      const table = matrix(4, 8, 1);
      ids.fill(0);
      positions.fill(4);
      expect(() => kernels.embed(table, table, ids, positions)).toThrow(
        'tokens and positions are in their tables',
      );
      positions.fill(-1);
      expect(() => kernels.scatterAddRows(table, positions, 4)).toThrow('indices are of rows of the result');
      targets.fill(0);
      expect(() => kernels.crossEntropyStats(matrix(3, 9, 1), targets)).toThrow('fit each other');
      targets.fill(9);
      expect(() => kernels.crossEntropyStats(matrix(8, 9, 1), targets)).toThrow(
        'targets are in the vocabulary',
      );
      expect(() => kernels.add(table, matrix(4, 4, 1))).toThrow('fit each other');
    });
    for (const handle of handles) kernels.memory.freeTensor(handle);
  });
});
