/** The consecutive rows of one sequence inside a step. */
export interface Segment {
  /** The sequence's pages, in the order of its tokens; GONE for one that no row of the segment sees. */
  pages: Int32Array;
  /** Its pages in the layers that have pages of their own (`KvCacheShape.windowed`), as many as `pages`. */
  windowPages?: Int32Array | undefined;
  /** Index of the segment's first row in the step. */
  rowStart: number;
  numRows: number;
  /** Position of the first row's token in its sequence; positions before it are in the cache already. */
  positionStart: number;
}

/**
 * One padded batch as plain data: the tokens of every sequence that takes part in a step, decodes (one row) and
 * prefill chunks (many rows) side by side. Rows from `numRows` on are padding: token 0, position 0; they
 * write no cache and their results are never read.
 */
export interface StepBatch {
  numRows: number;
  tokenIds: Int32Array; // [paddedRows]
  positions: Int32Array; // [paddedRows]
  segments: readonly Segment[];
  numLogitRows: number;
  /** Row indices whose logits are wanted, in order; padding repeats row 0. */
  logitRows: Int32Array; // [paddedLogitRows]
  /** Of the rows wanted, those whose most probable tokens are enough (`TopLogits`). */
  topRows: readonly boolean[]; // [numLogitRows]
  /** Of each row wanted, the temperature of the draw from it (`WeighedRow`); 0: it need not be weighed. */
  temperatures: readonly number[]; // [numLogitRows]
}

/** The most probable tokens of a row of logits, and what a probability needs beside them. */
export interface TopLogits {
  /** Most probable first, the lower id first on ties: [TOP_LOGITS], or the vocabulary if that is smaller. */
  readonly tokenIds: Int32Array;
  readonly logits: Float32Array; // [TOP_LOGITS]
  /** log(sum(exp(logit))) over the whole row: a token's log-probability is its logit less this. */
  readonly logSumExp: number;
}

/** A row of logits, with what a draw at a temperature looks at first. */
export interface WeighedRow {
  readonly row: Float32Array; // [vocab]
  /** As in `TopLogits`. */
  readonly tokenIds: Int32Array; // [TOP_LOGITS]
  readonly logits: Float32Array; // [TOP_LOGITS]
  /** sum(exp((logit - largest) / temperature)) over the whole row. */
  readonly totalWeight: number;
}

/** How many tokens of a row come back where the top ones are enough. */
export const TOP_LOGITS = 64;

/**
 * A row of what a forward pass returns: all of it, or its top where the batch says that this is enough, or both where it
 * says that there is a draw.
 */
export type StepRow = Float32Array | TopLogits | WeighedRow;

/** True of a row whose top alone came. */
export const isTop = (row: StepRow): row is TopLogits => !(row instanceof Float32Array) && !('row' in row);

/** All of a row: [vocab] */
export const wholeRow = (row: Float32Array | WeighedRow): Float32Array =>
  row instanceof Float32Array ? row : row.row;
