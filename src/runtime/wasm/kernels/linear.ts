import type { TensorInfo } from '@tensorflow/tfjs-core';
import { LINEAR, LINEAR_BFLOAT16, PACK_ROWS, PANEL_WIDTH, SLOT_LINE_BYTES } from '../assembly/kernel-ids.ts';
import type { Job } from '../job.ts';
import { hasBfloat16Panels } from '../wasm-parameter.ts';
import { defineKernel } from './define-kernel.ts';

/** Weights that one thread takes at a time: they stay in its second-level cache while tile after tile uses them. */
const CHUNK_BYTES = 256 * 1024;
/** A matrix is cut into at least so many chunks, so that a late thread delays a small part of it only. */
const MIN_CHUNKS = 16;

/**
 * From so many rows on, panels of bfloat16 are widened once a chunk; with fewer, widening them in each tile of rows
 * costs less than the copy (docs/decisions/0021-bfloat16-on-wasm.md).
 */
const ROWS_WORTH_WIDENING = 32;

/** X W^T + b: x [numRows, depth], weight [numCols, depth] in panels, bias [numCols], out [numRows, numCols]. */
export interface LinearShape {
  numRows: number;
  depth: number;
  numCols: number;
  hasBfloat16: boolean;
  numThreads: number;
}

/** Addresses of the operands. */
export interface LinearOperands {
  x: number;
  weight: number;
  /** Padded to whole panels; 0: none. */
  bias: number;
  out: number;
  /** As many bytes as `linearScratchBytes` says, at a multiple of 64; their content does not matter. */
  scratch: number;
}

/** Bytes of scratch that the jobs of a product use among themselves. */
export function linearScratchBytes(shape: LinearShape): number {
  const { tileBytes, slotBytes, numSlots } = planLinear(shape);
  return tileBytes + numSlots * (SLOT_LINE_BYTES + slotBytes);
}

/** The jobs of a product, to be run in this order. They depend on shapes and addresses alone and may be run again. */
export function linearJobs(shape: LinearShape, { x, weight, bias, out, scratch }: LinearOperands): Job[] {
  const { numRows, depth, numCols, hasBfloat16 } = shape;
  if (numRows === 0) return [];
  const { tileBytes, chunkPanels, numChunks, numSlots } = planLinear(shape);
  const slots = numSlots === 0 ? 0 : scratch + tileBytes;
  const pack: Job = [PACK_ROWS, Math.ceil(numRows / 4), [x, scratch, numRows, depth, slots, numSlots]];
  const rows = tileBytes === 0 ? x : scratch;
  const args = [rows, weight, bias, out, numRows, depth, numCols, chunkPanels, slots, numSlots];
  const multiply: Job = [hasBfloat16 ? LINEAR_BFLOAT16 : LINEAR, numChunks, args];
  return tileBytes === 0 ? [multiply] : [pack, multiply];
}

interface LinearPlan {
  /** Of the rows in tiles of four, up to whole cache lines; 0: the one row is read where it is. */
  tileBytes: number;
  chunkPanels: number;
  numChunks: number;
  /** Where threads widen a chunk's panels, one at a time each: 0 if nothing is widened. */
  numSlots: number;
  slotBytes: number;
}

function planLinear({ numRows, depth, numCols, hasBfloat16, numThreads }: LinearShape): LinearPlan {
  const isWidened = hasBfloat16 && numRows >= ROWS_WORTH_WIDENING;
  const panelBytes = depth * PANEL_WIDTH * (hasBfloat16 && !isWidened ? 2 : 4);
  const numPanels = Math.ceil(numCols / PANEL_WIDTH);
  const chunkPanels = panelsPerChunk(numPanels, panelBytes);
  return {
    tileBytes: numRows > 1 ? wholeLines(4 * depth * Math.ceil(numRows / 4) * 4) : 0, // [rows / 4][in][4]
    chunkPanels,
    numChunks: Math.ceil(numPanels / chunkPanels),
    numSlots: isWidened ? numThreads : 0,
    slotBytes: isWidened ? chunkPanels * panelBytes : 0,
  };
}

function panelsPerChunk(numPanels: number, panelBytes: number): number {
  return Math.max(1, Math.min(Math.round(CHUNK_BYTES / panelBytes), Math.floor(numPanels / MIN_CHUNKS)));
}

const wholeLines = (numBytes: number): number => Math.ceil(numBytes / SLOT_LINE_BYTES) * SLOT_LINE_BYTES;

/**
 * X W^T + b: x [rows, in], weight in panels [out / 8, in, 8] of float32 or [out / 8, in, 4] of pairs of bfloat16, bias
 * [out up to a multiple of 8] -> [rows, out].
 */
export const linear = defineKernel<
  { x: TensorInfo; weight: TensorInfo; bias?: TensorInfo },
  { numRows: number; numCols: number }
>('Linear', ({ heap, numThreads, run, scratch }, { x, weight, bias }, { numRows, numCols }) => {
  const [paddedRows = 0, depth = 0] = x.shape;
  const out = heap.makeTensor([paddedRows, numCols]); // [rows, out]
  const shape = { numRows, depth, numCols, hasBfloat16: hasBfloat16Panels(weight), numThreads };
  const operands = {
    x: heap.tensorAddress(x),
    weight: heap.tensorAddress(weight),
    bias: bias === undefined ? 0 : heap.tensorAddress(bias),
    out: heap.tensorAddress(out),
    scratch: scratch(linearScratchBytes(shape)),
  };
  for (const job of linearJobs(shape, operands)) run(...job);
  return out;
});
