/** Rows of numbers, all of one length. */
export type Matrix = readonly (readonly number[])[];

/** [a][b] times [b][c] -> [a][c] */
export function product(left: Matrix, right: Matrix): number[][] {
  const columns = transposed(right);
  return left.map((row) => columns.map((column) => dot(row, column)));
}

/** [a][b] -> [b][a] */
export function transposed(matrix: Matrix): number[][] {
  const [first = []] = matrix;
  return first.map((_, column) => matrix.map((row) => row[column] ?? 0));
}

export const scaled = (matrix: Matrix, factor: number): number[][] =>
  matrix.map((row) => row.map((value) => value * factor));

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);

/** Each row made positive and to sum to 1; minus infinity becomes 0. */
export function softmaxRows(matrix: Matrix): number[][] {
  return matrix.map((row) => {
    const largest = Math.max(...row);
    const powers = row.map((value) => Math.exp(value - largest));
    const sum = powers.reduce((total, power) => total + power, 0);
    return powers.map((power) => power / sum);
  });
}
