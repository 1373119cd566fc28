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
import { INT8_PANELS, PANEL_WIDTH } from './kernel-ids';
import { int8Steps, INT8_PANEL_STEP, panelBytes, PANEL_SCALES } from './panels';
import { floatArg, intArg, pointerArg, floats } from './pool';
import { Vector } from './vector';

/** Bytes of the scales in front of a tile. */
const TILE_SCALES: usize = 16;

const LARGEST_INT8: f32 = 127;

/** Adding 1.5 * 2^23 rounds a number below 2^22 to an integer and leaves it in the low bits, above these. */
const ROUNDING: f32 = 12582912;
const ROUNDING_BITS: i32 = 0x4b400000;

export function quantisedTileBytes(numRows: i32, depth: i32): usize {
  return TILE_SCALES + floats(numRows * int8Steps(depth));
}

/** One panel of a weight a chunk. Arguments: rows [numRows, depth], panels, numRows, depth. */
export function packInt8(job: usize, chunk: i32): void {
  const depth = intArg(job, 3);
  const row = chunk * PANEL_WIDTH;
  const numRows = min(PANEL_WIDTH, intArg(job, 2) - row);
  const bytes = panelBytes(INT8_PANELS, depth);
  const panel = pointerArg(job, 1) + (chunk as usize) * bytes;
  memory.fill(panel, 0, bytes);
  let source = pointerArg(job, 0) + (row as usize) * floats(depth);
  for (let col = 0; col < numRows; col++, source += floats(depth)) {
    const largest = largestMagnitude(source, depth);
    f32.store(panel + floats(col), Rounding.scale(largest, LARGEST_INT8));
    const inverse = Rounding.inverse(largest, LARGEST_INT8);
    const steps = panel + PANEL_SCALES + ((col << 1) as usize);
    for (let k = 0; k < depth; k++) {
      const at = ((k >> 1) as usize) * INT8_PANEL_STEP + ((k & 1) as usize);
      store<i8>(steps + at, Rounding.round(f32.load(source + floats(k)) * inverse) as i8);
    }
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
function quantiseRow(row: usize, depth: i32, inverse: f32, to: usize, stride: usize): void {
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
function largestMagnitude(row: usize, length: i32): f32 {
  let largest = f32x4.splat(0);
  let k = 0;
  for (; k + 4 <= length; k += 4, row += 16) largest = f32x4.max(largest, f32x4.abs(v128.load(row)));
  let result = Vector.max(largest);
  for (; k < length; k++, row += 4) result = max(result, abs(f32.load(row)));
  return result;
}

abstract class Rounding {
  /** What an integer stands for, where `limit` stands for the largest magnitude; NaN if that is infinite. */
  @inline
  static scale(largest: f32, limit: f32): f32 {
    return largest < Rounding.tiny() ? 0 : largest / limit + (largest - largest);
  }

  @inline
  static inverse(largest: f32, limit: f32): f32 {
    return largest < Rounding.tiny() ? 0 : limit / largest;
  }

  @inline
  static round(x: f32): i32 {
    return reinterpret<i32>(x + ROUNDING) - ROUNDING_BITS;
  }

  @inline
  static roundVector(x: v128): v128 {
    return i32x4.sub(f32x4.add(x, f32x4.splat(ROUNDING)), i32x4.splat(ROUNDING_BITS));
  }

  /** 2^-100: so far down, the inverse may be infinite. */
  @inline
  static tiny(): f32 {
    return reinterpret<f32>(0x0d800000);
  }
}
