import type { RowKind } from '../../step/step-recorder.ts';
import type { GateActivation } from '../../ops.ts';
import { GELU_FUNCTION } from './gelu.ts';
import { defineKernel, numRowsOf, strideOf, type Kernel } from './kernel.ts';

interface GateDimensions {
  activation: GateActivation;
  /** Columns of the result: half of those read. */
  mlpDim: number;
  rows: RowKind;
  paddedRows: number;
}

const WORKGROUP_SIZE = 64;

/** x times the logistic function, its argument clamped as GELU's is. */
const SILU_FUNCTION = `
fn silu(x: f32) -> f32 { return x / (1.0 + exp(clamp(-x, -80.0, 80.0))); }
`;

/** The gated hidden layer: activation(gate) * value, side by side. [rows, 2 * mlpDim] -> [rows, mlpDim]. */
export function gateKernel({ activation, mlpDim, rows, paddedRows }: GateDimensions): Kernel {
  return defineKernel({
    name: 'gate',
    bindings: [
      { name: 'x', type: 'f32', access: 'read' },
      { name: 'result', type: 'f32', access: 'write' },
    ],
    declarations: activation === 'silu' ? SILU_FUNCTION : GELU_FUNCTION,
    workgroupSize: WORKGROUP_SIZE,
    body: `
  let row = group.y;
  let col = group.x * ${WORKGROUP_SIZE} + thread;
  if (row >= ${numRowsOf(rows)} || col >= ${mlpDim}) { return; }
  let at = row * ${strideOf(2 * mlpDim)} + col;
  result[row * ${strideOf(mlpDim)} + col] = ${activation}(x[at]) * x[at + ${mlpDim}];`,
    workgroups: [Math.ceil(mlpDim / WORKGROUP_SIZE), paddedRows, 1],
  });
}
