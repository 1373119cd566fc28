import { EngineError } from '../../errors.ts';
import { blockOf, rowsOfBlock, type BlockOfProducts, type RowProducts } from '../row-blocks.ts';
import type { Handle, KernelAddon } from './kernel-addon.ts';
import { encodeProduct } from './step-program.ts';

/** As cpp/panel.h numbers them. */
const F32 = 0;
const F16 = 2;
/** Of a step of one row whose token is 0, and whose result comes whole: as `ReadRows` of cpp/step_program.h reads it. */
const ONE_ROW = Int32Array.of(1, 0, 0, 1, 1, 0, 0, 0, 0);
const NO_TOPS = new Float32Array(0);
const NO_PLACES = new Int32Array(0);
const FASTEST = 0;

interface Block {
  readonly matrix: Handle;
  readonly program: Handle;
}

/** By the kernels of the engine: rows are a matrix in float16, of which a vector is multiplied as by a model's last layer. */
export class KernelRowProducts implements RowProducts {
  readonly maxError: number;
  readonly #addon: KernelAddon;
  readonly #dimensions: number;
  /** [1, dimensions] */
  readonly #direction: Handle;
  readonly #blocks: Block[] = [];

  constructor(addon: KernelAddon, dimensions: number) {
    this.#addon = addon;
    this.#dimensions = dimensions;
    this.maxError = maxErrorOf(dimensions);
    this.#direction = addon.addMatrix(dimensions, Int32Array.of(1, F32));
  }

  set(row: number, direction: Float32Array): void {
    const index = blockOf(row);
    while (this.#blocks.length <= index) this.#addBlock();
    const block = this.#blocks[index];
    if (block === undefined) return;
    this.#addon.packFloats(block.matrix, row - rowsOfBlock(index).firstRow, direction);
  }

  *productsWith(direction: Float32Array, numRows: number): Iterable<BlockOfProducts> {
    for (const [index, { program }] of this.#blocks.entries()) {
      const { firstRow, numRows: most } = rowsOfBlock(index);
      if (firstRow >= numRows) return;
      const products = new Float32Array(most); // [1, rows of the block]
      // Written for each block: between two of them other searches run.
      this.#addon.packFloats(this.#direction, 0, direction);
      this.#addon.run(program, ONE_ROW, products, NO_TOPS, NO_PLACES, FASTEST);
      yield { firstRow, products: products.subarray(0, numRows - firstRow) };
    }
  }

  free(): void {
    for (const { matrix, program } of this.#blocks.splice(0)) {
      this.#addon.freeProgram(program);
      this.#addon.freeTensor(matrix);
    }
    this.#addon.freeTensor(this.#direction);
  }

  #addBlock(): void {
    const { numRows } = rowsOfBlock(this.#blocks.length);
    try {
      const matrix = this.#addon.addMatrix(this.#dimensions, Int32Array.of(numRows, F16)); // [rows, dimensions]
      const { words, tensors } = encodeProduct(this.#direction, matrix, {
        depth: this.#dimensions,
        numOut: numRows,
      });
      this.#blocks.push({ matrix, program: this.#addon.addProgram(words, tensors) });
    } catch (cause) {
      const message = `${numRows} more vectors of ${this.#dimensions} numbers do not fit into memory, beside ${this.#addon.numBytes()} bytes`;
      throw new EngineError('backend_unavailable', message, { cause });
    }
  }
}

/** Units in the last place: of what a number is rounded to, half of one is the most that it is off by. */
const HALF_OF_F16 = 2 ** -11;
const HALF_OF_F32 = 2 ** -24;
/** Most that rounding to float16 takes from a number below 2^-14: half of its steps there, which are of 2^-24. */
const LEAST_OF_F16 = 2 ** -25;

/**
 * By Cauchy and Schwarz a row that is off by a vector e changes its product with a vector of length 1 by at most |e|. A row
 * is rounded to float32 and float16, the other vector to float32; then a chain of fused additions in float32 rounds once for
 * each number (Higham, Accuracy and Stability of Numerical Algorithms, 3.1).
 */
function maxErrorOf(dimensions: number): number {
  const ofRow = HALF_OF_F16 + HALF_OF_F32 + Math.sqrt(dimensions) * LEAST_OF_F16;
  const ofSum = (dimensions * HALF_OF_F32) / (1 - dimensions * HALF_OF_F32);
  // What one error makes of another is far below a hundredth.
  return 1.01 * (ofRow + HALF_OF_F32 + ofSum);
}
