import { describe, expect, it } from 'vitest';
import { transpose } from '../../../src/weights/transpose.ts';

describe('transpose', () => {
  it.each([
    [1, 1],
    [1, 70],
    [70, 1],
    [33, 65],
    [64, 32],
  ])('swaps the axes of a %i x %i matrix', (rows, cols) => {
    const matrix = Float32Array.from({ length: rows * cols }, (_, i) => i);
    const result = transpose(matrix, rows, cols);
    const expected = Float32Array.from(
      { length: rows * cols },
      (_, i) => (i % rows) * cols + Math.floor(i / rows),
    );
    expect(result).toEqual(expected);
  });
});
