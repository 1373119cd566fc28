import { assertInvariant } from '../../errors.ts';
import { assignSlots, type Slot, tableSizes, type TableSizes } from '../step/step-tables.ts';
import { operandsOf } from '../step/live-operations.ts';
import { recordForward } from '../step/record-forward.ts';
import type { RowCounts, StepOperation, StepValue } from '../step/step-recorder.ts';
import type { Forward } from '../runtime.ts';
import type { Arena } from './arena.ts';
import type { Job } from './job.ts';
import { lower } from './lower.ts';
import { reserveStepInputs, type StepInputs } from './step-inputs.ts';
import type { WasmHeap } from './wasm-heap.ts';
import type { WasmKvCache } from './wasm-kv-cache.ts';

/** A job, and the operation of the model that it is of. */
export interface RecordedJob {
  readonly job: Job;
  readonly operation: StepOperation;
}

/** A forward pass for fixed numbers of rows: jobs in order, which read and write the same places each time. */
export interface StepJobs {
  readonly jobs: readonly RecordedJob[];
  readonly inputs: StepInputs;
  readonly tables: TableSizes;
  readonly result: StepValue;
  readonly resultAddress: number;
}

interface RecordOptions {
  heap: WasmHeap;
  arena: Arena;
  numThreads: number;
  cache: WasmKvCache;
  counts: RowCounts;
}

/**
 * Calls a forward pass once and lowers what it called. Addresses hold until a region of the arena moves.
 * @throws EngineError `backend_failure` when the heap is full
 */
export function recordStep(forward: Forward, options: RecordOptions): StepJobs {
  const { heap, arena, numThreads, cache, counts } = options;
  const { operations, result } = recordForward(forward, counts, cache.shape);
  const uses = operations.map((operation) => ({ reads: operandsOf(operation), writes: operation.result }));
  const slots = assignSlots(uses, result, (numCols) => numCols);
  const inputs = reserveStepInputs(arena, counts);
  for (const slot of slots.values()) reserveSlot(arena, slot, counts);
  const addressOf = (value: StepValue): number => {
    const slot = slots.get(value);
    assertInvariant(slot, 'every matrix has a place');
    return arena.addressOf(slot.key);
  };
  const scratch = (numBytes: number): number => arena.reserve('scratch', numBytes);
  const context = { heap, counts, cache, inputs, numThreads, scratch, addressOf };
  let jobs: RecordedJob[];
  let numMoves: number;
  do {
    // Scratch that had to grow moved away from the jobs before.
    numMoves = arena.numMoves;
    jobs = operations.flatMap((operation) =>
      lower(operation, context)
        .filter(([, numChunks]) => numChunks > 0)
        .map((job) => ({ job, operation })),
    );
  } while (numMoves !== arena.numMoves);
  const tables = tableSizes(operations);
  return { jobs, inputs, tables, result, resultAddress: addressOf(result) };
}

function reserveSlot(arena: Arena, { key, rows, stride }: Slot, counts: RowCounts): void {
  arena.reserve(key, 4 * stride * Math.max(1, counts[rows]));
}
