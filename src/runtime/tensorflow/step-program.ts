import { assertInvariant } from '../../errors.ts';
import { KINDS, type RecordedStep, type StepInstruction } from './step-instruction.ts';
import { BFLOAT16, type TensorInfo } from './tensorflow-binding.ts';

/** A step as `native/step_program.h` reads it: the same for every batch. */
export interface StepProgram {
  readonly words: Int32Array;
  /** What the instructions name, those of float32 first. */
  readonly tensors: readonly TensorInfo[];
  readonly numHalves: number;
  /** Columns of the result. */
  readonly cols: number;
  /** Whether the result has the rows whose logits are wanted, instead of all. */
  readonly isSelected: boolean;
}

const NONE = -1;

export function encodeStep(step: RecordedStep): StepProgram {
  const { instructions, result } = step;
  const { starts, cols, selectedCols } = placeActivations(step);
  const tensors = listTensors(instructions);
  const placeOf = new Map(tensors.map((tensor, place) => [tensor.id, place]));
  const words = [instructions.length, instructions.length, cols, selectedCols, result];
  instructions.forEach((instruction, index) => {
    words.push(instruction.cols, starts[index] ?? NONE, instruction.isSelected ? 1 : 0);
  });
  instructions.forEach(({ kind, inputs, tensors: named, numbers, scalar }, index) => {
    const [x = NONE, y = NONE] = inputs;
    const places = [0, 1, 2].map((i) => placeOf.get(named[i]?.id ?? NONE) ?? NONE);
    const [first = 0, second = 0, third = 0, fourth = 0] = numbers;
    words.push(KINDS.indexOf(kind), index, x, y, ...places, first, second, third, fourth, bitsOf(scalar));
  });
  const last = instructions[result];
  assertInvariant(last, 'a step has a result');
  return {
    words: Int32Array.from(words),
    tensors,
    numHalves: tensors.filter(isHalf).length,
    cols: last.cols,
    isSelected: last.isSelected,
  };
}

const isHalf = ({ dtype }: TensorInfo): boolean => dtype === BFLOAT16;

/** Each once, those of float32 first. */
function listTensors(instructions: readonly StepInstruction[]): TensorInfo[] {
  const byId = new Map<number, TensorInfo>();
  for (const { tensors } of instructions)
    for (const tensor of tensors) if (tensor) byId.set(tensor.id, tensor);
  const all = [...byId.values()];
  return [...all.filter((tensor) => !isHalf(tensor)), ...all.filter(isHalf)];
}

/** The bits of a float32 as a whole number. */
function bitsOf(value: number): number {
  return new Int32Array(Float32Array.of(value).buffer)[0] ?? 0;
}

interface Slot {
  start: number;
  cols: number;
}

/** Columns that are handed out again after their last reader. */
class ColumnPool {
  cols = 0;
  readonly #free: Slot[] = [];

  take(cols: number): Slot {
    const fitting = this.#free.filter((slot) => slot.cols >= cols).sort((a, b) => a.cols - b.cols)[0];
    if (fitting !== undefined) {
      this.#free.splice(this.#free.indexOf(fitting), 1);
      return fitting;
    }
    // In steps of a cache line, so that rows of whole lines begin at one.
    const slot = { start: this.cols, cols: Math.ceil(cols / COLS_PER_LINE) * COLS_PER_LINE };
    this.cols += slot.cols;
    return slot;
  }

  giveBack(slot: Slot): void {
    this.#free.push(slot);
  }
}

const COLS_PER_LINE = 16;

/**
 * Where each activation lies, in columns: two share them if one is read for the last time before the other is written.
 * Those of all rows and of the selected rows lie apart. The result has no place: it is written to where it is read.
 */
export function placeActivations({ instructions, result }: RecordedStep): {
  starts: (number | undefined)[];
  cols: number;
  selectedCols: number;
} {
  const lastUse = instructions.map((_, index) => index);
  instructions.forEach(({ inputs }, index) => inputs.forEach((input) => (lastUse[input] = index)));
  const pools = { whole: new ColumnPool(), selected: new ColumnPool() };
  const poolOf = (index: number): ColumnPool => pools[instructions[index]?.isSelected ? 'selected' : 'whole'];
  const slots: (Slot | undefined)[] = [];
  instructions.forEach(({ inputs, cols }, index) => {
    // Taken before its inputs are given back: no kernel may write what it still reads.
    slots[index] = index === result ? undefined : poolOf(index).take(cols);
    for (const read of new Set([...inputs, index])) {
      const slot = slots[read];
      if (slot !== undefined && lastUse[read] === index) poolOf(read).giveBack(slot);
    }
  });
  return {
    starts: slots.map((slot) => slot?.start),
    cols: pools.whole.cols,
    selectedCols: pools.selected.cols,
  };
}
