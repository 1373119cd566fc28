import type { StepValue, RowKind } from './step-recorder.ts';

/** A place for matrices of one width, used by one after the other. */
export interface Slot {
  /** Equal for equal places of all plans. */
  readonly key: string;
  readonly rows: RowKind;
  /** Numbers of a row in memory. */
  readonly stride: number;
}

/** What a step of a plan does to matrices. */
export interface ValueUse {
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
