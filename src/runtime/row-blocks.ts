/** Products of some rows that lie side by side. */
export interface BlockOfProducts {
  /** The first of the rows. */
  readonly firstRow: number;
  /** [rows of the block]: valid until the next block is asked for. */
  readonly products: Float32Array;
}

/**
 * Rows of one length, each by its direction alone, and their products with a vector: what a search looks at first. A product
 * is the cosine of the angle between the two, about.
 */
export interface RowProducts {
  /** No product is further than this from the cosine. */
  readonly maxError: number;
  /** Puts a row of length 1, or of zeros, at a place. @throws EngineError `backend_unavailable` without memory for it */
  set(row: number, direction: Float32Array): void;
  /** With a vector of length 1, all rows before `numRows`. Those that were never set have any product. */
  productsWith(direction: Float32Array, numRows: number): Iterable<BlockOfProducts>;
  free(): void;
}

/** Rows come in blocks, the first ones small, so that few rows take little memory. */
const LEAST_BLOCK_ROWS = 512;
const BLOCK_ROWS = 8192;
const NUM_SMALL_BLOCKS = 1 + Math.log2(BLOCK_ROWS / LEAST_BLOCK_ROWS);

/** The block that has a row. */
export function blockOf(row: number): number {
  if (row >= BLOCK_ROWS) return NUM_SMALL_BLOCKS - 1 + Math.floor(row / BLOCK_ROWS);
  return row < LEAST_BLOCK_ROWS ? 0 : 32 - Math.clz32(row / LEAST_BLOCK_ROWS);
}

/** Where a block begins, and how many rows it has. */
export function rowsOfBlock(block: number): { firstRow: number; numRows: number } {
  if (block >= NUM_SMALL_BLOCKS) {
    return { firstRow: (block - NUM_SMALL_BLOCKS + 1) * BLOCK_ROWS, numRows: BLOCK_ROWS };
  }
  const firstRow = block === 0 ? 0 : LEAST_BLOCK_ROWS * 2 ** (block - 1);
  return { firstRow, numRows: Math.max(firstRow, LEAST_BLOCK_ROWS) };
}
