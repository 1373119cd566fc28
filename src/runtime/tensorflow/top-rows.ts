import { TOP_LOGITS, type TopLogits } from '../step-row.ts';
import type { EagerContext } from './eager-context.ts';
import type { StepOperands } from './step-operands.ts';
import { FLOAT, INT32, type TensorInfo } from './tensorflow-binding.ts';

const T = { T: { type: FLOAT } } as const;
const REDUCE = { ...T, Tidx: { type: INT32 }, keep_dims: true } as const;
const TOP = { ...T, sorted: true } as const;

/**
 * The most probable tokens of each row and its log-sum-exp, so that a step reads back a few numbers a row:
 * [rows, vocab] -> [numRows]. `TopKV2` puts the lower index first on ties.
 */
export function topRows(
  context: EagerContext,
  operands: StepOperands,
  logits: TensorInfo,
  numRows: number,
): TopLogits[] {
  const numTop = Math.min(TOP_LOGITS, logits.shape[1] ?? 0);
  const axis = operands.vector([1]);
  const [values, indices] = context.runMany('TopKV2', TOP, [logits, operands.integer(numTop)], 2) as [
    TensorInfo,
    TensorInfo,
  ]; // both [rows, numTop]
  const largest = context.run('Max', REDUCE, [logits, axis]); // [rows, 1]
  const shifted = context.run('Sub', T, [logits, largest]); // [rows, vocab]
  const exponentials = context.run('Exp', T, [shifted]); // [rows, vocab]
  const sums = context.run('Sum', REDUCE, [exponentials, axis]); // [rows, 1]
  const logs = context.run('Log', T, [sums]); // [rows, 1]
  const logSumExps = context.run('AddV2', T, [logs, largest]); // [rows, 1]
  const topLogits = context.read(values) as Float32Array; // [rows, numTop]
  const tokenIds = context.read(indices) as Int32Array; // [rows, numTop]
  const normalisers = context.read(logSumExps); // [rows, 1]
  return Array.from({ length: numRows }, (_, row) => ({
    tokenIds: tokenIds.subarray(row * numTop, (row + 1) * numTop),
    logits: topLogits.subarray(row * numTop, (row + 1) * numTop),
    logSumExp: normalisers[row] ?? 0,
  }));
}
