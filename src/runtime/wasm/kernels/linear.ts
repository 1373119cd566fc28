import { LINEAR, LINEAR_BFLOAT16, PACK_ROWS, PANEL_WIDTH, SLOT_LINE_BYTES } from '../assembly/kernel-ids.ts';
import { hasBfloat16Panels } from '../wasm-parameter.ts';
import { defineKernel } from './define-kernel.ts';
import type { TensorInfo } from '@tensorflow/tfjs-core';

/** Weights that one thread takes at a time: they stay in its second-level cache while tile after tile uses them. */
const CHUNK_BYTES = 256 * 1024;
/** A matrix is cut into at least so many chunks, so that a late thread delays a small part of it only. */
const MIN_CHUNKS = 16;

/**
 * From so many rows on, panels of bfloat16 are widened once a chunk; with fewer, widening them in each tile of rows
 * costs less than the copy (docs/decisions/0021-bfloat16-on-wasm.md).
 */
const ROWS_WORTH_WIDENING = 32;

/**
 * X W^T + b: x [rows, in], weight in panels [out / 8, in, 8] of float32 or [out / 8, in, 4] of pairs of bfloat16, bias
 * [out up to a multiple of 8] -> [rows, out].
 */
export const linear = defineKernel<
  { x: TensorInfo; weight: TensorInfo; bias?: TensorInfo },
  { numRows: number; numCols: number }
>('Linear', (context, { x, weight, bias }, { numRows, numCols }) => {
  const { heap, numThreads } = context;
  const [paddedRows = 0, depth = 0] = x.shape;
  const out = heap.makeTensor([paddedRows, numCols]); // [rows, out]
  if (numRows === 0) return out;
  const isHalf = hasBfloat16Panels(weight);
  const isWidened = isHalf && numRows >= ROWS_WORTH_WIDENING;
  const panelBytes = depth * PANEL_WIDTH * (isHalf && !isWidened ? 2 : 4);
  const numPanels = Math.ceil(numCols / PANEL_WIDTH);
  const chunkPanels = panelsPerChunk(numPanels, panelBytes);

  let rows = heap.tensorAddress(x);
  let slots = 0;
  if (numRows > 1) {
    const tileBytes = 4 * depth * Math.ceil(numRows / 4) * 4; // [rows / 4][in][4]
    const slotBytes = isWidened ? numThreads * (SLOT_LINE_BYTES + chunkPanels * panelBytes) : 0;
    const tiles = context.scratch(tileBytes + SLOT_LINE_BYTES + slotBytes);
    context.run(PACK_ROWS, Math.ceil(numRows / 4), [rows, tiles, numRows, depth]);
    rows = tiles;
    if (isWidened) {
      slots = Math.ceil((tiles + tileBytes) / SLOT_LINE_BYTES) * SLOT_LINE_BYTES;
      heap.uint8(slots, numThreads * SLOT_LINE_BYTES).fill(0);
    }
  }
  context.run(isHalf ? LINEAR_BFLOAT16 : LINEAR, Math.ceil(numPanels / chunkPanels), [
    rows,
    heap.tensorAddress(weight),
    bias === undefined ? 0 : heap.tensorAddress(bias),
    heap.tensorAddress(out),
    numRows,
    depth,
    numCols,
    chunkPanels,
    slots,
    numThreads,
  ]);
  return out;
});

function panelsPerChunk(numPanels: number, panelBytes: number): number {
  return Math.max(1, Math.min(Math.round(CHUNK_BYTES / panelBytes), Math.floor(numPanels / MIN_CHUNKS)));
}
