import { assertInvariant } from '../../errors.ts';
import type { Parameter } from '../ops.ts';
import { PAGE_TOKENS } from '../../pages.ts';
import type { Forward, KvCacheShape } from '../runtime.ts';
import { assignSlots, type Slot, tableSizes, type TableSizes } from '../step/step-tables.ts';
import { stepValue, StepRecorder, type StepValue } from '../step/step-recorder.ts';
import type { Bucket } from './bucket.ts';
import { fuse, valuesRead } from './fuse.ts';
import { strideOf, STEP_HEADER } from './kernels/kernel.ts';
import { MIN_TOP_COLS, topChunkBytes } from './kernels/top-logits.ts';
import { lower, lowerTopLogits, type Dispatch, type ParameterLayout } from './lower.ts';
import { writeAttentionTiles } from '../step/attention-tiles.ts';
import type { StepBatch } from '../step-batch.ts';

/** A forward pass for one bucket as plain data: kernels in order, and where their matrices live. */
export interface StepPlan {
  readonly bucket: Bucket;
  /** Words of the step buffer at most. */
  readonly stepWords: number;
  readonly dispatches: readonly Dispatch[];
  readonly slots: readonly Slot[];
  readonly result: StepValue;
  readonly resultSlot: Slot;
  /** Bytes for the first pass over the logits; 0 where all rows come back whole. */
  readonly topChunkBytes: number;
  readonly tables: TableSizes;
}

interface PlanOptions {
  bucket: Bucket;
  cacheShape: KvCacheShape;
  layoutOf: (parameter: Parameter) => ParameterLayout;
  /** Some rows may come back as their most probable tokens. */
  wantsTop: boolean;
}

export function planStep(forward: Forward, options: PlanOptions): StepPlan {
  const { bucket, cacheShape, layoutOf, wantsTop } = options;
  const recorder = new StepRecorder(bucket, cacheShape);
  const result = stepValue(forward(recorder));
  const operations = fuse(recorder.operations, result);
  const uses = operations.map((operation) => ({
    reads: valuesRead(operation),
    writes: 'result' in operation ? operation.result : undefined,
  }));
  const slots = assignSlots(uses, result, strideOf);
  const context = { bucket, cacheShape, slots, layoutOf };
  const hasTop = wantsTop && result.rows === 'logit' && result.numCols >= MIN_TOP_COLS;
  const dispatches = operations.flatMap((operation) => lower(operation, context));
  if (hasTop) dispatches.push(...lowerTopLogits(result, context));
  const resultSlot = slots.get(result);
  assertInvariant(resultSlot, 'the result has a place');
  return {
    bucket,
    stepWords: stepBufferWords(bucket, cacheShape),
    dispatches,
    slots: [...new Map([...slots.values()].map((slot) => [slot.key, slot])).values()],
    result,
    resultSlot,
    topChunkBytes: hasTop ? topChunkBytes({ numCols: result.numCols, paddedRows: bucket.logit }) : 0,
    tables: tableSizes(recorder.operations),
  };
}

/** Words of an element of the step buffer: a vec4<u32>. */
const ELEMENT_WORDS = 4;

/** Header, rows, rows of logits, tiles (a row each at most), top rows, pages of each table. */
export const stepBufferWords = (
  { step, logit }: Bucket,
  { maxStepPages, windowed }: KvCacheShape,
): number => {
  const numPages = (windowed === undefined ? 1 : 2) * maxStepPages;
  return ELEMENT_WORDS * (STEP_HEADER + 2 * step + 2 * logit + Math.ceil(numPages / ELEMENT_WORDS));
};

/**
 * All that differs from step to step, as kernels read it: counts, then [token, position, page, page of the window] of each
 * row, the rows whose logits are wanted, the tiles of attention, which of the logit rows come back as their top, and the
 * pages of all sequences, then those of their windows.
 * @param topRows among the rows of logits
 * @returns how many words are used
 */
export function writeStepBuffer(
  target: Uint32Array,
  batch: StepBatch,
  bucket: Bucket,
  topRows: readonly number[],
): number {
  const logitStart = STEP_HEADER + bucket.step;
  const tileStart = logitStart + bucket.logit;
  const topStart = tileStart + bucket.step;
  const pagesStart = topStart + bucket.logit;
  const numPages = batch.segments.reduce((sum, { pages }) => sum + pages.length, 0);
  let pageAt = ELEMENT_WORDS * pagesStart;
  let end = pageAt + numPages;
  for (const { rowStart, numRows, pages, windowPages } of batch.segments) {
    for (let row = rowStart; row < rowStart + numRows; row++) {
      const position = batch.positions[row] ?? 0;
      const index = Math.floor(position / PAGE_TOKENS);
      const ofRow = [batch.tokenIds[row] ?? 0, position, pages[index] ?? 0, windowPages?.[index] ?? 0];
      target.set(ofRow, ELEMENT_WORDS * (STEP_HEADER + row));
    }
    target.set(pages, pageAt);
    if (windowPages) target.set(windowPages, pageAt + numPages);
    if (windowPages) end = pageAt + numPages + windowPages.length;
    pageAt += pages.length;
  }
  for (let row = 0; row < batch.numLogitRows; row++) {
    target[ELEMENT_WORDS * (logitStart + row)] = batch.logitRows[row] ?? 0;
  }
  for (let index = 0; index < topRows.length; index++) {
    target[ELEMENT_WORDS * (topStart + index)] = topRows[index] ?? 0;
  }
  const numTiles = writeAttentionTiles(target, ELEMENT_WORDS * tileStart, batch.segments, bucket.tileRows);
  target.set([batch.numRows, batch.numLogitRows, numTiles, topRows.length]);
  target.set([logitStart, tileStart, topStart, pagesStart], ELEMENT_WORDS);
  target.set([numPages, 0, 0, 0], 2 * ELEMENT_WORDS);
  return end;
}
