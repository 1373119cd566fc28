import type { Activation, Parameter, BookOps } from '../runtime/ops.ts';

export interface LayerNormParameters {
  readonly gain: Parameter; // [dim]
  readonly shift: Parameter | undefined; // [dim]
}

/** LayerNorm over each row (Ba et al. 2016): [rows, dim] -> [rows, dim]. */
export function layerNorm(
  ops: BookOps,
  parameters: LayerNormParameters,
  x: Activation,
  epsilon: number,
): Activation {
  return ops.layerNorm(x, parameters.gain, parameters.shift, epsilon);
}
