import type { TensorInfo } from '@tensorflow/tfjs-core';
import {
  FILL,
  LINEAR,
  LINEAR_BFLOAT16,
  PACK_ROWS,
  PANEL_WIDTH,
  SLOT_LINE_BYTES,
} from '../assembly/kernel-ids.ts';
import { hasBfloat16Panels } from '../wasm-parameter.ts';
import { defineKernel, type JobContext } from './define-kernel.ts';
import { floatArg } from '../kernel-pool.ts';
import type { Job } from './job.ts';

/** Weights that one thread takes at a time: they stay in its second-level cache while tile after tile uses them. */
const CHUNK_BYTES = 256 * 1024;
/** A matrix is cut into at least so many chunks, so that a late thread delays a small part of it only. */
const MIN_CHUNKS = 16;

/**
 * From so many rows on, panels of bfloat16 are widened once a chunk; with fewer, widening them in each tile of rows
 * costs less than the copy (docs/decisions/0021-bfloat16-on-wasm.md).
 */
const ROWS_WORTH_WIDENING = 32;

interface LinearOperands {
  readonly x: number;
  readonly weight: number;
  /** 0: none. */
  readonly bias: number;
  readonly out: number;
}

interface LinearAttrs {
  readonly numRows: number;
  readonly depth: number;
  readonly numCols: number;
  /** Whether the panels of the weight are bfloat16. */
  readonly isHalf: boolean;
}

/** Packs the rows into tiles, if there are several, and multiplies. */
export function linearJobs(
  { x, weight, bias, out }: LinearOperands,
  { numRows, depth, numCols, isHalf }: LinearAttrs,
  { numThreads, scratch }: JobContext,
): Job[] {
  if (numRows === 0) return [];
  const isWidened = isHalf && numRows >= ROWS_WORTH_WIDENING;
  const panelBytes = depth * PANEL_WIDTH * (isHalf && !isWidened ? 2 : 4);
  const numPanels = Math.ceil(numCols / PANEL_WIDTH);
  const chunkPanels = panelsPerChunk(numPanels, panelBytes);

  const jobs: Job[] = [];
  let rows = x;
  let slots = 0;
  if (numRows > 1) {
    const tileBytes = 4 * depth * Math.ceil(numRows / 4) * 4; // [rows / 4][in][4]
    const slotBytes = isWidened ? numThreads * (SLOT_LINE_BYTES + chunkPanels * panelBytes) : 0;
    rows = scratch(tileBytes + SLOT_LINE_BYTES + slotBytes);
    jobs.push({ kernelId: PACK_ROWS, numChunks: Math.ceil(numRows / 4), args: [x, rows, numRows, depth] });
    if (isWidened) {
      slots = Math.ceil((rows + tileBytes) / SLOT_LINE_BYTES) * SLOT_LINE_BYTES;
      jobs.push(freeSlots(slots, numThreads));
    }
  }
  const shape = [numRows, depth, numCols, chunkPanels];
  jobs.push({
    kernelId: isHalf ? LINEAR_BFLOAT16 : LINEAR,
    numChunks: Math.ceil(numPanels / chunkPanels),
    args: [rows, weight, bias, out, ...shape, slots, numThreads],
  });
  return jobs;
}

/** Zeros in the lines of all slots: none is taken. */
function freeSlots(slots: number, numSlots: number): Job {
  const numWords = (numSlots * SLOT_LINE_BYTES) / 4;
  return { kernelId: FILL, numChunks: 1, args: [slots, numWords, numWords, floatArg(0)] };
}

function panelsPerChunk(numPanels: number, panelBytes: number): number {
  return Math.max(1, Math.min(Math.round(CHUNK_BYTES / panelBytes), Math.floor(numPanels / MIN_CHUNKS)));
}

/**
 * X W^T + b: x [rows, in], weight in panels [out / 8, in, 8] of float32 or [out / 8, in, 4] of pairs of bfloat16, bias
 * [out up to a multiple of 8] -> [rows, out].
 */
export const linear = defineKernel<
  { x: TensorInfo; weight: TensorInfo; bias?: TensorInfo },
  { numRows: number; numCols: number }
>('Linear', (context, { x, weight, bias }, { numRows, numCols }) => {
  const { heap, run } = context;
  const [paddedRows = 0, depth = 0] = x.shape;
  const out = heap.makeTensor([paddedRows, numCols]); // [rows, out]
  const operands = {
    x: heap.tensorAddress(x),
    weight: heap.tensorAddress(weight),
    bias: bias === undefined ? 0 : heap.tensorAddress(bias),
    out: heap.tensorAddress(out),
  };
  run(linearJobs(operands, { numRows, depth, numCols, isHalf: hasBfloat16Panels(weight) }, context));
  return out;
});
