/**
 * Dense products: C [rows, cols] = A [rows, depth] x B [depth, cols], both operands packed first.
 *
 *   A in tiles of 8 rows     [rows / 8][depth][8]
 *   B in panels of 4 columns [cols / 4][depth][4]
 *
 * The packers take strides, so a transposed operand is only another way to pack; the product knows one layout.
 * The tile keeps 8 x 4 sums in eight named vectors: 128-bit multiply and add at the full rate of the core.
 */

/** Depth of one pass: a tile of A (16 KB) and a panel of B (8 KB) stay in the first-level cache. */
const DEPTH_BLOCK: i32 = 512;
/** Steps along the depth that a packer takes before it goes to the next quad: its source lines stay cached. */
const PACK_BLOCK: i32 = 128;

/** One quad of lanes, depth `start` to `end`: element (k, lane) goes to dest + k * destStride + lane * 4. */
function packQuad(
  source: usize,
  laneBytes: usize,
  depthBytes: usize,
  start: i32,
  end: i32,
  dest: usize,
  destStride: usize,
): void {
  if (laneBytes == 4) {
    for (let k = start; k < end; k++)
      v128.store(dest + <usize>k * destStride, v128.load(source + <usize>k * depthBytes));
    return;
  }
  const lane1 = source + laneBytes;
  const lane2 = lane1 + laneBytes;
  const lane3 = lane2 + laneBytes;
  for (let k = start; k < end; k += 4) {
    const at = <usize>k * 4;
    const a = v128.load(source + at);
    const b = v128.load(lane1 + at);
    const c = v128.load(lane2 + at);
    const d = v128.load(lane3 + at);
    const ab01 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const ab23 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const cd01 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
    const cd23 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    let to = dest + <usize>k * destStride;
    v128.store(to, v128.shuffle<f64>(ab01, cd01, 0, 2));
    v128.store((to += destStride), v128.shuffle<f64>(ab01, cd01, 1, 3));
    v128.store((to += destStride), v128.shuffle<f64>(ab23, cd23, 0, 2));
    v128.store((to += destStride), v128.shuffle<f64>(ab23, cd23, 1, 3));
  }
}

/**
 * Packs the lanes `first` to `last` (rows of A, columns of B) into groups of `width` (8 or 4). Groups before `first`
 * are laid out already: `dest` is where group 0 begins. Either lanes or depth are contiguous in the source (stride 4
 * bytes), the other has any stride; lanes are a multiple of `width`, and the depth of 4.
 */
export function packLanes(
  source: usize,
  laneBytes: usize,
  depthBytes: usize,
  depth: i32,
  width: i32,
  first: i32,
  last: i32,
  dest: usize,
): void {
  const groupBytes = <usize>depth * <usize>width * 4;
  for (let start = 0; start < depth; start += PACK_BLOCK) {
    const end = min(depth, start + PACK_BLOCK);
    for (let lane = first; lane < last; lane += 4) {
      const from = source + <usize>lane * laneBytes;
      const to = dest + <usize>(lane / width) * groupBytes + <usize>(lane % width) * 4;
      packQuad(from, laneBytes, depthBytes, start, end, to, <usize>width * 4);
    }
  }
}

/**
 * C [8, 4] = a [depth][8] x b [depth][4], depth even. No condition may follow the loop: V8 would then keep sums in
 * memory inside it, at half the speed. So a last, narrower tile is not provided for, and adding is another function.
 */
export function tile8x4(a: usize, b: usize, depth: i32, c: usize, rowBytes: usize): void {
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let c2 = f32x4.splat(0);
  let c3 = f32x4.splat(0);
  let c4 = f32x4.splat(0);
  let c5 = f32x4.splat(0);
  let c6 = f32x4.splat(0);
  let c7 = f32x4.splat(0);
  const end = b + <usize>depth * 16;
  while (b < end) {
    const x = v128.load(b);
    c0 = f32x4.add(c0, f32x4.mul(v128.load32_splat(a, 0), x));
    c1 = f32x4.add(c1, f32x4.mul(v128.load32_splat(a, 4), x));
    c2 = f32x4.add(c2, f32x4.mul(v128.load32_splat(a, 8), x));
    c3 = f32x4.add(c3, f32x4.mul(v128.load32_splat(a, 12), x));
    c4 = f32x4.add(c4, f32x4.mul(v128.load32_splat(a, 16), x));
    c5 = f32x4.add(c5, f32x4.mul(v128.load32_splat(a, 20), x));
    c6 = f32x4.add(c6, f32x4.mul(v128.load32_splat(a, 24), x));
    c7 = f32x4.add(c7, f32x4.mul(v128.load32_splat(a, 28), x));
    const y = v128.load(b, 16);
    c0 = f32x4.add(c0, f32x4.mul(v128.load32_splat(a, 32), y));
    c1 = f32x4.add(c1, f32x4.mul(v128.load32_splat(a, 36), y));
    c2 = f32x4.add(c2, f32x4.mul(v128.load32_splat(a, 40), y));
    c3 = f32x4.add(c3, f32x4.mul(v128.load32_splat(a, 44), y));
    c4 = f32x4.add(c4, f32x4.mul(v128.load32_splat(a, 48), y));
    c5 = f32x4.add(c5, f32x4.mul(v128.load32_splat(a, 52), y));
    c6 = f32x4.add(c6, f32x4.mul(v128.load32_splat(a, 56), y));
    c7 = f32x4.add(c7, f32x4.mul(v128.load32_splat(a, 60), y));
    a += 64;
    b += 32;
  }
  v128.store(c, c0);
  v128.store((c += rowBytes), c1);
  v128.store((c += rowBytes), c2);
  v128.store((c += rowBytes), c3);
  v128.store((c += rowBytes), c4);
  v128.store((c += rowBytes), c5);
  v128.store((c += rowBytes), c6);
  v128.store((c += rowBytes), c7);
}

/** C [8, 4] += a [depth][8] x b [depth][4], depth even. */
export function addTile8x4(a: usize, b: usize, depth: i32, c: usize, rowBytes: usize): void {
  let at = c;
  let c0 = v128.load(at);
  let c1 = v128.load((at += rowBytes));
  let c2 = v128.load((at += rowBytes));
  let c3 = v128.load((at += rowBytes));
  let c4 = v128.load((at += rowBytes));
  let c5 = v128.load((at += rowBytes));
  let c6 = v128.load((at += rowBytes));
  let c7 = v128.load((at += rowBytes));
  const end = b + <usize>depth * 16;
  while (b < end) {
    const x = v128.load(b);
    c0 = f32x4.add(c0, f32x4.mul(v128.load32_splat(a, 0), x));
    c1 = f32x4.add(c1, f32x4.mul(v128.load32_splat(a, 4), x));
    c2 = f32x4.add(c2, f32x4.mul(v128.load32_splat(a, 8), x));
    c3 = f32x4.add(c3, f32x4.mul(v128.load32_splat(a, 12), x));
    c4 = f32x4.add(c4, f32x4.mul(v128.load32_splat(a, 16), x));
    c5 = f32x4.add(c5, f32x4.mul(v128.load32_splat(a, 20), x));
    c6 = f32x4.add(c6, f32x4.mul(v128.load32_splat(a, 24), x));
    c7 = f32x4.add(c7, f32x4.mul(v128.load32_splat(a, 28), x));
    const y = v128.load(b, 16);
    c0 = f32x4.add(c0, f32x4.mul(v128.load32_splat(a, 32), y));
    c1 = f32x4.add(c1, f32x4.mul(v128.load32_splat(a, 36), y));
    c2 = f32x4.add(c2, f32x4.mul(v128.load32_splat(a, 40), y));
    c3 = f32x4.add(c3, f32x4.mul(v128.load32_splat(a, 44), y));
    c4 = f32x4.add(c4, f32x4.mul(v128.load32_splat(a, 48), y));
    c5 = f32x4.add(c5, f32x4.mul(v128.load32_splat(a, 52), y));
    c6 = f32x4.add(c6, f32x4.mul(v128.load32_splat(a, 56), y));
    c7 = f32x4.add(c7, f32x4.mul(v128.load32_splat(a, 60), y));
    a += 64;
    b += 32;
  }
  v128.store(c, c0);
  v128.store((c += rowBytes), c1);
  v128.store((c += rowBytes), c2);
  v128.store((c += rowBytes), c3);
  v128.store((c += rowBytes), c4);
  v128.store((c += rowBytes), c5);
  v128.store((c += rowBytes), c6);
  v128.store((c += rowBytes), c7);
}

/**
 * The part of C that lies in rows [rowStart, rowEnd) and columns [colStart, colEnd); rows are multiples of 8, columns
 * of 4. Every sum begins with the bias and runs along the depth in one order, however the parts are cut.
 */
export function gemmBlock(
  aTiles: usize,
  bPanels: usize,
  c: usize,
  bias: usize,
  numCols: i32,
  depth: i32,
  rowStart: i32,
  rowEnd: i32,
  colStart: i32,
  colEnd: i32,
): void {
  const rowBytes = <usize>numCols * 4;
  if (bias != 0) {
    const start = <usize>colStart * 4;
    const numBytes = <usize>(colEnd - colStart) * 4;
    for (let row = rowStart; row < rowEnd; row++)
      memory.copy(c + <usize>row * rowBytes + start, bias + start, numBytes);
  }
  for (let k = 0; k < depth; k += DEPTH_BLOCK) {
    const numSteps = min(DEPTH_BLOCK, depth - k);
    const adds = bias != 0 || k > 0;
    for (let row = rowStart; row < rowEnd; row += 8) {
      const tile = aTiles + (<usize>row * <usize>depth + <usize>k * 8) * 4;
      const cRow = c + <usize>row * rowBytes;
      for (let col = colStart; col < colEnd; col += 4) {
        const panel = bPanels + (<usize>col * <usize>depth + <usize>k * 4) * 4;
        const to = cRow + <usize>col * 4;
        if (adds) addTile8x4(tile, panel, numSteps, to, rowBytes);
        else tile8x4(tile, panel, numSteps, to, rowBytes);
      }
    }
  }
}
