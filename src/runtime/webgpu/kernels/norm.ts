import type { RowKind } from '../../step/step-recorder.ts';
import { defineKernel, maskLastQuad, numRowsOf, quadsOf, type Kernel } from './kernel.ts';

/**
 * The WGSL function `sum_of_workgroup(thread, value)`, which every thread calls. A tree in workgroup memory, the same on
 * any adapter: subgroups differ in size, and need a feature.
 * @param size threads of the workgroup, a power of two
 */
export function sumOfWorkgroupFunction(size: number): string {
  return `
var<workgroup> partial_sums: array<f32, ${size}>;
fn sum_of_workgroup(thread: u32, value: f32) -> f32 {
  partial_sums[thread] = value;
  for (var width = ${size / 2}u; width > 0; width >>= 1) {
    workgroupBarrier();
    if (thread < width) { partial_sums[thread] += partial_sums[thread + width]; }
  }
  let sum = workgroupUniformLoad(&partial_sums[0]);
  return sum;
}`;
}

interface NormDimensions {
  /** LayerNorm is about the mean, RMSNorm about zero. */
  name: 'layer-norm' | 'rms-norm';
  dim: number;
  rows: RowKind;
  paddedRows: number;
  /** Takes the rows whose logits are wanted, in their order, out of the step's. */
  selects: boolean;
  hasShift: boolean;
  hasResidual: boolean;
  epsilon: number;
}

/**
 * A norm of each row, in two passes (mean, then variance about it) or one (mean square), then a shortcut. One workgroup
 * a row: [rows, dim]. Bindings: step, x, gain, then shift, residual as there are, result.
 */
export function normKernel(dimensions: NormDimensions): Kernel {
  const { name, dim, rows, paddedRows, selects, hasShift, hasResidual, epsilon } = dimensions;
  const numQuads = quadsOf(dim);
  const size = numQuads > 128 ? 128 : 64;
  const read = (binding: string) => ({ name: binding, type: 'vec4<f32>', access: 'read' as const });
  return defineKernel({
    name,
    bindings: [
      read('x'),
      read('gain'),
      ...(hasShift ? [read('shift')] : []),
      ...(hasResidual ? [read('residual')] : []),
      { name: 'result', type: 'vec4<f32>', access: 'write' },
    ],
    declarations: sumOfWorkgroupFunction(size),
    workgroupSize: size,
    body: `
  if (group.x >= ${numRowsOf(rows)}) { return; }
  let start = ${selects ? 'logit_row(group.x)' : 'group.x'} * ${numQuads};
  ${name === 'layer-norm' ? meanOfRow(dim, size) : 'let mean = 0.0;'}
  var squares = 0.0;
  for (var quad = thread; quad < ${numQuads}; quad += ${size}) {
    let centred = x[start + quad] - mean;
    let used = ${maskLastQuad('centred', 'quad', dim)};
    squares += dot(used, used);
  }
  let scale = 1.0 / sqrt(sum_of_workgroup(thread, squares) / ${dim}.0 + ${epsilon});
  for (var quad = thread; quad < ${numQuads}; quad += ${size}) {
    let at = group.x * ${numQuads} + quad;
    result[at] = (x[start + quad] - mean) * scale * gain[quad]${hasShift ? ' + shift[quad]' : ''}${hasResidual ? ' + residual[at]' : ''};
  }`,
    workgroups: [paddedRows, 1, 1],
  });
}

const meanOfRow = (dim: number, size: number): string => `
  var sum = 0.0;
  for (var quad = thread; quad < ${quadsOf(dim)}; quad += ${size}) {
    sum += dot(${maskLastQuad('x[start + quad]', 'quad', dim)}, vec4<f32>(1.0));
  }
  let mean = sum_of_workgroup(thread, sum) / ${dim}.0;`;
