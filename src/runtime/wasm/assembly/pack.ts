/**
 * How the operands of a product lie.
 *
 *     weight W [out, in]  ->  panels of 8 outputs   panels.ts
 *     rows   X [rows, in] ->  tiles of 4 rows       [rows / 4][in][4]
 *
 * A product then reads both straight through. Outputs and rows that do not exist are zeros. For products of integers:
 * quantise.ts.
 */
import { Bfloat16, BFLOAT16_PANEL_STEP } from './bfloat16';
import { PANEL_WIDTH } from './kernel-ids';
import { intArg, pointerArg, floats } from './pool';
import { freeSlots } from './slots';

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

/** The same in bfloat16, rounded. */
export function packBfloat16(job: usize, chunk: i32): void {
  const depth = intArg(job, 3);
  const row = chunk * PANEL_WIDTH;
  const numRows = min(PANEL_WIDTH, intArg(job, 2) - row);
  const panelBytes = (depth as usize) * BFLOAT16_PANEL_STEP;
  const panel = pointerArg(job, 1) + (chunk as usize) * panelBytes;
  if (numRows < PANEL_WIDTH) memory.fill(panel, 0, panelBytes);
  let source = pointerArg(job, 0) + (row as usize) * floats(depth);
  for (let col = 0; col < numRows; col++) {
    let dest = panel + Bfloat16.offset(col);
    for (const end = source + floats(depth); source < end; source += 4, dest += BFLOAT16_PANEL_STEP) {
      store<u16>(dest, Bfloat16.round(load<u32>(source)));
    }
  }
}

/**
 * One tile of rows a chunk. Arguments: rows [numRows, depth], tiles, numRows, depth, slots (slots.ts) that the job
 * after this one claims, and how many there are.
 */
export function packRows(job: usize, chunk: i32): void {
  if (chunk == 0) freeSlots(pointerArg(job, 4), intArg(job, 5));
  const depth = intArg(job, 3);
  const row = chunk * 4;
  const offset = floats(row * depth);
  interleave(pointerArg(job, 0) + offset, intArg(job, 2) - row, depth, 4, pointerArg(job, 1) + offset);
}
