import { assertInvariant } from '../../errors.ts';
import type { Activation } from '../ops.ts';
import type { TensorInfo } from './tensorflow-binding.ts';

/** A tensor of the running step; rows from `numRows` on are padding. */
export class TensorflowActivation implements Activation {
  readonly tensor: TensorInfo; // [rows, cols]
  readonly numRows: number;

  constructor(tensor: TensorInfo, numRows: number) {
    this.tensor = tensor;
    this.numRows = numRows;
  }

  get shape(): readonly number[] {
    return this.tensor.shape;
  }
}

/** An activation as this runtime makes them. */
export function tensorflowActivation(activation: Activation): TensorflowActivation {
  assertInvariant(activation instanceof TensorflowActivation, 'the activation belongs to this runtime');
  return activation;
}
