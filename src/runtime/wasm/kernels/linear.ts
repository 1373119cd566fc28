import { LINEAR, PACK_ROWS, PANEL_WIDTH } from '../assembly/kernel-ids.ts';
import { defineKernel } from './define-kernel.ts';
import type { TensorInfo } from '@tensorflow/tfjs-core';

/** Weights that one thread takes at a time: they stay in its second-level cache while tile after tile uses them. */
const CHUNK_BYTES = 256 * 1024;
/** A matrix is cut into at least so many chunks, so that a late thread delays a small part of it only. */
const MIN_CHUNKS = 16;

/** X W^T + b: x [rows, in], weight in panels [out / 8, in, 8], bias [out up to a multiple of 8] -> [rows, out]. */
export const linear = defineKernel<
  { x: TensorInfo; weight: TensorInfo; bias?: TensorInfo },
  { numRows: number; numCols: number }
>('Linear', (context, { x, weight, bias }, { numRows, numCols }) => {
  const { heap } = context;
  const [paddedRows = 0, depth = 0] = x.shape;
  const out = heap.makeTensor([paddedRows, numCols]); // [rows, out]
  if (numRows === 0) return out;
  let rows = heap.tensorAddress(x);
  if (numRows > 1) {
    const tiles = context.scratch(4 * depth * Math.ceil(numRows / 4) * 4); // [rows / 4][in][4]
    context.run(PACK_ROWS, Math.ceil(numRows / 4), [rows, tiles, numRows, depth]);
    rows = tiles;
  }
  const numPanels = Math.ceil(numCols / PANEL_WIDTH);
  const panelBytes = depth * PANEL_WIDTH * 4;
  const panelsPerChunk = Math.max(
    1,
    Math.min(Math.round(CHUNK_BYTES / panelBytes), Math.floor(numPanels / MIN_CHUNKS)),
  );
  context.run(LINEAR, Math.ceil(numPanels / panelsPerChunk), [
    rows,
    heap.tensorAddress(weight),
    bias === undefined ? 0 : heap.tensorAddress(bias),
    heap.tensorAddress(out),
    numRows,
    depth,
    numCols,
    panelsPerChunk,
  ]);
  return out;
});
