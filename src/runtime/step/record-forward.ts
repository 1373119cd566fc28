import type { Forward, KvCacheShape } from '../runtime.ts';
import { liveOperations } from './live-operations.ts';
import { selectEarly } from './select-early.ts';
import {
  StepRecorder,
  stepValue,
  type RowCounts,
  type StepOperation,
  type StepValue,
} from './step-recorder.ts';

/** What a forward pass computes, in order, and the matrix that it returns. */
export interface RecordedForward {
  readonly operations: readonly StepOperation[];
  readonly result: StepValue;
}

/** Calls a forward pass once: what nothing needs is left out, and the rows that are wanted are selected early. */
export function recordForward(
  forward: Forward,
  counts: RowCounts,
  cacheShape: KvCacheShape,
): RecordedForward {
  const recorder = new StepRecorder(counts, cacheShape);
  const returned = stepValue(forward(recorder));
  return selectEarly(liveOperations(recorder.operations, returned), returned, counts);
}
