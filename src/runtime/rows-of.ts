/** The rows of a matrix as views: [rows, cols] -> [rows][cols]. */
export function rowsOf(values: Float32Array, numCols: number): Float32Array[] {
  return Array.from({ length: values.length / numCols }, (_, row) =>
    values.subarray(row * numCols, (row + 1) * numCols),
  );
}
