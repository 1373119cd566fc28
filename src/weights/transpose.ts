/** Rows and columns taken at a time, so that reads and writes both stay in cache. */
const TILE = 32;

/** The transpose of a row-major matrix, in an array of its own: [rows, cols] -> [cols, rows]. */
export function transpose(matrix: Float32Array, rows: number, cols: number): Float32Array {
  const result = new Float32Array(matrix.length); // [cols, rows]
  for (let rowStart = 0; rowStart < rows; rowStart += TILE) {
    const rowEnd = Math.min(rows, rowStart + TILE);
    for (let col = 0; col < cols; col++) {
      for (let row = rowStart; row < rowEnd; row++) result[col * rows + row] = matrix[row * cols + col] ?? 0;
    }
  }
  return result;
}
