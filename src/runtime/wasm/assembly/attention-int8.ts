/**
 * Attention over keys and values as integers of 8 bits, a scale for each token of a head: a quarter of float32's bytes,
 * and sums of exact integer products.
 *
 *     keys    panels of 8 tokens [laneLength / 8], as INT8_PANELS of a weight: 8 scales, [headDim / 2][8][2]
 *     values  [laneLength] scales, then by 8 columns [headDim / 8][laneLength / 2][8][2]: a token's integers beside
 *             those of the next
 *
 * Queries are rows of int16 (quantise.ts) against the panels of keys. Of the weights, each first takes its token's scale
 * in; then up to 64 tokens at a time, from a multiple of 64 on, are a row of int16 against a column of values. Blocks
 * have scales of their own since one token often has most of the weight, and the others are to keep their digits.
 */
import { fetchAhead } from './fetch-ahead';
import { INT8_PANELS, TILE_ROWS, WEIGHT_BLOCK } from './kernel-ids';
import { KeysValues, wholePanels } from './keys-values';
import { int8Steps, panelBytes, PANEL_SCALES } from './panels';
import { floats } from './pool';
import { LARGEST_INT8, largestMagnitude, quantisedTileBytes, quantiseRow, TILE_SCALES } from './quantise';
import { Rounding } from './rounding';
import { row1x24Int8, row1x24Int8Sums, row1x8Int8, row1x8Int8Sums, tile4x8Int8, tile4x8Int8Sums } from './tiles.generated';

const LARGEST_INT16: f32 = 32767;
/** The largest head of which a sum of products stays within 32 bits with queries of 16. */
const LARGEST_EXACT_HEAD: i32 = 516;

export class Int8KeysValues extends KeysValues {
  keyBytes(headDim: i32, laneLength: i32): usize {
    return ((laneLength >> 3) as usize) * panelBytes(INT8_PANELS, headDim);
  }

  valueBytes(headDim: i32, laneLength: i32): usize {
    return floats(laneLength) + ((wholePanels(headDim) * laneLength) as usize);
  }

  store(k: usize, v: usize, keys: usize, values: usize, position: i32, headDim: i32, laneLength: i32): void {
    storeKey(k, keys + ((position >> 3) as usize) * panelBytes(INT8_PANELS, headDim), position & 7, headDim);
    storeValue(v, values, position, headDim, laneLength);
  }

  /** Scratch: a tile of queries. */
  score(
    query: usize,
    queryBytes: usize,
    numRows: i32,
    scale: f32,
    keys: usize,
    headDim: i32,
    start: i32,
    end: i32,
    scores: usize,
    laneLength: i32,
    scratch: usize,
  ): void {
    const width = numRows == 1 ? 1 : TILE_ROWS;
    quantiseQueries(query, queryBytes, numRows, width, headDim, scale, scratch);
    const bytes = panelBytes(INT8_PANELS, headDim);
    const steps = int8Steps(headDim);
    let panel = keys + ((start >> 3) as usize) * bytes;
    if (width == 1) return scoreRow(scratch, panel, bytes, steps, start, end, scores);
    for (let token = start; token < end; token += 8, panel += bytes) {
      tile4x8Int8(scratch, panel, steps, 0, scores + floats(token), laneLength, TILE_ROWS, 8);
    }
  }

  /** Scratch: tiles of weights, a block each. */
  addValues(
    weights: usize,
    values: usize,
    first: i32,
    position: i32,
    numRows: i32,
    headDim: i32,
    laneLength: i32,
    sums: usize,
    scratch: usize,
  ): void {
    const width = numRows == 1 ? 1 : TILE_ROWS;
    const tileBytes = quantisedTileBytes(width, WEIGHT_BLOCK);
    const start = first & ~7;
    const end = position + numRows;
    for (let token = start, tile = scratch; token < end; token = blockEnd(token, end), tile += tileBytes) {
      memory.fill(tile, 0, tileBytes);
      for (let r = 0; r < numRows; r++) {
        const length = min(blockEnd(token, end), position + r + 1) - token;
        const row = weights + floats(r * laneLength + token);
        if (length > 0) quantiseWeights(row, values + floats(token), length, tile, r, width);
      }
    }
    const column = values + floats(laneLength);
    const columnBytes = (laneLength << 3) as usize;
    if (width == 1) return addToRow(scratch, column, columnBytes, start, end, headDim, sums);
    addToTile(scratch, column, columnBytes, start, end, wholePanels(headDim), sums);
  }
}

/** Scores of one query against panels of keys, three at a time as far as they go. */
function scoreRow(query: usize, panel: usize, panelBytes: usize, steps: i32, start: i32, end: i32, scores: usize): void {
  fetchAhead(panel, ((wholePanels(end - start) >> 3) as usize) * panelBytes);
  let token = start;
  for (; token + 16 < end; token += 24, panel += 3 * panelBytes) {
    row1x24Int8(query, panel, panelBytes, steps, 0, scores + floats(token), 24);
  }
  for (; token < end; token += 8, panel += panelBytes) row1x8Int8(query, panel, steps, 0, scores + floats(token), 8);
}

/** Adds the blocks of weights times columns of values to sums [headDim], three columns of eight at a time. */
function addToRow(blocks: usize, column: usize, columnBytes: usize, start: i32, end: i32, headDim: i32, sums: usize): void {
  const tileBytes = quantisedTileBytes(1, WEIGHT_BLOCK);
  const numBytes = pairOffset(end + 1) - pairOffset(start);
  let d = 0;
  for (; d + 16 < headDim; d += 24, column += 3 * columnBytes, sums += 96) {
    for (let i: usize = 0; i < 3; i++) fetchAhead(column + i * columnBytes + pairOffset(start), numBytes);
    for (let token = start, tile = blocks; token < end; token = blockEnd(token, end), tile += tileBytes) {
      const steps = int8Steps(blockEnd(token, end) - token);
      row1x24Int8Sums(tile, column + pairOffset(token), columnBytes, steps, 0, sums, 24);
    }
  }
  for (; d < headDim; d += 8, column += columnBytes, sums += 32) {
    fetchAhead(column + pairOffset(start), numBytes);
    for (let token = start, tile = blocks; token < end; token = blockEnd(token, end), tile += tileBytes) {
      row1x8Int8Sums(tile, column + pairOffset(token), int8Steps(blockEnd(token, end) - token), 0, sums, 8);
    }
  }
}

/** The same for four rows: sums [4][valueDim]. */
function addToTile(blocks: usize, column: usize, columnBytes: usize, start: i32, end: i32, valueDim: i32, sums: usize): void {
  const tileBytes = quantisedTileBytes(TILE_ROWS, WEIGHT_BLOCK);
  for (let d = 0; d < valueDim; d += 8, column += columnBytes, sums += 32) {
    for (let token = start, tile = blocks; token < end; token = blockEnd(token, end), tile += tileBytes) {
      const steps = int8Steps(blockEnd(token, end) - token);
      tile4x8Int8Sums(tile, column + pairOffset(token), steps, 0, sums, valueDim, TILE_ROWS, 8);
    }
  }
}

/** Where the block of a token ends. */
function blockEnd(token: i32, end: i32): i32 {
  return min(end, (token & ~(WEIGHT_BLOCK - 1)) + WEIGHT_BLOCK);
}

/** Where in a column of values the pair of a token lies. */
function pairOffset(token: i32): usize {
  return ((token >> 1) as usize) << 4;
}

function storeKey(k: usize, panel: usize, column: i32, headDim: i32): void {
  const largest = largestMagnitude(k, headDim);
  const inverse = Rounding.inverse(largest, LARGEST_INT8);
  f32.store(panel + floats(column), Rounding.scale(largest, LARGEST_INT8));
  let to = panel + PANEL_SCALES + ((column << 1) as usize);
  let d = 0;
  for (; d + 8 <= headDim; d += 8, k += 32, to += 64) {
    const integers = roundEight(k, inverse);
    v128.store16_lane(to, integers, 0);
    v128.store16_lane(to, integers, 1, 16);
    v128.store16_lane(to, integers, 2, 32);
    v128.store16_lane(to, integers, 3, 48);
  }
  for (; d < headDim; d += 2, k += 8, to += 16) {
    store<i8>(to, Rounding.round(f32.load(k) * inverse) as i8);
    store<i8>(to, d + 1 < headDim ? (Rounding.round(f32.load(k, 4) * inverse) as i8) : 0, 1);
  }
}

function storeValue(v: usize, values: usize, position: i32, headDim: i32, laneLength: i32): void {
  const largest = largestMagnitude(v, headDim);
  const inverse = Rounding.inverse(largest, LARGEST_INT8);
  f32.store(values + floats(position), Rounding.scale(largest, LARGEST_INT8));
  let to = values + floats(laneLength) + pairOffset(position) + ((position & 1) as usize);
  const columnBytes = (laneLength << 3) as usize;
  let d = 0;
  for (; d + 8 <= headDim; d += 8, v += 32, to += columnBytes) {
    const integers = roundEight(v, inverse);
    v128.store8_lane(to, integers, 0);
    v128.store8_lane(to, integers, 1, 2);
    v128.store8_lane(to, integers, 2, 4);
    v128.store8_lane(to, integers, 3, 6);
    v128.store8_lane(to, integers, 4, 8);
    v128.store8_lane(to, integers, 5, 10);
    v128.store8_lane(to, integers, 6, 12);
    v128.store8_lane(to, integers, 7, 14);
  }
  for (; d < headDim; d++, v += 4, to += 2) store<i8>(to, Rounding.round(f32.load(v) * inverse) as i8);
}

/** Eight numbers times `inverse` as eight bytes, twice. */
function roundEight(numbers: usize, inverse: f32): v128 {
  const scale = f32x4.splat(inverse);
  const low = Rounding.roundVector(f32x4.mul(v128.load(numbers), scale));
  const high = Rounding.roundVector(f32x4.mul(v128.load(numbers, 16), scale));
  const words = i16x8.narrow_i32x4_s(low, high);
  return i8x16.narrow_i16x8_s(words, words);
}

/** Queries as a tile of one or four rows; rows that do not exist are zeros. */
function quantiseQueries(q: usize, queryBytes: usize, numRows: i32, width: i32, headDim: i32, scale: f32, tile: usize): void {
  const limit = headDim <= LARGEST_EXACT_HEAD ? LARGEST_INT16 : (((i32.MAX_VALUE / 127 / headDim) as f32));
  if (numRows < width) memory.fill(tile, 0, quantisedTileBytes(width, headDim));
  for (let r = 0; r < numRows; r++, q += queryBytes) {
    const largest = largestMagnitude(q, headDim);
    f32.store(tile + floats(r), Rounding.scale(largest, limit) * scale);
    quantiseRow(q, headDim, Rounding.inverse(largest, limit), tile + TILE_SCALES + floats(r), floats(width));
  }
}

/** Multiplies weights with the scales of their tokens, in place, and makes them row `row` of a tile. */
function quantiseWeights(weights: usize, scales: usize, length: i32, tile: usize, row: i32, width: i32): void {
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    const at = weights + floats(i);
    v128.store(at, f32x4.mul(v128.load(at), v128.load(scales + floats(i))));
  }
  // One at a time: behind the last token, scales may be anything.
  for (; i < length; i++) f32.store(weights + floats(i), f32.load(weights + floats(i)) * f32.load(scales + floats(i)));
  const largest = largestMagnitude(weights, length);
  f32.store(tile + floats(row), Rounding.scale(largest, LARGEST_INT16));
  quantiseRow(weights, length, Rounding.inverse(largest, LARGEST_INT16), tile + TILE_SCALES + floats(row), floats(width));
}
