import fc from 'fast-check';

/** A small matrix as rows, for tests that spell their numbers out. */
export type Rows = readonly (readonly number[])[];

export const flat = (rows: Rows): Float32Array => Float32Array.from(rows.flat());

export const transposed = (rows: Rows): number[][] =>
  (rows[0] ?? []).map((_, col) => rows.map((row) => row[col] ?? NaN));

/** The product in float64 by the definition: [n, k] x [k, m] -> [n, m]. */
export const product = (a: Rows, b: Rows): number[][] =>
  a.map((row) => transposed(b).map((col) => row.reduce((sum, value, k) => sum + value * (col[k] ?? NaN), 0)));

/** Softmax of each row in float64. */
export const softmaxRows = (rows: Rows): number[][] =>
  rows.map((row) => {
    const exponentials = row.map((value) => Math.exp(value - Math.max(...row)));
    const sum = exponentials.reduce((total, value) => total + value, 0);
    return exponentials.map((value) => value / sum);
  });

/** Numbers of a fixed sequence in [-1, 1). */
export function someRows(numRows: number, numCols: number, seed: number): number[][] {
  const rows = fc.array(
    fc.array(fc.integer({ min: -1024, max: 1023 }), fixedLength(numCols)),
    fixedLength(numRows),
  );
  const [sample = []] = fc.sample(rows, { seed, numRuns: 1 });
  return sample.map((row) => row.map((value) => value / 1024));
}

const fixedLength = (length: number) => ({ minLength: length, maxLength: length });
