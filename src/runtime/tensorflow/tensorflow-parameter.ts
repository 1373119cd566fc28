import { assertInvariant } from '../../errors.ts';
import type { Parameter, Activation } from '../ops.ts';
import type { TensorInfo } from './tensorflow-binding.ts';

/** A trained tensor as a TensorFlow tensor of float32, or of bfloat16 if it is a matrix held at half precision. */
export class TensorflowParameter implements Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly tensor: TensorInfo;

  constructor(name: string, shape: readonly number[], tensor: TensorInfo) {
    this.name = name;
    this.shape = shape;
    this.tensor = tensor;
  }
}

/** The tensor behind a parameter of this runtime. */
export function parameterTensor(parameter: Parameter): TensorInfo {
  assertInvariant(
    parameter instanceof TensorflowParameter,
    `parameter ${parameter.name} belongs to this runtime`,
  );
  return parameter.tensor;
}

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
