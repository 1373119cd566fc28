import {
  BFLOAT16_PANELS,
  FLOAT32_PANELS,
  INT8_PANELS,
  INT8_QUAD_PANELS,
  LINEAR,
  LINEAR_BFLOAT16,
  LINEAR_INT8,
  LINEAR_INT8_QUADS,
  PACK_ROWS,
  PANEL_WIDTH,
  QUAD_GROUP,
  QUANTISE_GROUPS,
  QUANTISE_ROWS,
  SLOT_LINE_BYTES,
} from '../assembly/kernel-ids.ts';
import type { Job } from '../job.ts';
import { floatArg } from '../kernel-pool.ts';
import { panelBytes, type PanelFormat } from '../wasm-parameter.ts';

/** Weights that one thread takes at a time: they stay in its second-level cache while tile after tile uses them. */
const CHUNK_BYTES = 256 * 1024;
/** A matrix is cut into at least so many chunks, so that a late thread delays a small part of it only. */
const MIN_CHUNKS = 16;
const TILE_ROWS = 4;

/**
 * From so many rows on, panels of bfloat16 are widened once a chunk; with fewer, widening them in each tile of rows
 * costs less than the copy (docs/decisions/0021-bfloat16-on-wasm.md).
 */
const ROWS_WORTH_WIDENING = 32;

const LARGEST_INT8 = 127;
const LARGEST_INT16 = 2 ** 15 - 1;
const LARGEST_INT32 = 2 ** 31 - 1;

const KERNEL_IDS: Record<PanelFormat, number> = {
  [FLOAT32_PANELS]: LINEAR,
  [BFLOAT16_PANELS]: LINEAR_BFLOAT16,
  [INT8_PANELS]: LINEAR_INT8,
  [INT8_QUAD_PANELS]: LINEAR_INT8_QUADS,
};

/** X W^T + b: x [numRows, depth], weight [numCols, depth] in panels, bias [numCols], out [numRows, numCols]. */
export interface LinearShape {
  numRows: number;
  depth: number;
  numCols: number;
  /** Of the weight. */
  format: PanelFormat;
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
  const { numRows, depth, numCols, format } = shape;
  if (numRows === 0) return [];
  const { tileBytes, chunkPanels, numChunks, numSlots } = planLinear(shape);
  const slots = numSlots === 0 ? 0 : scratch + tileBytes;
  const packed = [x, scratch, numRows, depth];
  const rows = tileBytes === 0 ? x : scratch;
  const args = [rows, weight, bias, out, numRows, depth, numCols, chunkPanels, slots, numSlots];
  const multiply: Job = [KERNEL_IDS[format], numChunks, args];
  if (tileBytes === 0) return [multiply];
  const numTiles = Math.ceil(numRows / TILE_ROWS);
  switch (format) {
    case INT8_PANELS:
      return [[QUANTISE_ROWS, numTiles, [...packed, floatArg(largestActivation(depth))]], multiply];
    case INT8_QUAD_PANELS:
      return [[QUANTISE_GROUPS, numTiles, packed], multiply];
    default:
      return [[PACK_ROWS, numTiles, [...packed, slots, numSlots]], multiply];
  }
}

/** The largest integer that an activation may become: sums of so many products with int8 stay within 32 bits. */
function largestActivation(depth: number): number {
  return Math.min(LARGEST_INT16, Math.floor(LARGEST_INT32 / (LARGEST_INT8 * depth)));
}

interface LinearPlan {
  /** Of the rows in tiles, up to whole cache lines; 0: the one row is read where it is. */
  tileBytes: number;
  chunkPanels: number;
  numChunks: number;
  /** Where threads widen a chunk's panels, one at a time each: 0 if nothing is widened. */
  numSlots: number;
  slotBytes: number;
}

function planLinear(shape: LinearShape): LinearPlan {
  const { numRows, depth, numCols, format, numThreads } = shape;
  const isWidened = format === BFLOAT16_PANELS && numRows >= ROWS_WORTH_WIDENING;
  const bytes = panelBytes(isWidened ? FLOAT32_PANELS : format, depth);
  const numPanels = Math.ceil(numCols / PANEL_WIDTH);
  const chunkPanels = panelsPerChunk(numPanels, bytes);
  return {
    tileBytes: wholeLines(packedRowBytes(shape)),
    chunkPanels,
    numChunks: Math.ceil(numPanels / chunkPanels),
    numSlots: isWidened ? numThreads : 0,
    slotBytes: isWidened ? chunkPanels * bytes : 0,
  };
}

function packedRowBytes({ numRows, depth, format }: LinearShape): number {
  const numTiles = Math.ceil(numRows / TILE_ROWS);
  const width = numRows === 1 ? 1 : TILE_ROWS;
  switch (format) {
    case INT8_PANELS: // [rows / 4][in / 2][4][2], each after four scales
      return numTiles * (16 + 4 * width * Math.ceil(depth / 2));
    case INT8_QUAD_PANELS: // [rows / 4][in / 4][4][4], scales and offsets before each group
      return (
        numTiles *
        (Math.ceil(depth / QUAD_GROUP) * (width === 1 ? 16 : 32) + 4 * width * Math.ceil(depth / 4))
      );
    default: // [rows / 4][in][4]
      return numRows > 1 ? 4 * depth * numTiles * TILE_ROWS : 0;
  }
}

function panelsPerChunk(numPanels: number, bytes: number): number {
  return Math.max(1, Math.min(Math.round(CHUNK_BYTES / bytes), Math.floor(numPanels / MIN_CHUNKS)));
}

const wholeLines = (numBytes: number): number => Math.ceil(numBytes / SLOT_LINE_BYTES) * SLOT_LINE_BYTES;
