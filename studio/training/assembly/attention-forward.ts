import { Vector } from './vector';
import { dotRows, dropoutIndex, gatherHead, maskDiagonal, QUERY_TILE } from './attention-tiles';
import { packLanes, tile8x4 } from './gemm';
import { Dropout } from './dropout';

/**
 * Causal attention of one sequence and one head at a time, forward and backward, eight queries side by side.
 *
 * Scores of a query tile lie as [keys][8 queries]: the softmax over the keys then runs down the vectors, and the
 * same buffer is the A tile of the product with V. The backward pass computes the probabilities again from each
 * row's maximum and 1 / sum, so that no [seq, seq] matrix outlives its tile; it gathers eight query tiles before it
 * adds their share to dK and dV.
 *
 * `seq` is a multiple of 8.
 *
 * See also attention-backward.ts and, for what both share, attention-tiles.ts.
 */

/** Scores [keys][8] -> probabilities before normalisation; the maximum and 1 / sum of each query go to `stats`. */
function softmaxTile(scores: usize, numKeys: i32, maxAt: usize, invSumAt: usize): void {
  const end = scores + <usize>numKeys * 32;
  let max0 = f32x4.splat(-1e30);
  let max1 = max0;
  for (let at = scores; at < end; at += 32) {
    max0 = f32x4.pmax(max0, v128.load(at));
    max1 = f32x4.pmax(max1, v128.load(at, 16));
  }
  let sum0 = f32x4.splat(0);
  let sum1 = sum0;
  for (let at = scores; at < end; at += 32) {
    const e0 = Vector.exp(f32x4.sub(v128.load(at), max0));
    const e1 = Vector.exp(f32x4.sub(v128.load(at, 16), max1));
    sum0 = f32x4.add(sum0, e0);
    sum1 = f32x4.add(sum1, e1);
    v128.store(at, e0);
    v128.store(at, e1, 16);
  }
  const one = f32x4.splat(1);
  v128.store(maxAt, max0);
  v128.store(maxAt, max1, 16);
  v128.store(invSumAt, f32x4.div(one, sum0));
  v128.store(invSumAt, f32x4.div(one, sum1), 16);
}

/** Normalises the tile and drops attention weights: survivors grow by `keepScale`. */
function normaliseTile(
  tile: usize,
  numKeys: i32,
  invSumAt: usize,
  head: i32,
  firstQuery: i32,
  seq: i32,
  seed: i32,
  threshold: i32,
  keepScale: f32,
): void {
  const scale = f32x4.splat(keepScale);
  const inv0 = f32x4.mul(v128.load(invSumAt), scale);
  const inv1 = f32x4.mul(v128.load(invSumAt, 16), scale);
  let index0 = dropoutIndex(head, firstQuery, seq);
  let index1 = dropoutIndex(head, firstQuery + 4, seq);
  const one = i32x4.splat(1);
  const end = tile + <usize>numKeys * 32;
  for (let at = tile; at < end; at += 32) {
    let p0 = f32x4.mul(v128.load(at), inv0);
    let p1 = f32x4.mul(v128.load(at, 16), inv1);
    if (threshold > 0) {
      p0 = v128.and(p0, Dropout.keepMask(index0, seed, threshold));
      p1 = v128.and(p1, Dropout.keepMask(index1, seed, threshold));
      index0 = i32x4.add(index0, one);
      index1 = i32x4.add(index1, one);
    }
    v128.store(at, p0);
    v128.store(at, p1, 16);
  }
}

/**
 * qkv [rows, 3 * dim] -> out [rows, dim] for sequence `head / numHeads`, head `head % numHeads`;
 * stats [heads][2][seq] keeps each query's maximum and 1 / sum for the backward pass.
 */
export function attentionForward(
  qkv: usize,
  out: usize,
  stats: usize,
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
  const matrix = <usize>seq * <usize>headDim * 4;
  const column = <usize>(head % numHeads) * <usize>headDim * 4;
  const firstRow = <usize>(head / numHeads) * <usize>seq;
  const qkvHead = qkv + firstRow * rowBytes + column;
  const outHead = out + firstRow * outBytes + column;
  const queries = scratch; // [seq, headDim]
  const keys = queries + matrix; // [seq, headDim]
  const values = keys + matrix; // [seq, headDim]
  const valuePanels = values + matrix; // [headDim / 4][seq][4]
  const scores = valuePanels + matrix; // [seq][8]
  const queryPanel = scores + <usize>seq * 32; // [headDim][8]

  gatherHead(qkvHead, rowBytes, seq, headDim, <f32>(1 / Math.sqrt(headDim)), queries);
  gatherHead(qkvHead + outBytes, rowBytes, seq, headDim, 1, keys);
  gatherHead(qkvHead + 2 * outBytes, rowBytes, seq, headDim, 1, values);
  packLanes(values, 4, <usize>headDim * 4, seq, 4, 0, headDim, valuePanels);
  for (let query = 0; query < seq; query += QUERY_TILE) {
    const numKeys = query + QUERY_TILE;
    const maxAt = stats + (<usize>head * 2 * <usize>seq + <usize>query) * 4;
    const invSumAt = maxAt + <usize>seq * 4;
    packLanes(queries + <usize>(query * headDim) * 4, <usize>headDim * 4, 4, headDim, 8, 0, 8, queryPanel);
    dotRows(keys, numKeys, headDim, queryPanel, scores);
    maskDiagonal(scores, query);
    softmaxTile(scores, numKeys, maxAt, invSumAt);
    normaliseTile(scores, numKeys, invSumAt, head, query, seq, seed, threshold, keepScale);
    for (let d = 0; d < headDim; d += 4) {
      const panel = valuePanels + <usize>(d * seq) * 4;
      const to = outHead + <usize>query * outBytes + <usize>d * 4;
      tile8x4(scores, panel, numKeys, to, outBytes);
    }
  }
}
