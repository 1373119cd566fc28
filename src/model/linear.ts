import type { Activation, Parameter, BookOps } from '../runtime/ops.ts';

/** A dense layer, stored as [out, in]; the bias is [out] or left out. */
export interface LinearParameters {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
}

/** X W^T + b, one product for the tokens of every sequence: [rows, in] -> [rows, out]. */
export function linear(ops: BookOps, parameters: LinearParameters, x: Activation): Activation {
  return ops.linear(x, parameters.weight, parameters.bias);
}
