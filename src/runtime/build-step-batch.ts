import { assertInvariant } from '../errors.ts';
import type { Segment, StepBatch } from './step-batch.ts';

/** The tokens of one sequence that a step shall compute. */
export interface SegmentInput {
  /** The sequence's pages, with room for these tokens. */
  pages: ArrayLike<number>;
  /** Its pages of layers that see no more than a window, if those have pages of their own. */
  windowPages?: ArrayLike<number> | undefined;
  /** Position of the first token; everything before it is in the cache already. */
  positionStart: number;
  tokenIds: ArrayLike<number>;
  /** `last` for a decode or the end of a prompt, `none` for an earlier chunk of it, `all` to score every token. */
  logits: 'none' | 'last' | 'all';
  /** The most probable tokens of each row are enough. */
  topIsEnough?: boolean;
  /** Of the draw from each row, where its top is not enough; 0, the default: rows need not be weighed. */
  temperature?: number;
}

/** Smallest bucket that holds `count`; beyond the largest, the next multiple of the largest. No buckets: no padding. */
export function roundUpToBucket(count: number, buckets: readonly number[]): number {
  const fitting = buckets.find((bucket) => bucket >= count);
  if (fitting !== undefined) return fitting;
  const largest = buckets.at(-1) ?? 1;
  return Math.ceil(count / largest) * largest;
}

/**
 * Lays the segments side by side as one padded batch, in the order given. Rows and logit rows are both rounded up to
 * `buckets` (ascending), so that a runtime sees few distinct shapes.
 */
export function buildStepBatch(inputs: readonly SegmentInput[], buckets: readonly number[] = []): StepBatch {
  const numRows = inputs.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
  assertInvariant(numRows > 0, 'a step has at least one token');
  const paddedRows = roundUpToBucket(numRows, buckets);
  const tokenIds = new Int32Array(paddedRows); // [paddedRows]
  const positions = new Int32Array(paddedRows); // [paddedRows]
  const segments: Segment[] = [];
  const logitRows: number[] = [];
  const topRows: boolean[] = [];
  const temperatures: number[] = [];
  let rowStart = 0;
  for (const input of inputs) {
    const rowEnd = rowStart + input.tokenIds.length;
    assertInvariant(rowEnd > rowStart, 'a segment has at least one token');
    tokenIds.set(input.tokenIds, rowStart);
    for (let row = rowStart; row < rowEnd; row++) {
      positions[row] = input.positionStart + row - rowStart;
      if (input.logits === 'all' || (input.logits === 'last' && row === rowEnd - 1)) {
        logitRows.push(row);
        topRows.push(input.topIsEnough ?? false);
        temperatures.push(input.temperature ?? 0);
      }
    }
    segments.push({
      pages: new Int32Array(input.pages), // [pages]
      windowPages: input.windowPages && new Int32Array(input.windowPages), // [pages]
      rowStart,
      numRows: input.tokenIds.length,
      positionStart: input.positionStart,
    });
    rowStart = rowEnd;
  }
  const paddedLogitRows = new Int32Array(roundUpToBucket(Math.max(1, logitRows.length), buckets));
  paddedLogitRows.set(logitRows);
  return {
    numRows,
    tokenIds,
    positions,
    segments,
    numLogitRows: logitRows.length,
    logitRows: paddedLogitRows,
    topRows,
    temperatures,
  };
}
