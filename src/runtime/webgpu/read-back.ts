import { TOP_LOGITS, type StepRow } from '../step-batch.ts';
import { TOP_ROW_WORDS } from './kernels/top-logits.ts';

/** Consecutive words of a device buffer that are copied for reading. */
export interface Copy {
  readonly from: 'result' | 'topRows';
  /** In words, as is `numWords`. */
  readonly start: number;
  readonly numWords: number;
}

export interface ReadBackPlan {
  readonly copies: readonly Copy[];
  readonly numWords: number;
  /** For each row that comes back, where it starts among the copied words, and whether it is the top only. */
  readonly rows: readonly { readonly start: number; readonly isTop: boolean }[];
}

interface ReadBackShape {
  numRows: number;
  /** Words of a row in memory. */
  stride: number;
  /** Ascending. */
  topRows: readonly number[];
}

/** Copies the tops in one piece and the other rows in as few as there are runs of them. */
export function planReadBack({ numRows, stride, topRows }: ReadBackShape): ReadBackPlan {
  const copies: Copy[] = [];
  const rows: { start: number; isTop: boolean }[] = [];
  let numWords = topRows.length * TOP_ROW_WORDS;
  if (numWords > 0) copies.push({ from: 'topRows', start: 0, numWords });
  let numTops = 0;
  let runStart = 0;
  const endRun = (row: number): void => {
    if (row > runStart) {
      copies.push({ from: 'result', start: runStart * stride, numWords: (row - runStart) * stride });
    }
    runStart = row + 1;
  };
  for (let row = 0; row < numRows; row++) {
    if (topRows[numTops] === row) {
      rows.push({ start: numTops * TOP_ROW_WORDS, isTop: true });
      numTops++;
      endRun(row);
    } else {
      rows.push({ start: numWords, isTop: false });
      numWords += stride;
    }
  }
  endRun(numRows);
  return { copies, numWords, rows };
}

/** The rows as views of the words that were copied. */
export function rowsFrom(words: Float32Array, { rows }: ReadBackPlan, numCols: number): StepRow[] {
  return rows.map(({ start, isTop }) =>
    isTop ? topFrom(words, start) : words.subarray(start, start + numCols),
  );
}

function topFrom(words: Float32Array, start: number): StepRow {
  const logits = words.subarray(start, start + TOP_LOGITS); // [TOP_LOGITS]
  const tokenIds = new Int32Array(words.buffer, words.byteOffset + 4 * (start + TOP_LOGITS), TOP_LOGITS); // [TOP_LOGITS]
  const [largest = NaN] = logits;
  const sum = words[start + 2 * TOP_LOGITS] ?? NaN;
  // A row without a finite largest logit has no probabilities; what the device summed up then means nothing.
  return { tokenIds, logits, logSumExp: Number.isFinite(largest) ? largest + Math.log(sum) : largest };
}
