import { blockOf, rowsOfBlock, type BlockOfProducts, type RowProducts } from './row-blocks.ts';

/** In JavaScript, for machines that the native kernels were not compiled for. */
export class PlainRowProducts implements RowProducts {
  readonly maxError: number;
  readonly #dimensions: number;
  /** Each [rows of the block, dimensions]. */
  readonly #blocks: Float32Array[] = [];

  constructor(dimensions: number) {
    this.#dimensions = dimensions;
    this.maxError = PLAIN_ERROR;
  }

  set(row: number, direction: Float32Array): void {
    const block = blockOf(row);
    for (let index = this.#blocks.length; index <= block; index++) {
      this.#blocks.push(new Float32Array(rowsOfBlock(index).numRows * this.#dimensions));
    }
    this.#blocks[block]?.set(direction, (row - rowsOfBlock(block).firstRow) * this.#dimensions);
  }

  *productsWith(direction: Float32Array, numRows: number): Iterable<BlockOfProducts> {
    for (const [index, rows] of this.#blocks.entries()) {
      const { firstRow, numRows: most } = rowsOfBlock(index);
      if (firstRow >= numRows) return;
      const products = new Float32Array(Math.min(most, numRows - firstRow));
      for (let row = 0; row < products.length; row++)
        products[row] = product(rows, row * direction.length, direction);
      yield { firstRow, products };
    }
  }

  free(): void {
    this.#blocks.length = 0;
  }
}

/** Each number of both is rounded to float32, the sum is one of float64, and the product is rounded to float32. */
const PLAIN_ERROR = 4 * 2 ** -24;

/** Four sums at a time: one alone would wait for each addition. */
function product(rows: Float32Array, start: number, other: Float32Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = other.length - (other.length % 4);
  for (let k = 0; k < whole; k += 4) {
    a += (rows[start + k] ?? 0) * (other[k] ?? 0);
    b += (rows[start + k + 1] ?? 0) * (other[k + 1] ?? 0);
    c += (rows[start + k + 2] ?? 0) * (other[k + 2] ?? 0);
    d += (rows[start + k + 3] ?? 0) * (other[k + 3] ?? 0);
  }
  for (let k = whole; k < other.length; k++) a += (rows[start + k] ?? 0) * (other[k] ?? 0);
  return a + b + c + d;
}
