/**
 * Dense layers on packed operands (pack.ts), of float32 or bfloat16; the sums are in linear-tiles.ts.
 *
 * A chunk is a run of panels. With several tiles of rows, the tiles are the outer loop: the chunk's weights come from
 * memory once, for the first tile, and from the cache for the others.
 */
import { Bfloat16, BFLOAT16_PANEL_STEP } from './bfloat16';
import { PANEL_WIDTH } from './kernel-ids';
import { PANEL_STEP, row1x8, tile4x8 } from './linear-tiles';
import { row1x8Bfloat16, tile4x8Bfloat16 } from './linear-tiles-bfloat16';
import { intArg, pointerArg, floats } from './pool';
import { claimSlot, releaseSlot, slotAddress } from './slots';

/**
 * Arguments: tiles of rows (a plain row if there is one alone), panels, bias (padded to whole panels; 0: none),
 * out [numRows, numCols], numRows, depth, numCols, panels a chunk.
 */
export function linear(job: usize, chunk: i32): void {
  multiply<f32>(job, chunk, pointerArg(job, 1) + stepsBefore(job, chunk) * PANEL_STEP);
}

/**
 * The same with panels of bfloat16. Arguments: those of `linear`, then slots (slots.ts) of a chunk's panels in float32
 * (0: none) and how many there are. With slots, a chunk is widened once instead of in every tile of rows.
 */
export function linearBfloat16(job: usize, chunk: i32): void {
  const panels = pointerArg(job, 1) + stepsBefore(job, chunk) * BFLOAT16_PANEL_STEP;
  const slots = pointerArg(job, 8);
  if (!slots) return multiply<u16>(job, chunk, panels);
  const numSlots = intArg(job, 9);
  const slot = claimSlot(slots, numSlots);
  const widened = slotAddress(slots, numSlots, slot, stepsBefore(job, 1) * PANEL_STEP);
  const numPanels = (intArg(job, 6) + PANEL_WIDTH - 1) / PANEL_WIDTH;
  const chunkPanels = min(intArg(job, 7), numPanels - chunk * intArg(job, 7));
  widen(panels, widened, chunkPanels * intArg(job, 5));
  multiply<f32>(job, chunk, widened);
  releaseSlot(slots, slot);
}

/** Steps of the panels before those of a chunk. */
function stepsBefore(job: usize, chunk: i32): usize {
  return (chunk * intArg(job, 7) * intArg(job, 5)) as usize;
}

function widen(from: usize, to: usize, numSteps: i32): void {
  for (const end = to + (numSteps as usize) * PANEL_STEP; to < end; to += PANEL_STEP, from += BFLOAT16_PANEL_STEP) {
    const words = v128.load(from);
    v128.store(to, Bfloat16.low(words));
    v128.store(to, Bfloat16.high(words), 16);
  }
}

/** All rows times the panels of a chunk, the first of which lies at `firstPanel`. */
function multiply<Weight>(job: usize, chunk: i32, firstPanel: usize): void {
  const bias = pointerArg(job, 2);
  const out = pointerArg(job, 3);
  const numRows = intArg(job, 4);
  const depth = intArg(job, 5);
  const numCols = intArg(job, 6);
  const firstCol = chunk * intArg(job, 7) * PANEL_WIDTH;
  const endCol = min(numCols, firstCol + intArg(job, 7) * PANEL_WIDTH);
  const panelBytes = (depth as usize) * PANEL_WIDTH * sizeof<Weight>();

  let tile = pointerArg(job, 0);
  const tileBytes = floats(4 * depth);
  for (let row = 0; row < numRows; row += 4, tile += tileBytes) {
    let panel = firstPanel;
    for (let col = firstCol; col < endCol; col += PANEL_WIDTH, panel += panelBytes) {
      const to = out + floats(row * numCols + col);
      const panelBias = bias ? bias + floats(col) : 0;
      const cols = numCols - col;
      if (sizeof<Weight>() == 2) {
        if (numRows == 1) row1x8Bfloat16(tile, panel, depth, panelBias, to, cols);
        else tile4x8Bfloat16(tile, panel, depth, panelBias, to, numCols, numRows - row, cols);
      } else if (numRows == 1) {
        row1x8(tile, panel, depth, panelBias, to, cols);
      } else {
        tile4x8(tile, panel, depth, panelBias, to, numCols, numRows - row, cols);
      }
    }
  }
}
