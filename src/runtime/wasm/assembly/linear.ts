/**
 * Dense layers on packed operands (pack.ts, quantise.ts); the sums are in tiles.generated.ts, by
 * scripts/generate-tiles.mjs.
 *
 * A chunk is a run of panels. With several tiles of rows, the tiles are the outer loop: the chunk's weights come from
 * memory once, for the first tile, and from the cache for the others.
 */
import { Bfloat16, BFLOAT16_PANEL_STEP } from './bfloat16';
import { fetchAhead } from './fetch-ahead';
import { BFLOAT16_PANELS, FLOAT32_PANELS, INT8_PANELS, PANEL_WIDTH } from './kernel-ids';
import { int8Steps, panelBytes, PANEL_STEP } from './panels';
import { intArg, pointerArg, floats } from './pool';
import { quantisedTileBytes } from './quantise';
import { claimSlot, releaseSlot, slotAddress } from './slots';
import {
  row1x24Bfloat16,
  row1x8Bfloat16,
  row1x24Float32,
  row1x8Float32,
  row1x24Int8,
  row1x8Int8,
  tile4x8Bfloat16,
  tile4x8Float32,
  tile4x8Int8,
} from './tiles.generated';

/** Bytes that are read in one burst at most, if it is not a single panel: they stay in a first-level cache. */
const MOST_AHEAD: usize = 24 * 1024;

/** What a product in some format is made of. Never instantiated: `multiply` is compiled once for each subclass. */
export abstract class Tiles {
  abstract panelBytes(depth: i32): usize;
  /** Bytes of a tile of four rows. */
  abstract tileBytes(depth: i32): usize;
  abstract row(x: usize, w: usize, depth: i32, bias: usize, to: usize, cols: i32): void;
  /** A row times three panels. */
  abstract wideRow(x: usize, w: usize, depth: i32, bias: usize, to: usize, cols: i32): void;
  abstract tile(x: usize, w: usize, depth: i32, bias: usize, to: usize, stride: i32, rows: i32, cols: i32): void;
}

class Float32Tiles extends Tiles {
  panelBytes(depth: i32): usize {
    return panelBytes(FLOAT32_PANELS, depth);
  }
  tileBytes(depth: i32): usize {
    return floats(4 * depth);
  }
  row(x: usize, w: usize, depth: i32, bias: usize, to: usize, cols: i32): void {
    row1x8Float32(x, w, depth, bias, to, cols);
  }
  wideRow(x: usize, w: usize, depth: i32, bias: usize, to: usize, cols: i32): void {
    row1x24Float32(x, w, this.panelBytes(depth), depth, bias, to, cols);
  }
  tile(x: usize, w: usize, depth: i32, bias: usize, to: usize, stride: i32, rows: i32, cols: i32): void {
    tile4x8Float32(x, w, depth, bias, to, stride, rows, cols);
  }
}

class Bfloat16Tiles extends Tiles {
  panelBytes(depth: i32): usize {
    return panelBytes(BFLOAT16_PANELS, depth);
  }
  tileBytes(depth: i32): usize {
    return floats(4 * depth);
  }
  row(x: usize, w: usize, depth: i32, bias: usize, to: usize, cols: i32): void {
    row1x8Bfloat16(x, w, depth, bias, to, cols);
  }
  wideRow(x: usize, w: usize, depth: i32, bias: usize, to: usize, cols: i32): void {
    row1x24Bfloat16(x, w, this.panelBytes(depth), depth, bias, to, cols);
  }
  tile(x: usize, w: usize, depth: i32, bias: usize, to: usize, stride: i32, rows: i32, cols: i32): void {
    tile4x8Bfloat16(x, w, depth, bias, to, stride, rows, cols);
  }
}

class Int8Tiles extends Tiles {
  panelBytes(depth: i32): usize {
    return panelBytes(INT8_PANELS, depth);
  }
  tileBytes(depth: i32): usize {
    return quantisedTileBytes(4, depth);
  }
  row(x: usize, w: usize, depth: i32, bias: usize, to: usize, cols: i32): void {
    row1x8Int8(x, w, int8Steps(depth), bias, to, cols);
  }
  wideRow(x: usize, w: usize, depth: i32, bias: usize, to: usize, cols: i32): void {
    row1x24Int8(x, w, this.panelBytes(depth), int8Steps(depth), bias, to, cols);
  }
  tile(x: usize, w: usize, depth: i32, bias: usize, to: usize, stride: i32, rows: i32, cols: i32): void {
    tile4x8Int8(x, w, int8Steps(depth), bias, to, stride, rows, cols);
  }
}

/**
 * Arguments: tiles of rows (a plain row if there is one alone), panels, bias (padded to whole panels; 0: none),
 * out [numRows, numCols], numRows, depth, numCols, panels a chunk.
 */
export function linear(job: usize, chunk: i32): void {
  multiply<Float32Tiles>(job, chunk, firstPanel<Float32Tiles>(job, chunk));
}

/**
 * The same with panels of int8 and rows that QUANTISE_ROWS has made.
 */
export function linearInt8(job: usize, chunk: i32): void {
  multiply<Int8Tiles>(job, chunk, firstPanel<Int8Tiles>(job, chunk));
}

/**
 * The same with panels of bfloat16. Arguments: those of `linear`, then slots (slots.ts) of a chunk's panels in float32
 * (0: none) and how many there are. With slots, a chunk is widened once instead of in every tile of rows.
 */
export function linearBfloat16(job: usize, chunk: i32): void {
  const panels = firstPanel<Bfloat16Tiles>(job, chunk);
  const slots = pointerArg(job, 8);
  if (!slots) return multiply<Bfloat16Tiles>(job, chunk, panels);
  const depth = intArg(job, 5);
  const numSlots = intArg(job, 9);
  const slot = claimSlot(slots, numSlots);
  const widened = slotAddress(slots, numSlots, slot, (intArg(job, 7) as usize) * panelBytes(FLOAT32_PANELS, depth));
  const numPanels = (intArg(job, 6) + PANEL_WIDTH - 1) / PANEL_WIDTH;
  const chunkPanels = min(intArg(job, 7), numPanels - chunk * intArg(job, 7));
  fetchAhead(panels, (chunkPanels as usize) * panelBytes(BFLOAT16_PANELS, depth));
  widen(panels, widened, chunkPanels * depth);
  multiply<Float32Tiles>(job, chunk, widened);
  releaseSlot(slots, slot);
}

export function firstPanel<T extends Tiles>(job: usize, chunk: i32): usize {
  return pointerArg(job, 1) + ((chunk * intArg(job, 7)) as usize) * changetype<T>(0).panelBytes(intArg(job, 5));
}

function widen(from: usize, to: usize, numSteps: i32): void {
  for (const end = to + (numSteps as usize) * PANEL_STEP; to < end; to += PANEL_STEP, from += BFLOAT16_PANEL_STEP) {
    const words = v128.load(from);
    v128.store(to, Bfloat16.low(words));
    v128.store(to, Bfloat16.high(words), 16);
  }
}

/** All rows times the panels of a chunk, the first of which lies at `firstPanel`. */
export function multiply<T extends Tiles>(job: usize, chunk: i32, firstPanel: usize): void {
  const bias = pointerArg(job, 2);
  const out = pointerArg(job, 3);
  const numRows = intArg(job, 4);
  const depth = intArg(job, 5);
  const numCols = intArg(job, 6);
  const firstCol = chunk * intArg(job, 7) * PANEL_WIDTH;
  const endCol = min(numCols, firstCol + intArg(job, 7) * PANEL_WIDTH);
  const panelBytes = changetype<T>(0).panelBytes(depth);
  const tileBytes = changetype<T>(0).tileBytes(depth);

  const numPanels = (endCol - firstCol + PANEL_WIDTH - 1) / PANEL_WIDTH;
  const burst = max(1, (MOST_AHEAD / panelBytes) as i32);

  let tile = pointerArg(job, 0);
  if (numRows == 1) return multiplyRow<T>(tile, firstPanel, depth, bias, out, firstCol, endCol, numCols);
  for (let row = 0; row < numRows; row += 4, tile += tileBytes) {
    let panel = firstPanel;
    for (let i = 0, col = firstCol; i < numPanels; i++, col += PANEL_WIDTH, panel += panelBytes) {
      const to = out + floats(row * numCols + col);
      const panelBias = bias ? bias + floats(col) : 0;
      if (row == 0 && i % burst == 0) fetchAhead(panel, panelBytes * (min(burst, numPanels - i) as usize));
      changetype<T>(0).tile(tile, panel, depth, panelBias, to, numCols, numRows - row, numCols - col);
    }
  }
}

/**
 * The single row times the panels of a chunk, three at a time as far as they go: three that are too long for a burst
 * are read side by side, as fast as by one.
 */
function multiplyRow<T extends Tiles>(
  x: usize,
  panel: usize,
  depth: i32,
  bias: usize,
  out: usize,
  firstCol: i32,
  endCol: i32,
  numCols: i32,
): void {
  const panelBytes = changetype<T>(0).panelBytes(depth);
  let col = firstCol;
  for (; col + 2 * PANEL_WIDTH < endCol; col += 3 * PANEL_WIDTH, panel += 3 * panelBytes) {
    if (panelBytes * 3 <= MOST_AHEAD) fetchAhead(panel, panelBytes * 3);
    changetype<T>(0).wideRow(x, panel, depth, bias ? bias + floats(col) : 0, out + floats(col), numCols - col);
  }
  for (; col < endCol; col += PANEL_WIDTH, panel += panelBytes) {
    fetchAhead(panel, panelBytes);
    changetype<T>(0).row(x, panel, depth, bias ? bias + floats(col) : 0, out + floats(col), numCols - col);
  }
}
