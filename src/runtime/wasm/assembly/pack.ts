/**
 * How the operands of a product lie.
 *
 *     weight W [out, in]  ->  panels of 8 outputs   [out / 8][in][8]
 *     rows   X [rows, in] ->  tiles of 4 (8) rows   [rows / 4][in][4]
 *
 * A product then reads both straight through. Outputs and rows that do not exist are zeros.
 */
import { MIN_ROWS_OF_TALL_TILES, PANEL_WIDTH } from './kernel-ids';
import { intArg, pointerArg, floats } from './pool';

/** Transposes up to `width` rows of `depth` numbers into [depth][width]; rows from `numRows` on become zeros. */
function interleave(from: usize, numRows: i32, depth: i32, width: i32, to: usize): void {
  const rowBytes = floats(depth);
  const stepBytes = floats(width);
  for (let row = 0; row < width; row++) {
    let source = from + (row as usize) * rowBytes;
    let dest = to + floats(row);
    if (row < numRows) {
      for (const end = source + rowBytes; source < end; source += 4, dest += stepBytes) {
        f32.store(dest, f32.load(source));
      }
    } else {
      for (const end = dest + (depth as usize) * stepBytes; dest < end; dest += stepBytes) f32.store(dest, 0);
    }
  }
}

/** One panel of a weight a chunk. Arguments: rows [numRows, depth], panels, numRows, depth. */
export function packWeight(job: usize, chunk: i32): void {
  const depth = intArg(job, 3);
  const row = chunk * PANEL_WIDTH;
  const rowBytes = floats(depth);
  const from = pointerArg(job, 0) + (row as usize) * rowBytes;
  interleave(from, intArg(job, 2) - row, depth, PANEL_WIDTH, pointerArg(job, 1) + (row as usize) * rowBytes);
}

/** Rows that go into tiles of eight; the others go into tiles of four. */
export function numTallRows(numRows: i32): i32 {
  return numRows < MIN_ROWS_OF_TALL_TILES ? 0 : numRows & ~7;
}

/** Eight rows a chunk, as one tile or two. Arguments: rows [numRows, depth], tiles, numRows, depth. */
export function packRows(job: usize, chunk: i32): void {
  const numRows = intArg(job, 2);
  const depth = intArg(job, 3);
  const rowBytes = floats(depth);
  const row = chunk * 8;
  const from = pointerArg(job, 0) + (row as usize) * rowBytes;
  const to = pointerArg(job, 1) + (row as usize) * rowBytes;
  if (row < numTallRows(numRows)) {
    interleave(from, 8, depth, 8, to);
    return;
  }
  interleave(from, numRows - row, depth, 4, to);
  if (row + 4 < numRows) interleave(from + 4 * rowBytes, numRows - row - 4, depth, 4, to + 4 * rowBytes);
}
