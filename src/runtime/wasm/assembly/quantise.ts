/**
 * Numbers as integers times a scale, for products whose sums are exact.
 *
 *     weight W [out, in]   ->  panels of int8 (panels.ts), a scale for each output: its largest magnitude is 127
 *     rows   X [rows, in]  ->  tiles of 4 rows [rows / 4]: 4 scales as float32, [in / 2][4][2] as int16;
 *                              a single row: its scale, padded to 16 bytes, [in / 2][2]
 *
 * The largest magnitude of a row becomes `limit`, the largest with which no sum of `in` products leaves 32 bits. All
 * numbers are rounded to the nearest integer, ties to even. A row whose numbers are all below 2^-100 counts as zeros;
 * one with a NaN or an infinity has such a scale, and hence NaN for all of its results.
 */
import { INT8_QUAD_PANELS, PANEL_WIDTH, QUAD_GROUP } from './kernel-ids';
import { GROUP_SUMS, int8Offset, int8Steps, panelBytes } from './panels';
import { floatArg, intArg, pointerArg, floats } from './pool';
import { Rounding } from './rounding';
import { Vector } from './vector';

/** Bytes of the scales in front of a tile. */
export const TILE_SCALES: usize = 16;

export const LARGEST_INT8: f32 = 127;

export function quantisedTileBytes(numRows: i32, depth: i32): usize {
  return TILE_SCALES + floats(numRows * int8Steps(depth));
}

/** One panel of a weight a chunk. Arguments: rows [numRows, depth], panels, numRows, depth, format. */
export function packInt8(job: usize, chunk: i32): void {
  const depth = intArg(job, 3);
  const format = intArg(job, 4);
  const row = chunk * PANEL_WIDTH;
  const numRows = min(PANEL_WIDTH, intArg(job, 2) - row);
  const bytes = panelBytes(format, depth);
  const panel = pointerArg(job, 1) + (chunk as usize) * bytes;
  memory.fill(panel, 0, bytes);
  let source = pointerArg(job, 0) + (row as usize) * floats(depth);
  for (let col = 0; col < numRows; col++, source += floats(depth)) {
    const largest = largestMagnitude(source, depth);
    f32.store(panel + floats(col), Rounding.scale(largest, LARGEST_INT8));
    const inverse = Rounding.inverse(largest, LARGEST_INT8);
    for (let k = 0; k < depth; k++) {
      store<i8>(panel + int8Offset(format, col, k), Rounding.round(f32.load(source + floats(k)) * inverse) as i8);
    }
    if (format == INT8_QUAD_PANELS) storeGroupSums(panel, col, depth);
  }
}

function storeGroupSums(panel: usize, col: i32, depth: i32): void {
  for (let first = 0; first < depth; first += QUAD_GROUP) {
    let sum = 0;
    for (let k = first; k < min(depth, first + QUAD_GROUP); k++) sum += load<i8>(panel + int8Offset(INT8_QUAD_PANELS, col, k));
    const sums = panel + int8Offset(INT8_QUAD_PANELS, 0, first) - GROUP_SUMS;
    store<i32>(sums + floats(col), sum & 0xffff);
  }
}

/** One tile of four rows a chunk, or the single row. Arguments: rows [numRows, depth], tiles, numRows, depth, limit. */
export function quantiseRows(job: usize, chunk: i32): void {
  const numRows = intArg(job, 2);
  const depth = intArg(job, 3);
  const limit = floatArg(job, 4);
  const width = numRows == 1 ? 1 : 4;
  const bytes = quantisedTileBytes(width, depth);
  const tile = pointerArg(job, 1) + (chunk as usize) * bytes;
  const rowsHere = min(width, numRows - chunk * width);
  if (rowsHere < width) memory.fill(tile, 0, bytes);
  for (let r = 0; r < rowsHere; r++) {
    const row = pointerArg(job, 0) + floats((chunk * width + r) * depth);
    const largest = largestMagnitude(row, depth);
    f32.store(tile + floats(r), Rounding.scale(largest, limit));
    quantiseRow(row, depth, Rounding.inverse(largest, limit), tile + TILE_SCALES + floats(r), floats(width));
  }
}

/** Writes a row as pairs of int16, `stride` bytes apart. */
export function quantiseRow(row: usize, depth: i32, inverse: f32, to: usize, stride: usize): void {
  const scale = f32x4.splat(inverse);
  let k = 0;
  for (; k + 8 <= depth; k += 8, row += 32) {
    const low = Rounding.roundVector(f32x4.mul(v128.load(row), scale));
    const high = Rounding.roundVector(f32x4.mul(v128.load(row, 16), scale));
    const pairs = i16x8.narrow_i32x4_s(low, high);
    v128.store32_lane(to, pairs, 0);
    v128.store32_lane((to += stride), pairs, 1);
    v128.store32_lane((to += stride), pairs, 2);
    v128.store32_lane((to += stride), pairs, 3);
    to += stride;
  }
  for (; k < depth; k += 2, row += 8, to += stride) {
    store<i16>(to, Rounding.round(f32.load(row) * inverse) as i16);
    store<i16>(to, k + 1 < depth ? (Rounding.round(f32.load(row, 4) * inverse) as i16) : 0, 2);
  }
}

/** NaN if there is one. */
export function largestMagnitude(row: usize, length: i32): f32 {
  let largest = f32x4.splat(0);
  let k = 0;
  for (; k + 4 <= length; k += 4, row += 16) largest = f32x4.max(largest, f32x4.abs(v128.load(row)));
  let result = Vector.max(largest);
  for (; k < length; k++, row += 4) result = max(result, abs(f32.load(row)));
  return result;
}
