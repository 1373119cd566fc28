import { assertInvariant } from '../../errors.ts';
import type { Parameter } from '../ops.ts';
import { GONE, PAGE_TOKENS, pagesFor } from '../../pages.ts';
import { type KvCacheShape, numPagesOf, type PageTable } from '../runtime.ts';
import type { Segment, StepBatch } from '../step-batch.ts';
import type { StepOperation, StepValue, RowKind } from './step-recorder.ts';

/** Rows of the smallest table that tokens and positions index: whatever is beyond is no token, no position. */
export interface TableSizes {
  readonly tokens: number;
  readonly positions: number;
}

export function tableSizes(operations: readonly StepOperation[]): TableSizes {
  let [tokens, positions] = [Infinity, Infinity];
  const rowsOf = ({ shape }: Parameter): number => shape[0] ?? 0;
  for (const operation of operations) {
    if (operation.kind === 'embed') {
      tokens = Math.min(tokens, rowsOf(operation.tokens));
      if (operation.positions) positions = Math.min(positions, rowsOf(operation.positions));
    } else if (operation.kind === 'rotate') {
      positions = Math.min(positions, rowsOf(operation.rotation.table) / operation.stripes.headDim);
    }
  }
  return { tokens, positions };
}

/** Kernels do not look: an index beyond its table would read or write what belongs to another. */
export function checkBatch(batch: StepBatch, cacheShape: KvCacheShape, tables: TableSizes): void {
  checkSegments(batch, cacheShape);
  for (let row = 0; row < batch.numRows; row++) {
    const [token = -1, position = -1] = [batch.tokenIds[row], batch.positions[row]];
    assertInvariant(token >= 0 && token < tables.tokens, `token ${token} is one of ${tables.tokens}`);
    assertInvariant(
      position >= 0 && position < tables.positions,
      `position ${position} is one of ${tables.positions}`,
    );
  }
}

/** Each segment has pages of the cache for all its tokens, and does not write to one that is gone. */
export function checkSegments({ segments, numRows: allRows }: StepBatch, shape: KvCacheShape): void {
  let numPages = 0;
  for (const segment of segments) {
    const { pages, windowPages, rowStart, numRows } = segment;
    numPages += pages.length;
    assertInvariant(
      fitsTable(segment, shape, 'pages') &&
        (shape.windowed === undefined || fitsTable(segment, shape, 'windowPages')) &&
        (windowPages === undefined || windowPages.length === pages.length) &&
        rowStart + numRows <= allRows,
      `a segment of ${numRows} rows from position ${segment.positionStart} fits its ${pages.length} pages`,
    );
  }
  assertInvariant(numPages <= shape.maxStepPages, `a step names ${shape.maxStepPages} pages at most`);
}

function fitsTable(segment: Segment, shape: KvCacheShape, table: PageTable): boolean {
  const { numRows, positionStart } = segment;
  const pages = segment[table];
  const end = numPagesOf(shape, table);
  const written = pages?.subarray(Math.floor(positionStart / PAGE_TOKENS), pagesFor(positionStart + numRows));
  return (
    pages !== undefined &&
    positionStart >= 0 &&
    pagesFor(positionStart + numRows) <= pages.length &&
    pages.every((page) => page >= GONE && page < end) &&
    written?.every((page) => page !== GONE) === true
  );
}

/** A place for matrices of one width, used by one after the other. */
export interface Slot {
  /** Equal for equal places of all plans. */
  readonly key: string;
  readonly rows: RowKind;
  /** Numbers of a row in memory. */
  readonly stride: number;
}

/** What a step of a plan does to matrices. */
interface ValueUse {
  readonly reads: readonly StepValue[];
  readonly writes: StepValue | undefined;
}

/**
 * Gives each matrix a place to live from where it is computed to where it is last read, so that a forward pass of any
 * depth takes a handful. An operation never writes to a place it reads: WebGPU would drop the whole step.
 *
 * @param strideOf numbers of a row in memory, of that many columns
 */
export function assignSlots(
  uses: readonly ValueUse[],
  result: StepValue,
  strideOf: (numCols: number) => number,
): Map<StepValue, Slot> {
  const lastReads = new Map<StepValue, number>();
  uses.forEach(({ reads }, index) => {
    for (const value of reads) lastReads.set(value, index);
  });
  lastReads.set(result, uses.length);

  const slots = new Map<StepValue, Slot>();
  const free = new Map<string, Slot[]>();
  const counts = new Map<string, number>();
  const take = ({ rows, numCols }: StepValue): Slot => {
    const stride = strideOf(numCols);
    const kind = `${rows} x ${stride}`;
    const reused = free.get(kind)?.pop();
    if (reused !== undefined) return reused;
    const count = counts.get(kind) ?? 0;
    counts.set(kind, count + 1);
    return { key: `${kind} #${count}`, rows, stride };
  };
  const release = (slot: Slot): void => {
    const kind = `${slot.rows} x ${slot.stride}`;
    free.set(kind, [...(free.get(kind) ?? []), slot]);
  };

  uses.forEach(({ reads, writes }, index) => {
    if (writes !== undefined) slots.set(writes, take(writes));
    for (const value of new Set([...reads, ...(writes === undefined ? [] : [writes])])) {
      const slot = slots.get(value);
      // A matrix without a reader is free again at once.
      if (slot !== undefined && (lastReads.get(value) ?? index) <= index) release(slot);
    }
  });
  return slots;
}
