import type { TensorInfo } from './tensorflow-binding.ts';

/** What our kernels compute, in the order of `Kind` in `native/step_program.h`. */
export const KINDS = [
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
  'select',
] as const;

export type Kind = (typeof KINDS)[number];

/** One operation of a step; which instruction it is, is its place in the list. */
export interface StepInstruction {
  readonly kind: Kind;
  /** The instructions whose results it takes: at most two, each before this one. */
  readonly inputs: readonly number[];
  /** What else it reads, or writes in place: at most three, `undefined` for what is left out. */
  readonly tensors: readonly (TensorInfo | undefined)[];
  /** At most four whole numbers; `native/step_run.h` says what they are. */
  readonly numbers: readonly number[];
  readonly scalar: number;
  /** Columns of its result. */
  readonly cols: number;
  /** Whether its result has the rows whose logits are wanted, instead of all. */
  readonly isSelected: boolean;
}

/** What is to be computed, and which instruction's result is wanted. */
export interface RecordedStep {
  readonly instructions: readonly StepInstruction[];
  readonly result: number;
}
