import type { Activation, Parameter, TransformerOps } from '../runtime/ops.ts';

/** RMSNorm over each row (Zhang and Sennrich 2019), with a gain [dim]: [rows, dim] -> [rows, dim]. */
export function rmsNorm(ops: TransformerOps, gain: Parameter, x: Activation, epsilon: number): Activation {
  return ops.rmsNorm(x, gain, epsilon);
}
