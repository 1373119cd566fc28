import type { KvCacheShape, PageTable } from '../runtime.ts';
import { GONE, PAGE_TOKENS, pagesFor } from '../../pages.ts';
import { checkSegments } from '../step/step-tables.ts';
import type { Segment, StepBatch } from '../step-batch.ts';

/** Rows of one sequence that attend together: a prefill chunk. */
export interface ChunkPlan {
  rowStart: number;
  numRows: number;
  positions: Int32Array; // [numRows]
  /** The page of each block of keys: [blocks][1]. */
  pages: readonly Int32Array[];
}

/** Rows of one token each that attend together, one a sequence. */
export interface DecodePlan {
  rows: Int32Array; // [sequences]
  positions: Int32Array; // [sequences]
  /** The pages of each block of keys: [blocks][sequences]. A sequence without that block has its last page there. */
  pages: readonly Int32Array[];
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

/** Where one head of one token lies, in the cache as [pages, heads, PAGE_TOKENS] rows. */
export const cacheRow = (
  { numKvHeads }: KvCacheShape,
  page: number,
  head: number,
  position: number,
): number => (page * numKvHeads + head) * PAGE_TOKENS + (position % PAGE_TOKENS);

/** Groups the segments of a step, so that all decodes are one product and each longer chunk is another. */
export function planAttention(
  batch: StepBatch,
  shape: KvCacheShape,
  table: PageTable = 'pages',
): AttentionPlan {
  checkSegments(batch, shape);
  const decoding = batch.segments.filter(({ numRows }) => numRows === 1);
  const chunks = batch.segments
    .filter(({ numRows }) => numRows > 1)
    .map((segment) => planChunk(segment, table));
  return {
    cacheRows: cacheRowsOf(batch, shape, table),
    decodes: planDecodes(decoding, table),
    chunks,
    resultOfRow: resultOfRow(batch, decoding, chunks),
  };
}

function planDecodes(segments: readonly Segment[], table: PageTable): DecodePlan | undefined {
  if (segments.length === 0) return undefined;
  const numBlocks = Math.max(...segments.map(({ positionStart }) => pagesFor(positionStart + 1)));
  return {
    rows: Int32Array.from(segments, ({ rowStart }) => rowStart), // [sequences]
    positions: Int32Array.from(segments, ({ positionStart }) => positionStart), // [sequences]
    pages: Array.from({ length: numBlocks }, (_, block) =>
      Int32Array.from(segments, (segment) => pageOf(segment, block, table)),
    ), // [blocks][sequences]
  };
}

function planChunk(segment: Segment, table: PageTable): ChunkPlan {
  const { rowStart, numRows, positionStart } = segment;
  return {
    rowStart,
    numRows,
    positions: Int32Array.from({ length: numRows }, (_, row) => positionStart + row), // [numRows]
    pages: Array.from({ length: pagesFor(positionStart + numRows) }, (_, block) =>
      Int32Array.of(pageOf(segment, block, table)),
    ), // [blocks][1]
  };
}

/** The page of a block; where the sequence has none, its last one, whose keys are masked there. */
function pageOf(segment: Segment, block: number, table: PageTable): number {
  const { positionStart, numRows } = segment;
  const pages = segment[table] ?? [];
  const last = pages[pagesFor(positionStart + numRows) - 1] ?? 0;
  const page = block < pagesFor(positionStart + numRows) ? (pages[block] ?? last) : last;
  return page === GONE ? last : page;
}

function cacheRowsOf(batch: StepBatch, shape: KvCacheShape, table: PageTable): Int32Array {
  const { numKvHeads } = shape;
  const cacheRows = new Int32Array(batch.numRows * numKvHeads); // [numRows * numKvHeads]
  for (const segment of batch.segments) {
    const { rowStart, numRows, positionStart } = segment;
    for (let row = 0; row < numRows; row++) {
      const position = positionStart + row;
      const page = segment[table]?.[Math.floor(position / PAGE_TOKENS)] ?? 0;
      for (let head = 0; head < numKvHeads; head++) {
        cacheRows[(rowStart + row) * numKvHeads + head] = cacheRow(shape, page, head, position);
      }
    }
  }
  return cacheRows;
}

function resultOfRow(
  batch: StepBatch,
  decoding: readonly Segment[],
  chunks: readonly ChunkPlan[],
): Int32Array {
  const results = new Int32Array(batch.tokenIds.length); // [paddedRows]
  decoding.forEach(({ rowStart }, place) => (results[rowStart] = place));
  let next = decoding.length;
  for (const { rowStart, numRows } of chunks) {
    for (let row = 0; row < numRows; row++) results[rowStart + row] = next++;
  }
  return results;
}
