import type { Activation, GateActivation, TransformerOps } from '../runtime/ops.ts';
import { linear, type LinearParameters } from './linear.ts';

export interface GatedMlpParameters {
  /** Gate and value as one product: weight [2 * mlpDim, dim]. */
  readonly gateUp: LinearParameters;
  readonly down: LinearParameters; // [dim, mlpDim]
}

/** The gated feed-forward network, SwiGLU or GeGLU (Shazeer 2020): [rows, dim] -> [rows, dim]. */
export function gatedMlp(
  ops: TransformerOps,
  parameters: GatedMlpParameters,
  x: Activation,
  activation: GateActivation,
): Activation {
  const hidden = ops.gate(linear(ops, parameters.gateUp, x), activation); // [rows, mlpDim]
  return linear(ops, parameters.down, hidden); // [rows, dim]
}
