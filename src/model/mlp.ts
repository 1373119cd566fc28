import type { Activation, BookOps } from '../runtime/ops.ts';
import { linear, type LinearParameters } from './linear.ts';

export interface MlpParameters {
  readonly expand: LinearParameters; // [mlpDim, dim]
  readonly contract: LinearParameters; // [dim, mlpDim]
}

/** The feed-forward network of a block with GPT-2's tanh GELU: [rows, dim] -> [rows, dim]. */
export function mlp(ops: BookOps, parameters: MlpParameters, x: Activation): Activation {
  const hidden = ops.gelu(linear(ops, parameters.expand, x)); // [rows, mlpDim]
  return linear(ops, parameters.contract, hidden); // [rows, dim]
}
