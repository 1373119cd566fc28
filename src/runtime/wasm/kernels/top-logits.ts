import { TOP_LOGITS } from '../../step-batch.ts';
import { TOP_LOGITS_MERGE, TOP_LOGITS_PARTS, TOP_PART, TOP_STRETCHES } from '../assembly/kernel-ids.ts';
import type { Job } from '../job.ts';

/** Addresses. */
interface TopLogitsOperands {
  /** [any, numCols] */
  readonly logits: number;
  /** Indices of the rows whose top is wanted, as i32: [numRows] */
  readonly rows: number;
  /** As many words as `topScratchWords` says; their content does not matter. */
  readonly scratch: number;
  /** [numRows, topRowWords] */
  readonly out: number;
}

interface TopLogitsShape {
  readonly numRows: number;
  readonly numCols: number;
}

const numTopOf = (numCols: number): number => Math.min(TOP_LOGITS, numCols);
const numPartsOf = (numCols: number): number => Math.ceil(numCols / TOP_PART);

/** Words of a row's answer: logits, tokens, and the sum of exponentials over the largest logit. */
export const topRowWords = (numCols: number): number => 2 * numTopOf(numCols) + 1;

export const topScratchWords = ({ numRows, numCols }: TopLogitsShape): number =>
  numRows * numPartsOf(numCols) * (TOP_STRETCHES + 2);

/** The most probable tokens of some rows of logits. */
export function topLogitsJobs(
  { logits, rows, scratch, out }: TopLogitsOperands,
  { numRows, numCols }: TopLogitsShape,
): Job[] {
  const numParts = numPartsOf(numCols);
  const operands = [logits, rows, scratch, numCols, numParts];
  return [
    [TOP_LOGITS_PARTS, numRows * numParts, operands],
    [TOP_LOGITS_MERGE, numRows, [...operands, numTopOf(numCols), out]],
  ];
}
