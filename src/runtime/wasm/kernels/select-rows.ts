import { ROW_CHUNK, SELECT_ROWS } from '../assembly/kernel-ids.ts';
import type { Job } from '../job.ts';

/**
 * Some rows of x in the order of `rows`: [any, dim], [rows] -> [rows, dim].
 * @param operands addresses; rows are the indices of those selected
 */
export function selectRowsJobs(
  { x, rows, out }: { x: number; rows: number; out: number },
  { numRows, dim }: { numRows: number; dim: number },
): Job[] {
  const numChunks = Math.ceil(numRows / ROW_CHUNK);
  return [[SELECT_ROWS, numChunks, [x, rows, out, numRows, dim]]];
}
