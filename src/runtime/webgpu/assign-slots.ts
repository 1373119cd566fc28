import { valuesRead, type FusedOperation } from './fuse.ts';
import type { GraphValue } from './graph-recorder.ts';
import { strideOf, type RowKind } from './kernels/kernel.ts';

/** A place for matrices of one width, used by one after the other. */
export interface Slot {
  /** Equal for equal places, whichever plan asks. */
  readonly key: string;
  readonly rows: RowKind;
  /** Numbers of a row in memory. */
  readonly stride: number;
}

/**
 * Gives each matrix a place to live from where it is computed to where it is last read, so that a forward pass of any
 * depth takes a handful. An operation never writes to a place it reads: the device would drop the whole step.
 */
export function assignSlots(
  operations: readonly FusedOperation[],
  result: GraphValue,
): Map<GraphValue, Slot> {
  const lastReads = new Map<GraphValue, number>();
  operations.forEach((operation, index) => {
    for (const value of valuesRead(operation)) lastReads.set(value, index);
  });
  lastReads.set(result, operations.length);

  const slots = new Map<GraphValue, Slot>();
  const free = new Map<string, Slot[]>();
  const counts = new Map<string, number>();
  const take = ({ rows, numCols }: GraphValue): Slot => {
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

  operations.forEach((operation, index) => {
    if ('result' in operation) slots.set(operation.result, take(operation.result));
    const written = 'result' in operation ? [operation.result] : [];
    for (const value of new Set([...valuesRead(operation), ...written])) {
      const slot = slots.get(value);
      // What nobody reads is free again at once.
      if (slot !== undefined && (lastReads.get(value) ?? index) <= index) release(slot);
    }
  });
  return slots;
}
