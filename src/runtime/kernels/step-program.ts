import { assertInvariant } from '../../errors.ts';
import type { StepOperation, StepValue, RowKind } from '../step/step-recorder.ts';
import type { HeadStripes, Parameter } from '../ops.ts';
import { type JoinedOperation, inputsOf } from './join-products.ts';
import type { Handle } from './kernel-addon.ts';
import type { LayerPlace } from './kernel-kv-cache.ts';
import { kernelParameter } from './kernel-parameter.ts';

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

/** What the kernels compute, in the order of `Kind` in cpp/step_program.h. */
const KINDS = [
  'embed',
  'linear',
  'layerNorm',
  'rmsNorm',
  'normHeads',
  'rotate',
  'attention',
  'gelu',
  'gate',
  'add',
  'selectRows',
] as const satisfies readonly StepOperation['kind'][];

/** A step as cpp/step_program.h reads it: the same for every batch. */
export interface StepProgram {
  readonly words: Int32Array;
  /** What the instructions name. */
  readonly tensors: Int32Array;
}

const NONE = -1;
/** Of an instruction. */
const NUM_NUMBERS = 6;

/** Names the operations' values by registers and their tensors by places in a list. */
export function encodeStep(
  operations: readonly JoinedOperation[],
  result: StepValue,
  placeOf: (layerIndex: number) => LayerPlace,
): StepProgram {
  const { starts, numCols } = placeColumns(operations, result);
  const registers = new Map(operations.map((operation, index) => [operation.result, index]));
  const registerOf = (value: StepValue): number => {
    const register = registers.get(value);
    assertInvariant(register !== undefined, 'every value is computed');
    return register;
  };
  const tensors = new Map<Handle, number>();
  const slotOf = (tensor: Handle): number => {
    const slot = tensors.get(tensor) ?? tensors.size;
    tensors.set(tensor, slot);
    return slot;
  };
  const words = [operations.length, operations.length, numCols.step, numCols.logit, registerOf(result)];
  for (const { result: value } of operations) {
    words.push(value.numCols, starts.get(value) ?? NONE, isSelected(value.rows));
  }
  for (const operation of operations) {
    const { inputs, parameters, numbers, scalar } = operandsOfInstruction(operation, placeOf);
    const [x = NONE, y = NONE] = inputs.map(registerOf);
    const [first = NONE, second = NONE] = parameters.map((tensor) =>
      tensor === undefined ? NONE : slotOf(tensor),
    );
    const padded = Array.from({ length: NUM_NUMBERS }, (_, i) => numbers[i] ?? 0);
    words.push(
      KINDS.indexOf(operation.kind),
      registerOf(operation.result),
      x,
      y,
      first,
      second,
      NONE,
      ...padded,
    );
    words.push(bitsOf(scalar));
  }
  return { words: Int32Array.from(words), tensors: Int32Array.from(tensors.keys()) };
}

/** The product of the row of one matrix and all rows of another, as a step of its own. */
export function encodeProduct(
  row: Handle,
  matrix: Handle,
  { depth, numOut }: { depth: number; numOut: number },
): StepProgram {
  const cols = Math.ceil(depth / COLS_PER_LINE) * COLS_PER_LINE;
  const [read, product] = [0, 1];
  const registers = [depth, 0, 0, numOut, NONE, 0];
  const noNumbers = new Array<number>(NUM_NUMBERS).fill(0);
  const embed = [KINDS.indexOf('embed'), read, NONE, NONE, 0, NONE, NONE, ...noNumbers, bitsOf(1)];
  const linear = [KINDS.indexOf('linear'), product, read, NONE, 1, NONE, NONE, ...noNumbers, bitsOf(0)];
  const words = [2, 2, cols, 0, product, ...registers, ...embed, ...linear];
  return { words: Int32Array.from(words), tensors: Int32Array.of(row, matrix) };
}

const isSelected = (rows: RowKind): number => (rows === 'logit' ? 1 : 0);

interface Operands {
  readonly inputs: readonly StepValue[];
  readonly parameters: readonly (Handle | undefined)[];
  readonly numbers: readonly number[];
  readonly scalar: number;
}

/** What an instruction says of its operation; cpp/step_run.h reads it. */
function operandsOfInstruction(
  operation: JoinedOperation,
  placeOf: (layerIndex: number) => LayerPlace,
): Operands {
  const operands = (
    inputs: readonly StepValue[],
    parameters: readonly (Parameter | undefined)[] = [],
    numbers: readonly number[] = [],
    scalar = 0,
  ): Operands => ({
    inputs,
    parameters: parameters.map((parameter) => parameter && kernelParameter(parameter).handle),
    numbers,
    scalar,
  });
  switch (operation.kind) {
    case 'embed':
      return operands([], [operation.tokens, operation.positions], [], operation.scale);
    case 'linear': {
      const { x, residual, weight, bias, isGelu } = operation;
      return operands(residual ? [x, residual] : [x], [weight, bias], [isGelu ? 1 : 0]);
    }
    case 'layerNorm':
    case 'rmsNorm':
      return operands([operation.x], [operation.gain, operation.shift], [], operation.epsilon);
    case 'normHeads': {
      const { queryGain, keyGain, epsilon } = operation.norm;
      return operands([operation.x], [queryGain, keyGain], numbersOf(operation.stripes), epsilon);
    }
    case 'rotate': {
      const { pairing, table } = operation.rotation;
      const numbers = [...numbersOf(operation.stripes), pairing === 'neighbours' ? 1 : 0];
      return operands([operation.x], [table], numbers);
    }
    case 'attention': {
      const { heads, layerIndex } = operation;
      const { handle, index, table } = placeOf(layerIndex);
      const numbers = [...numbersOf(heads), heads.window ?? 0, index, table === 'windowPages' ? 1 : 0];
      return { inputs: [operation.x], parameters: [handle], numbers, scalar: heads.scale };
    }
    case 'gelu':
    case 'selectRows':
      return operands([operation.x]);
    case 'gate':
      return operands([operation.x], [], [operation.activation === 'silu' ? 1 : 0]);
    case 'add':
      return operands([operation.x, operation.y]);
  }
}

const numbersOf = ({ numHeads, numKvHeads, headDim }: HeadStripes): number[] => [
  numHeads,
  numKvHeads,
  headDim,
];

/** The bits of a float32 as a whole number. */
function bitsOf(value: number): number {
  return new Int32Array(Float32Array.of(value).buffer)[0] ?? 0;
}
