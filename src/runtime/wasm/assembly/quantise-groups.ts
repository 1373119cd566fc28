/**
 * Rows for products of quads: 64 numbers of a row at a time are 7-bit integers from 0 to 127 less an offset, times a
 * scale of their own, so that one large number spoils no more than its group.
 *
 *     rows X [rows, in]  ->  tiles of 4 rows [rows / 4], each group of 64 k (the last may be shorter) in it:
 *                            4 scales as float32, 4 offsets as int32, [16][4][4] integers;
 *                            a single row: the same for the one row, its scale and offset padded to 16 bytes together
 *
 * A group spans from its least number to its largest, zero included, and zero is exact: it is the offset. As in panels
 * of quads, offsets are negative and cut to 16 bits. Rows with a NaN or an infinity get NaN for all of their results.
 */
import { QUAD_GROUP } from './kernel-ids';
import { quadSteps } from './panels';
import { floats, intArg, pointerArg } from './pool';
import { Rounding } from './rounding';

const LARGEST: f32 = 127;

/** Bytes of the scales and offsets in front of a group. */
export function groupHeadBytes(numRows: i32): usize {
  return numRows == 1 ? 16 : 32;
}

export function groupedTileBytes(numRows: i32, depth: i32): usize {
  const numGroups = ((depth + QUAD_GROUP - 1) / QUAD_GROUP) as usize;
  return numGroups * groupHeadBytes(numRows) + floats(numRows * quadSteps(depth));
}

/** One tile of four rows a chunk, or the single row. Arguments: rows [numRows, depth], tiles, numRows, depth. */
export function quantiseGroups(job: usize, chunk: i32): void {
  const numRows = intArg(job, 2);
  const depth = intArg(job, 3);
  const width = numRows == 1 ? 1 : 4;
  const bytes = groupedTileBytes(width, depth);
  const tile = pointerArg(job, 1) + (chunk as usize) * bytes;
  memory.fill(tile, 0, bytes);
  const rowsHere = min(width, numRows - chunk * width);
  const groupBytes = groupHeadBytes(width) + floats((width * QUAD_GROUP) >> 2);
  for (let r = 0; r < rowsHere; r++) {
    const row = pointerArg(job, 0) + floats((chunk * width + r) * depth);
    let group = tile;
    for (let first = 0; first < depth; first += QUAD_GROUP, group += groupBytes) {
      quantiseGroup(row + floats(first), min(QUAD_GROUP, depth - first), r, width, group);
    }
  }
}

function quantiseGroup(x: usize, length: i32, row: i32, width: i32, group: usize): void {
  let least = f32x4.splat(0);
  let largest = f32x4.splat(0);
  let k = 0;
  for (; k + 4 <= length; k += 4) {
    const value = v128.load(x + floats(k));
    least = f32x4.min(least, value);
    largest = f32x4.max(largest, value);
  }
  let low = Math4.least(least);
  let high = Math4.largest(largest);
  for (; k < length; k++) {
    low = min(low, f32.load(x + floats(k)));
    high = max(high, f32.load(x + floats(k)));
  }
  const inverse = Rounding.inverse(high - low, LARGEST);
  const offset = Rounding.round(-low * inverse);
  f32.store(group + floats(row), Rounding.scale(high - low, LARGEST));
  store<i32>(group + floats(width + row), -offset & 0xffff);

  const to = group + groupHeadBytes(width) + floats(row);
  const stride = floats(width);
  const inverses = f32x4.splat(inverse);
  const offsets = i32x4.splat(offset);
  let quad = to;
  for (k = 0; k + 4 <= length; k += 4, quad += stride) {
    const integers = i32x4.add(Rounding.roundVector(f32x4.mul(v128.load(x + floats(k)), inverses)), offsets);
    const words = i16x8.narrow_i32x4_s(integers, integers);
    v128.store32_lane(quad, i8x16.narrow_i16x8_s(words, words), 0);
  }
  for (; k < length; k++) {
    const integer = Rounding.round(f32.load(x + floats(k)) * inverse) + offset;
    store<i8>(quad + ((k & 3) as usize), min(127, max(-128, integer)) as i8);
  }
}

abstract class Math4 {
  @inline
  static least(x: v128): f32 {
    return min(min(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)), min(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)));
  }

  @inline
  static largest(x: v128): f32 {
    return max(max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)), max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)));
  }
}
