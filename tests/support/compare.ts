import { expect } from 'vitest';
import type { Rows } from './matrix.ts';

/** Largest absolute difference of two lists of equal length; NaN anywhere gives NaN. */
export function maxAbsDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let largest = 0;
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN));
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

/** Expects two flat arrays to agree within `tolerance` everywhere. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(maxAbsDifference(actual, expected)).toBeLessThanOrEqual(tolerance);
}

/** Expects the same bits where a runtime promises them, agreement within 1e-4 where it does not. */
export function expectSameRow(actual: Float32Array, expected: Float32Array, bitExact: boolean): void {
  if (bitExact) expect(actual).toEqual(expected);
  else expectClose(actual, expected, 1e-4);
}

/** Expects two lists to agree within `tolerance` times the number that is expected. */
export function expectRelativelyClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  const ratios = Array.from(actual, (value, i) => value / (expected[i] ?? NaN));
  expect(actual.length).toBe(expected.length);
  expectClose(
    ratios,
    ratios.map(() => 1),
    tolerance,
  );
}

/** Where rows that should be equal are not, in words: a test's own diff of many numbers takes minutes. */
export function firstDifference(actual: Rows, expected: Rows): string | undefined {
  for (const [row, numbers] of expected.entries()) {
    for (const [col, number] of numbers.entries()) {
      const other = actual[row]?.[col];
      if (!Object.is(other, number)) return `row ${row}, column ${col}: ${other}, not ${number}`;
    }
  }
  return undefined;
}
