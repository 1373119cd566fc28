/**
 * Causal attention of one layer over the KV cache, which KeysValues holds: eight scores at a time are the sum over
 * headDim in order, whether one query asks (decode) or four (prefill), and the weighted values are the sum over tokens
 * in order. With the softmax of a row depending on that row alone, a token's result has the same bits in whatever step
 * and company it is computed. Tokens in sight of a tile but not of one of its rows have a weight of zero there, and
 * adding zero times a value leaves the bits alone.
 *
 * A tile is up to four consecutive rows of one sequence: { row, numRows, lane, position of the first } as i32. Tiles lie
 * behind a line that says how many they are, so that a job which was written once serves steps of any tiles.
 */
import { TILE_BYTES, TILE_ROWS, TILES_HEADER_BYTES } from './kernel-ids';
import { KeysValues, wholePanels } from './keys-values';
import { floatArg, intArg, pointerArg, floats } from './pool';
import { exponentiate } from './softmax';
import { Vector } from './vector';

function numTilesOf(job: usize): i32 {
  return load<i32>(pointerArg(job, 3));
}

function tileOf(job: usize, index: i32): usize {
  return pointerArg(job, 3) + TILES_HEADER_BYTES + (index as usize) * TILE_BYTES;
}

/** Columns of a row of queries, keys and values. */
function qkvDim(job: usize): i32 {
  return (intArg(job, 4) + 2 * intArg(job, 5)) * intArg(job, 6);
}

/**
 * Writes the keys and values of all rows into the cache. Tile t is done by chunk t modulo the number of chunks.
 * Arguments: qkv [rows, (numHeads + 2 numKvHeads) * headDim], keys and values of the layer, tiles, numHeads, numKvHeads,
 * headDim, laneLength.
 */
export function storeKeysValues<T extends KeysValues>(job: usize, chunk: i32): void {
  const headDim = intArg(job, 6);
  const kvBytes = floats(intArg(job, 5) * headDim);
  const numTiles = numTilesOf(job);
  const numChunks = load<i32>(job, 4);
  for (let i = chunk; i < numTiles; i += numChunks) {
    const tile = tileOf(job, i);
    const numRows = load<i32>(tile, 4);
    for (let r = 0; r < numRows; r++) {
      const row = load<i32>(tile) + r;
      const k = pointerArg(job, 0) + floats(row * qkvDim(job) + intArg(job, 4) * headDim);
      storeRow<T>(job, k, k + kvBytes, load<i32>(tile, 8), load<i32>(tile, 12) + r);
    }
  }
}

function storeRow<T extends KeysValues>(job: usize, k: usize, v: usize, lane: i32, position: i32): void {
  const numKvHeads = intArg(job, 5);
  const headDim = intArg(job, 6);
  const laneLength = wholePanels(intArg(job, 7));
  const keyBytes = changetype<T>(0).keyBytes(headDim, laneLength);
  const valueBytes = changetype<T>(0).valueBytes(headDim, laneLength);
  for (let head = 0; head < numKvHeads; head++) {
    const block = (lane * numKvHeads + head) as usize;
    const keys = pointerArg(job, 1) + block * keyBytes;
    const values = pointerArg(job, 2) + block * valueBytes;
    changetype<T>(0).store(k, v, keys, values, position, headDim, laneLength);
    k += floats(headDim);
    v += floats(headDim);
  }
}

/**
 * Lets every row attend to its own sequence. Pair p of (head, tile), head by head, is done by chunk p modulo the
 * number of chunks, so that one chunk's scratch serves all of its pairs.
 * Arguments: as storeKeysValues, then out [rows, numHeads * headDim], scratch, bytes of scratch a chunk, scale of the
 * scores, window: the tokens that a row sees, itself included.
 */
export function attention<T extends KeysValues>(job: usize, chunk: i32): void {
  const numTiles = numTilesOf(job);
  const numPairs = numTiles * intArg(job, 4);
  const numChunks = load<i32>(job, 4);
  const scratch = pointerArg(job, 9) + (chunk as usize) * pointerArg(job, 10);
  for (let pair = chunk; pair < numPairs; pair += numChunks) {
    attendTile<T>(job, tileOf(job, pair % numTiles), pair / numTiles, scratch);
  }
}

/** Scratch: totals [4], sums [4][valueDim], scores [4][laneLength], and what the format needs. */
function attendTile<T extends KeysValues>(job: usize, tile: usize, head: i32, scratch: usize): void {
  const numHeads = intArg(job, 4);
  const numKvHeads = intArg(job, 5);
  const headDim = intArg(job, 6);
  const valueDim = wholePanels(headDim);
  const laneLength = wholePanels(intArg(job, 7));
  const dim = numHeads * headDim;
  const row = load<i32>(tile);
  const numRows = load<i32>(tile, 4);
  const position = load<i32>(tile, 12);
  // Short sequences would feel the divisions.
  const kvHead = numHeads == numKvHeads ? head : head / (numHeads / numKvHeads);
  const block = (load<i32>(tile, 8) * numKvHeads + kvHead) as usize;
  const keys = pointerArg(job, 1) + block * changetype<T>(0).keyBytes(headDim, laneLength);
  const values = pointerArg(job, 2) + block * changetype<T>(0).valueBytes(headDim, laneLength);
  const totals = scratch;
  const sums = totals + floats(TILE_ROWS);
  const scores = sums + floats(valueDim * TILE_ROWS);
  const rest = scores + floats(laneLength * TILE_ROWS);
  const first = firstInSight(job, position);
  const start = first & ~7; // keys come in whole panels

  const query = pointerArg(job, 0) + floats(row * qkvDim(job) + head * headDim);
  const queryBytes = floats(qkvDim(job));
  const scale = floatArg(job, 11);
  changetype<T>(0).score(query, queryBytes, numRows, scale, keys, headDim, start, position + numRows, scores, laneLength, rest);
  for (let r = 0; r < numRows; r++) {
    const from = firstInSight(job, position + r);
    f32.store(totals + floats(r), weigh(scores + floats(r * laneLength), start, from, position + r + 1));
  }
  memory.fill(sums, 0, floats(valueDim * TILE_ROWS));
  changetype<T>(0).addValues(scores, values, first, position, numRows, headDim, laneLength, sums, rest);
  let out = pointerArg(job, 8) + floats(row * dim + head * headDim);
  for (let r = 0; r < numRows; r++, out += floats(dim)) {
    divideRow(sums + floats(r * valueDim), f32.load(totals + floats(r)), headDim, out);
  }
}

/** The first token that a row at `position` sees. */
function firstInSight(job: usize, position: i32): i32 {
  return max(0, position + 1 - intArg(job, 12));
}

/**
 * Turns the scores of the tokens from `first` to `end` into weights and returns their sum; tokens from `start`, a
 * panel's first, up to `first` weigh nothing. Panels without weight in front of a sum leave its bits alone.
 */
function weigh(scores: usize, start: i32, first: i32, end: i32): f32 {
  for (let token = start; token < first; token++) f32.store(scores + floats(token), -Infinity);
  return exponentiate(scores + floats(start), end - start);
}

/** out[d] = sum[d] / total for one head of one row. */
function divideRow(sum: usize, total: f32, headDim: i32, out: usize): void {
  const inverse = f32x4.splat(1 / total);
  for (let d = 0; d < headDim; d += 4, sum += 16, out += 16) {
    Vector.store(out, f32x4.mul(v128.load(sum), inverse), headDim - d);
  }
}
