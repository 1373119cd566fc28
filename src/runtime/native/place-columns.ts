import type { StepValue, RowKind } from '../step/step-recorder.ts';
import { inputsOf, type JoinedOperation } from './join-products.ts';

interface Slot {
  readonly start: number;
  readonly numCols: number;
}

/** A cache line of float32: rows of whole lines begin at one. */
const COLS_PER_LINE = 16;

/** Columns that are handed out again after their last reader. */
class ColumnPool {
  numCols = 0;
  readonly #free: Slot[] = [];

  take(numCols: number): Slot {
    const fitting = this.#free
      .filter((slot) => slot.numCols >= numCols)
      .sort((a, b) => a.numCols - b.numCols)[0];
    if (fitting !== undefined) {
      this.#free.splice(this.#free.indexOf(fitting), 1);
      return fitting;
    }
    const slot = { start: this.numCols, numCols: Math.ceil(numCols / COLS_PER_LINE) * COLS_PER_LINE };
    this.numCols += slot.numCols;
    return slot;
  }

  giveBack(slot: Slot): void {
    this.#free.push(slot);
  }
}

/**
 * Where each matrix lies, in columns: two share them if one is read for the last time before the other is written. Those
 * of all rows and of the selected rows lie apart. The result has no place: it is written to where it is read.
 */
export function placeColumns(
  operations: readonly JoinedOperation[],
  result: StepValue,
): { starts: ReadonlyMap<StepValue, number>; numCols: Readonly<Record<RowKind, number>> } {
  const lastReads = new Map<StepValue, number>();
  operations.forEach((operation, index) => {
    for (const value of [operation.result, ...inputsOf(operation)]) lastReads.set(value, index);
  });
  const pools = { step: new ColumnPool(), logit: new ColumnPool() };
  const slots = new Map<StepValue, Slot>();
  operations.forEach((operation, index) => {
    const { result: written } = operation;
    // Taken before its inputs are given back: no kernel may write what it still reads.
    if (written !== result) slots.set(written, pools[written.rows].take(written.numCols));
    for (const value of new Set([written, ...inputsOf(operation)])) {
      const slot = slots.get(value);
      if (slot !== undefined && lastReads.get(value) === index) pools[value.rows].giveBack(slot);
    }
  });
  const starts = new Map([...slots].map(([value, { start }]) => [value, start]));
  return { starts, numCols: { step: pools.step.numCols, logit: pools.logit.numCols } };
}
