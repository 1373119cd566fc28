import { rowsOf } from '../rows-of.ts';
import type { StepBatch } from '../step-batch.ts';
import type { StepRow, TopLogits } from '../step-row.ts';
import type { Arena } from './arena.ts';
import type { KernelPool } from './kernel-pool.ts';
import { topLogitsJobs, topRowWords, topScratchWords } from './kernels/top-logits.ts';

/** Shorter rows come whole: they are searched sooner than sorted. */
const MIN_TOP_COLS = 4096;

interface Logits {
  /** All rows of them: [logitRows, vocab] */
  readonly rows: readonly Float32Array[];
  /** Where the kernels find them. */
  readonly address: number;
}

/**
 * Puts the most probable tokens in the place of those rows whose top is enough; the others are left as they are. The
 * jobs are not part of a recorded step, since which rows they are for is another matter each time.
 */
export function takeTops(
  { rows, address }: Logits,
  batch: StepBatch,
  pool: KernelPool,
  arena: Arena,
): StepRow[] {
  const numCols = rows[0]?.length ?? 0;
  const topRows = rows.flatMap((_, row) => (batch.topRows[row] === true ? row : []));
  // A forward pass that selects no rows returns one for each token: they are not those that the batch speaks of.
  if (topRows.length === 0 || numCols < MIN_TOP_COLS || rows.length !== batch.numLogitRows) return [...rows];
  const shape = { numRows: topRows.length, numCols };
  const numWords = shape.numRows * topRowWords(numCols);
  const operands = {
    logits: address,
    rows: arena.reserve('top rows', 4 * shape.numRows),
    scratch: arena.reserve('top logits scratch', 4 * topScratchWords(shape)),
    out: arena.reserve('top logits', 4 * numWords),
  };
  pool.heap.int32(operands.rows, shape.numRows).set(topRows);
  for (const job of topLogitsJobs(operands, shape)) pool.run(...job);
  const tops = rowsOf(pool.heap.float32(operands.out, numWords), topRowWords(numCols)).map(toTopLogits);
  let numTaken = 0;
  return rows.map((row, index) => (batch.topRows[index] === true ? (tops[numTaken++] ?? row) : row));
}

/** A row's answer as `topLogitsJobs` leaves it: [topRowWords]. */
function toTopLogits(words: Float32Array): TopLogits {
  const numTop = (words.length - 1) / 2;
  const logits = words.subarray(0, numTop); // [numTop]
  const tokenIds = new Int32Array(words.buffer, words.byteOffset + 4 * numTop, numTop); // [numTop]
  const [largest = NaN] = logits;
  const sum = words[2 * numTop] ?? NaN;
  // A row without a finite largest logit has no probabilities.
  return { tokenIds, logits, logSumExp: Number.isFinite(largest) ? largest + Math.log(sum) : largest };
}
