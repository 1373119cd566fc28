import { assertInvariant } from '../../errors.ts';
import type { Parameter } from '../ops.ts';
import type { Forward, KvCacheShape } from '../runtime.ts';
import { assignSlots, type Slot } from '../step/assign-slots.ts';
import { stepValue, StepRecorder, type StepValue } from '../step/step-recorder.ts';
import { tableSizes, type TableSizes } from '../step/step-tables.ts';
import type { Bucket } from './bucket.ts';
import { fuse, valuesRead } from './fuse.ts';
import { strideOf } from './kernels/kernel.ts';
import { MIN_TOP_COLS, topChunkBytes } from './kernels/top-logits.ts';
import { lower, lowerTopLogits, type Dispatch, type ParameterLayout } from './lower.ts';

/** A forward pass for one bucket as plain data: kernels in order, and where their matrices live. */
export interface StepPlan {
  readonly bucket: Bucket;
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
    dispatches,
    slots: [...new Map([...slots.values()].map((slot) => [slot.key, slot])).values()],
    result,
    resultSlot,
    topChunkBytes: hasTop ? topChunkBytes({ numCols: result.numCols, paddedRows: bucket.logit }) : 0,
    tables: tableSizes(recorder.operations),
  };
}
