import { assertInvariant } from '../../errors.ts';
import type { KvCacheShape } from '../runtime.ts';
import type { Segment, StepBatch } from '../step-batch.ts';

/** Tokens of a lane that lie side by side in the cache. Long enough that a product over a block is worth a call. */
export const BLOCK_LENGTH = 64;

/** Rows of one sequence that attend together: a prefill chunk. */
export interface ChunkPlan {
  lane: number;
  rowStart: number;
  numRows: number;
  positions: Int32Array; // [numRows]
  numBlocks: number;
}

/** Rows of one token each that attend together, one a lane; lanes in between that have none compute for nothing. */
export interface DecodePlan {
  laneStart: number;
  numLanes: number;
  rowOfLane: Int32Array; // [numLanes], row 0 where a lane has none
  positions: Int32Array; // [numLanes], another lane's where a lane has none
  numBlocks: number;
}

/** How the rows of a step attend to the cache of TensorFlow tensors; see `TensorflowKvCache`. */
export interface AttentionPlan {
  /** The cache row of every head of every real row: [numRows * numKvHeads]. */
  cacheRows: Int32Array;
  decodes: DecodePlan | undefined;
  chunks: ChunkPlan[];
  /** Where each row of the step stands among the results, decodes first: [paddedRows]; padding repeats the first. */
  resultOfRow: Int32Array;
}

export const blocksOf = (numTokens: number): number => Math.ceil(numTokens / BLOCK_LENGTH);

/** Where one head of one token lies, in the cache as [blocks, lanes, heads, BLOCK_LENGTH] rows. */
export function cacheRow(
  { numLanes, numKvHeads }: KvCacheShape,
  lane: number,
  head: number,
  position: number,
): number {
  const block = Math.floor(position / BLOCK_LENGTH);
  return ((block * numLanes + lane) * numKvHeads + head) * BLOCK_LENGTH + (position % BLOCK_LENGTH);
}

/** Groups the segments of a step, so that decodes of all lanes are one product and each longer chunk is another. */
export function planAttention(batch: StepBatch, shape: KvCacheShape): AttentionPlan {
  for (const segment of batch.segments) checkSegment(segment, batch, shape);
  const decodes = planDecodes(batch.segments.filter(({ numRows }) => numRows === 1));
  const chunks = batch.segments.filter(({ numRows }) => numRows > 1).map(planChunk);
  return {
    cacheRows: cacheRowsOf(batch, shape),
    decodes,
    chunks,
    resultOfRow: resultOfRow(batch, decodes, chunks),
  };
}

function planDecodes(segments: readonly Segment[]): DecodePlan | undefined {
  if (segments.length === 0) return undefined;
  const lanes = segments.map(({ lane }) => lane);
  const laneStart = Math.min(...lanes);
  const numLanes = Math.max(...lanes) + 1 - laneStart;
  const rowOfLane = new Int32Array(numLanes); // [numLanes]
  // What a lane without a row computes is never read; its window is then one that the step reads anyway.
  const positions = new Int32Array(numLanes).fill(segments[0]?.positionStart ?? 0); // [numLanes]
  for (const { lane, rowStart, positionStart } of segments) {
    rowOfLane[lane - laneStart] = rowStart;
    positions[lane - laneStart] = positionStart;
  }
  return { laneStart, numLanes, rowOfLane, positions, numBlocks: blocksOf(Math.max(...positions) + 1) };
}

function planChunk({ lane, rowStart, numRows, positionStart }: Segment): ChunkPlan {
  const positions = Int32Array.from({ length: numRows }, (_, row) => positionStart + row); // [numRows]
  return { lane, rowStart, numRows, positions, numBlocks: blocksOf(positionStart + numRows) };
}

function cacheRowsOf(batch: StepBatch, shape: KvCacheShape): Int32Array {
  const { numKvHeads } = shape;
  const cacheRows = new Int32Array(batch.numRows * numKvHeads); // [numRows * numKvHeads]
  for (let row = 0; row < batch.numRows; row++) {
    const [lane = 0, position = 0] = [batch.lanes[row], batch.positions[row]];
    for (let head = 0; head < numKvHeads; head++) {
      cacheRows[row * numKvHeads + head] = cacheRow(shape, lane, head, position);
    }
  }
  return cacheRows;
}

function resultOfRow(
  batch: StepBatch,
  decodes: DecodePlan | undefined,
  chunks: readonly ChunkPlan[],
): Int32Array {
  const results = new Int32Array(batch.tokenIds.length); // [paddedRows]
  for (const { lane, rowStart, numRows } of batch.segments) {
    if (numRows === 1) results[rowStart] = lane - (decodes?.laneStart ?? 0);
  }
  let next = decodes?.numLanes ?? 0;
  for (const { rowStart, numRows } of chunks) {
    for (let row = 0; row < numRows; row++) results[rowStart + row] = next++;
  }
  return results;
}

function checkSegment(segment: Segment, batch: StepBatch, shape: KvCacheShape): void {
  const { lane, rowStart, numRows, positionStart } = segment;
  assertInvariant(
    lane >= 0 &&
      lane < shape.numLanes &&
      positionStart + numRows <= shape.laneLength &&
      rowStart + numRows <= batch.numRows,
    `a segment of ${numRows} rows from position ${positionStart} fits lane ${lane}`,
  );
}
