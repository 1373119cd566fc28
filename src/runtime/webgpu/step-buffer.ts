import { assertInvariant } from '../../errors.ts';
import type { KvCacheShape } from '../runtime.ts';
import type { StepBatch } from '../step-batch.ts';
import { STEP_HEADER } from './kernels/kernel.ts';
import type { Bucket } from './graph-recorder.ts';
import type { TableSizes } from './step-plan.ts';

/** Words of an element of the step buffer: a vec4<u32>. */
const ELEMENT_WORDS = 4;

/** Header, rows, rows of logits, tiles (a row each at most), top rows. */
export const stepBufferWords = ({ step, logit }: Bucket): number =>
  ELEMENT_WORDS * (STEP_HEADER + 2 * step + 2 * logit);

/**
 * All that differs from step to step, as kernels read it: counts, then [token, position, lane] of each row, the rows
 * whose logits are wanted, the tiles of attention, and which of the logit rows come back as their top.
 * @param topRows among the rows of logits
 */
export function writeStepBuffer(
  target: Uint32Array,
  batch: StepBatch,
  bucket: Bucket,
  topRows: readonly number[],
): void {
  const logitStart = STEP_HEADER + bucket.step;
  const tileStart = logitStart + bucket.logit;
  const topStart = tileStart + bucket.step;
  for (let row = 0; row < batch.numRows; row++) {
    const at = ELEMENT_WORDS * (STEP_HEADER + row);
    target[at] = batch.tokenIds[row] ?? 0;
    target[at + 1] = batch.positions[row] ?? 0;
    target[at + 2] = batch.lanes[row] ?? 0;
  }
  for (let row = 0; row < batch.numLogitRows; row++) {
    target[ELEMENT_WORDS * (logitStart + row)] = batch.logitRows[row] ?? 0;
  }
  for (let index = 0; index < topRows.length; index++) {
    target[ELEMENT_WORDS * (topStart + index)] = topRows[index] ?? 0;
  }
  const numTiles = writeTiles(target, tileStart, batch, bucket.tileRows);
  target.set([batch.numRows, batch.numLogitRows, numTiles, topRows.length, logitStart, tileStart, topStart]);
}

/** Every segment in tiles of consecutive rows: [first row, rows, lane, position]. Returns how many. */
function writeTiles(target: Uint32Array, tileStart: number, batch: StepBatch, tileRows: number): number {
  let at = ELEMENT_WORDS * tileStart;
  for (const { lane, rowStart, numRows, positionStart } of batch.segments) {
    for (let row = 0; row < numRows; row += tileRows) {
      target[at++] = rowStart + row;
      target[at++] = Math.min(tileRows, numRows - row);
      target[at++] = lane;
      target[at++] = positionStart + row;
    }
  }
  return at / ELEMENT_WORDS - tileStart;
}

/** Kernels do not look: an index beyond its table would read or write what belongs to another. */
export function checkBatch(batch: StepBatch, cacheShape: KvCacheShape, tables: TableSizes): void {
  for (const { lane, rowStart, numRows, positionStart } of batch.segments) {
    assertInvariant(
      lane >= 0 &&
        lane < cacheShape.numLanes &&
        positionStart >= 0 &&
        positionStart + numRows <= cacheShape.laneLength &&
        rowStart + numRows <= batch.numRows,
      `a segment of ${numRows} rows from position ${positionStart} fits lane ${lane}`,
    );
  }
  for (let row = 0; row < batch.numRows; row++) {
    const [token = -1, position = -1] = [batch.tokenIds[row], batch.positions[row]];
    assertInvariant(token >= 0 && token < tables.tokens, `token ${token} is one of ${tables.tokens}`);
    assertInvariant(
      position >= 0 && position < tables.positions,
      `position ${position} is one of ${tables.positions}`,
    );
  }
}
