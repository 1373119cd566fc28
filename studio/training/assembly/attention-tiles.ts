/**
 * What both passes of attention share. Scores of a query tile lie as [keys][8 queries].
 */

export const QUERY_TILE: i32 = 8;
export const TILES_PER_BLOCK: i32 = 8;

/** Bytes of scratch that one (sequence, head) needs, forward or backward. */
export function attentionScratchBytes(seq: i32, headDim: i32): usize {
  const matrix = <usize>seq * <usize>headDim * 4;
  const tiles = <usize>TILES_PER_BLOCK * <usize>seq * 32;
  return 7 * matrix + 2 * tiles + 2 * <usize>headDim * 32;
}

/** Copies one head's columns into [seq, headDim], times `scale`. */
export function gatherHead(
  source: usize,
  rowBytes: usize,
  seq: i32,
  headDim: i32,
  scale: f32,
  dest: usize,
): void {
  const headBytes = <usize>headDim * 4;
  const factor = f32x4.splat(scale);
  for (let row = 0; row < seq; row++) {
    const from = source + <usize>row * rowBytes;
    const to = dest + <usize>row * headBytes;
    for (let at: usize = 0; at < headBytes; at += 16)
      v128.store(to + at, f32x4.mul(v128.load(from + at), factor));
  }
}

/** out [4][8] = rows [4, headDim] x panel [headDim][8]; one function, lest V8 keep its sums in memory. */
function dot4x8(r0: usize, rowBytes: usize, headDim: i32, panel: usize, out: usize): void {
  let r1 = r0 + rowBytes;
  let r2 = r1 + rowBytes;
  let r3 = r2 + rowBytes;
  let a0 = f32x4.splat(0);
  let a1 = f32x4.splat(0);
  let b0 = f32x4.splat(0);
  let b1 = f32x4.splat(0);
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let d0 = f32x4.splat(0);
  let d1 = f32x4.splat(0);
  const end = panel + <usize>headDim * 32;
  while (panel < end) {
    const x0 = v128.load(panel);
    const x1 = v128.load(panel, 16);
    const a = v128.load32_splat(r0);
    a0 = f32x4.add(a0, f32x4.mul(a, x0));
    a1 = f32x4.add(a1, f32x4.mul(a, x1));
    const b = v128.load32_splat(r1);
    b0 = f32x4.add(b0, f32x4.mul(b, x0));
    b1 = f32x4.add(b1, f32x4.mul(b, x1));
    const c = v128.load32_splat(r2);
    c0 = f32x4.add(c0, f32x4.mul(c, x0));
    c1 = f32x4.add(c1, f32x4.mul(c, x1));
    const d = v128.load32_splat(r3);
    d0 = f32x4.add(d0, f32x4.mul(d, x0));
    d1 = f32x4.add(d1, f32x4.mul(d, x1));
    panel += 32;
    r0 += 4;
    r1 += 4;
    r2 += 4;
    r3 += 4;
  }
  v128.store(out, a0);
  v128.store(out, a1, 16);
  v128.store(out, b0, 32);
  v128.store(out, b1, 48);
  v128.store(out, c0, 64);
  v128.store(out, c1, 80);
  v128.store(out, d0, 96);
  v128.store(out, d1, 112);
}

/** out [numKeys][8] = rows [numKeys, headDim] x panel [headDim][8]; numKeys is a multiple of 4. */
export function dotRows(rows: usize, numKeys: i32, headDim: i32, panel: usize, out: usize): void {
  const rowBytes = <usize>headDim * 4;
  for (let key = 0; key < numKeys; key += 4) {
    dot4x8(rows + <usize>key * rowBytes, rowBytes, headDim, panel, out + <usize>key * 32);
  }
}

/** Sets the scores of keys that come after their query to a number whose exponential is 0. */
export function maskDiagonal(scores: usize, firstQuery: i32): void {
  const low = i32x4(0, 1, 2, 3);
  const high = i32x4(4, 5, 6, 7);
  const never = f32x4.splat(-1e30);
  for (let key = 0; key < QUERY_TILE; key++) {
    const at = scores + <usize>(firstQuery + key) * 32;
    const first = i32x4.splat(key);
    v128.store(at, v128.bitselect(v128.load(at), never, i32x4.ge_s(low, first)));
    v128.store(at, v128.bitselect(v128.load(at, 16), never, i32x4.ge_s(high, first)), 16);
  }
}

/** Index of (query, key 0) in [sequences * heads, seq, seq], for the lanes of one half of the tile. */
export function dropoutIndex(head: i32, firstQuery: i32, seq: i32): v128 {
  const first = (head * seq + firstQuery) * seq;
  return i32x4.add(i32x4.splat(first), i32x4.mul(i32x4(0, 1, 2, 3), i32x4.splat(seq)));
}
