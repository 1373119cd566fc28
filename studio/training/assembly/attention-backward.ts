import { Vector } from './vector';
import {
  dotRows,
  dropoutIndex,
  gatherHead,
  maskDiagonal,
  QUERY_TILE,
  TILES_PER_BLOCK,
} from './attention-tiles';
import { packLanes, tile8x4 } from './gemm';
import { Dropout } from './dropout';

/** The way back: [seq, headDim] into the head's columns. */
function scatterHead(source: usize, seq: i32, headDim: i32, dest: usize, rowBytes: usize): void {
  const headBytes = <usize>headDim * 4;
  for (let row = 0; row < seq; row++)
    memory.copy(dest + <usize>row * rowBytes, source + <usize>row * headBytes, headBytes);
}

/** delta[query] = sum over d of dOut * out: what the softmax's gradient subtracts, dropout or not. */
function rowDot(a: usize, b: usize, headDim: i32): f32 {
  let sum = f32x4.splat(0);
  for (let d: usize = 0; d < <usize>headDim * 4; d += 16)
    sum = f32x4.add(sum, f32x4.mul(v128.load(a + d), v128.load(b + d)));
  return Vector.sum(sum);
}

/**
 * In place on two tiles [keys][8]: scores -> dropped probabilities, gradients of the dropped probabilities ->
 * gradients of the scores. dScore = p * (keep * dDropped - delta).
 */
function softmaxBackwardTile(
  scores: usize,
  gradients: usize,
  numKeys: i32,
  maxAt: usize,
  invSumAt: usize,
  delta0: v128,
  delta1: v128,
  head: i32,
  firstQuery: i32,
  seq: i32,
  seed: i32,
  threshold: i32,
  keepScale: f32,
): void {
  const max0 = v128.load(maxAt);
  const max1 = v128.load(maxAt, 16);
  const inv0 = v128.load(invSumAt);
  const inv1 = v128.load(invSumAt, 16);
  const scale = f32x4.splat(keepScale);
  let index0 = dropoutIndex(head, firstQuery, seq);
  let index1 = dropoutIndex(head, firstQuery + 4, seq);
  const one = i32x4.splat(1);
  const end = <usize>numKeys * 32;
  for (let at: usize = 0; at < end; at += 32) {
    const p0 = f32x4.mul(Vector.exp(f32x4.sub(v128.load(scores + at), max0)), inv0);
    const p1 = f32x4.mul(Vector.exp(f32x4.sub(v128.load(scores + at, 16), max1)), inv1);
    let keep0 = scale;
    let keep1 = scale;
    if (threshold > 0) {
      keep0 = v128.and(scale, Dropout.keepMask(index0, seed, threshold));
      keep1 = v128.and(scale, Dropout.keepMask(index1, seed, threshold));
      index0 = i32x4.add(index0, one);
      index1 = i32x4.add(index1, one);
    }
    const d0 = f32x4.sub(f32x4.mul(v128.load(gradients + at), keep0), delta0);
    const d1 = f32x4.sub(f32x4.mul(v128.load(gradients + at, 16), keep1), delta1);
    v128.store(scores + at, f32x4.mul(p0, keep0));
    v128.store(scores + at, f32x4.mul(p1, keep1), 16);
    v128.store(gradients + at, f32x4.mul(p0, d0));
    v128.store(gradients + at, f32x4.mul(p1, d1), 16);
  }
}

/**
 * out [8 keys, 4] += the tiles' weights [tile][key][8 queries], transposed, x rows [8 queries of each tile, 4].
 * `weights` points at the first of the eight keys in the first tile.
 */
function accumulateKeys(
  weights: usize,
  tileBytes: usize,
  numTiles: i32,
  rows: usize,
  rowBytes: usize,
  out: usize,
): void {
  let at = out;
  let c0 = v128.load(at);
  let c1 = v128.load((at += rowBytes));
  let c2 = v128.load((at += rowBytes));
  let c3 = v128.load((at += rowBytes));
  let c4 = v128.load((at += rowBytes));
  let c5 = v128.load((at += rowBytes));
  let c6 = v128.load((at += rowBytes));
  let c7 = v128.load((at += rowBytes));
  for (let tile = 0; tile < numTiles; tile++) {
    let a = weights + <usize>tile * tileBytes;
    const end = a + 32;
    while (a < end) {
      const x = v128.load(rows);
      c0 = f32x4.add(c0, f32x4.mul(v128.load32_splat(a, 0), x));
      c1 = f32x4.add(c1, f32x4.mul(v128.load32_splat(a, 32), x));
      c2 = f32x4.add(c2, f32x4.mul(v128.load32_splat(a, 64), x));
      c3 = f32x4.add(c3, f32x4.mul(v128.load32_splat(a, 96), x));
      c4 = f32x4.add(c4, f32x4.mul(v128.load32_splat(a, 128), x));
      c5 = f32x4.add(c5, f32x4.mul(v128.load32_splat(a, 160), x));
      c6 = f32x4.add(c6, f32x4.mul(v128.load32_splat(a, 192), x));
      c7 = f32x4.add(c7, f32x4.mul(v128.load32_splat(a, 224), x));
      a += 4;
      rows += rowBytes;
    }
  }
  at = out;
  v128.store(at, c0);
  v128.store((at += rowBytes), c1);
  v128.store((at += rowBytes), c2);
  v128.store((at += rowBytes), c3);
  v128.store((at += rowBytes), c4);
  v128.store((at += rowBytes), c5);
  v128.store((at += rowBytes), c6);
  v128.store((at += rowBytes), c7);
}

/** dOut [rows, dim] -> dQkv [rows, 3 * dim], all three parts of one head; out and stats as the forward pass left them. */
export function attentionBackward(
  qkv: usize,
  out: usize,
  stats: usize,
  dOut: usize,
  dQkv: usize,
  scratch: usize,
  head: i32,
  numHeads: i32,
  headDim: i32,
  seq: i32,
  seed: i32,
  threshold: i32,
  keepScale: f32,
): void {
  const dim = numHeads * headDim;
  const rowBytes = <usize>dim * 12;
  const outBytes = <usize>dim * 4;
  const headBytes = <usize>headDim * 4;
  const matrix = <usize>seq * headBytes;
  const column = <usize>(head % numHeads) * headBytes;
  const firstRow = <usize>(head / numHeads) * <usize>seq;
  const qkvHead = qkv + firstRow * rowBytes + column;
  const outHead = out + firstRow * outBytes + column;
  const dOutHead = dOut + firstRow * outBytes + column;
  const dQkvHead = dQkv + firstRow * rowBytes + column;
  const tileBytes = <usize>seq * 32;
  const queries = scratch; // [seq, headDim], scaled
  const keys = queries + matrix; // [seq, headDim]
  const values = keys + matrix; // [seq, headDim]
  const dOuts = values + matrix; // [seq, headDim]
  const keyPanels = dOuts + matrix; // [headDim / 4][seq][4], scaled
  const dKeys = keyPanels + matrix; // [seq, headDim]
  const dValues = dKeys + matrix; // [seq, headDim]
  const weights = dValues + matrix; // [tile][seq][8]
  const dScores = weights + <usize>TILES_PER_BLOCK * tileBytes; // [tile][seq][8]
  const queryPanel = dScores + <usize>TILES_PER_BLOCK * tileBytes; // [headDim][8]
  const dOutPanel = queryPanel + <usize>headDim * 32; // [headDim][8]
  const scale = <f32>(1 / Math.sqrt(headDim));

  // The scaled keys serve dQ alone; `dKeys` holds them until they are packed.
  gatherHead(qkvHead + outBytes, rowBytes, seq, headDim, scale, dKeys);
  packLanes(dKeys, 4, headBytes, seq, 4, 0, headDim, keyPanels);
  gatherHead(qkvHead, rowBytes, seq, headDim, scale, queries);
  gatherHead(qkvHead + outBytes, rowBytes, seq, headDim, 1, keys);
  gatherHead(qkvHead + 2 * outBytes, rowBytes, seq, headDim, 1, values);
  gatherHead(dOutHead, outBytes, seq, headDim, 1, dOuts);
  memory.fill(dKeys, 0, 2 * matrix);

  const blockQueries = TILES_PER_BLOCK * QUERY_TILE;
  for (let block = 0; block < seq; block += blockQueries) {
    const blockEnd = min(seq, block + blockQueries);
    for (let query = block; query < blockEnd; query += QUERY_TILE) {
      const tile = (query - block) / QUERY_TILE;
      const tileWeights = weights + <usize>tile * tileBytes;
      const tileScores = dScores + <usize>tile * tileBytes;
      const numKeys = query + QUERY_TILE;
      const maxAt = stats + (<usize>head * 2 * <usize>seq + <usize>query) * 4;
      packLanes(queries + <usize>query * headBytes, headBytes, 4, headDim, 8, 0, 8, queryPanel);
      packLanes(dOuts + <usize>query * headBytes, headBytes, 4, headDim, 8, 0, 8, dOutPanel);
      dotRows(keys, numKeys, headDim, queryPanel, tileWeights);
      maskDiagonal(tileWeights, query);
      dotRows(values, numKeys, headDim, dOutPanel, tileScores);
      // The panels are free now: the eight deltas go into one of them.
      for (let q = 0; q < QUERY_TILE; q++) {
        const row = query + q;
        const dOutRow = dOuts + <usize>row * headBytes;
        const delta = rowDot(dOutRow, outHead + <usize>row * outBytes, headDim);
        f32.store(queryPanel + <usize>q * 4, delta);
      }
      softmaxBackwardTile(
        tileWeights,
        tileScores,
        numKeys,
        maxAt,
        maxAt + <usize>seq * 4,
        v128.load(queryPanel),
        v128.load(queryPanel, 16),
        head,
        query,
        seq,
        seed,
        threshold,
        keepScale,
      );
      for (let d = 0; d < headDim; d += 4) {
        const panel = keyPanels + <usize>(d * seq) * 4;
        const to = dQkvHead + <usize>query * rowBytes + <usize>d * 4;
        tile8x4(tileScores, panel, numKeys, to, rowBytes);
      }
    }
    for (let key = 0; key < blockEnd; key += 8) {
      // Tiles whose queries all come before these keys have no scores there.
      const firstTile = max(0, (key - block) / QUERY_TILE);
      const numTiles = (blockEnd - block) / QUERY_TILE - firstTile;
      const offset = <usize>firstTile * tileBytes + <usize>key * 32;
      const firstQuery = <usize>(block + firstTile * QUERY_TILE) * headBytes;
      for (let d: usize = 0; d < headBytes; d += 16) {
        const to = <usize>key * headBytes + d;
        accumulateKeys(
          weights + offset,
          tileBytes,
          numTiles,
          dOuts + firstQuery + d,
          headBytes,
          dValues + to,
        );
        accumulateKeys(
          dScores + offset,
          tileBytes,
          numTiles,
          queries + firstQuery + d,
          headBytes,
          dKeys + to,
        );
      }
    }
  }
  scatterHead(dKeys, seq, headDim, dQkvHead + outBytes, rowBytes);
  scatterHead(dValues, seq, headDim, dQkvHead + 2 * outBytes, rowBytes);
}
