import { writeAttentionTiles } from '../step/attention-tiles.ts';
import type { StepBatch } from '../step-batch.ts';
import type { Bucket } from './bucket.ts';
import { STEP_HEADER } from './kernels/kernel.ts';

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
  const numTiles = writeAttentionTiles(target, ELEMENT_WORDS * tileStart, batch.segments, bucket.tileRows);
  target.set([batch.numRows, batch.numLogitRows, numTiles, topRows.length, logitStart, tileStart, topStart]);
}
