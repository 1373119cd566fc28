import type { Rows } from './matrix.ts';

/** Each row rounded to multiples of a `limit`th part of its largest magnitude, ties to even. */
export const integerRows = (rows: Rows, limit: number): number[][] =>
  rows.map((row) => {
    const largest = largestOf([row]);
    if (largest === 0) return [...row];
    const inverse = Math.fround(limit / largest);
    return row.map((value) => (nearest(Math.fround(value * inverse)) * largest) / limit);
  });

/** The nearest integer, of two the even one. */
export function nearest(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

export const largestOf = (rows: Rows): number => Math.max(...rows.flat().map(Math.abs));
