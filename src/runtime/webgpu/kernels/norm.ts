import { defineKernel, maskLastQuad, numRowsOf, quadsOf, type Kernel, type RowKind } from './kernel.ts';

interface LayerNormDimensions {
  dim: number;
  rows: RowKind;
  paddedRows: number;
  /** Takes the rows whose logits are wanted, in their order, out of the step's. */
  selects: boolean;
  hasShift: boolean;
  epsilon: number;
}

/** LayerNorm of each row, in two passes: mean, then variance about it. One workgroup a row: [rows, dim]. */
export function layerNormKernel(dimensions: LayerNormDimensions): Kernel {
  const { dim, rows, paddedRows, selects, hasShift, epsilon } = dimensions;
  const numQuads = quadsOf(dim);
  const size = numQuads > 128 ? 128 : 64;
  return defineKernel({
    name: 'layer-norm',
    bindings: [
      { name: 'x', type: 'vec4<f32>', access: 'read' },
      { name: 'gain', type: 'vec4<f32>', access: 'read' },
      ...(hasShift ? [{ name: 'shift', type: 'vec4<f32>', access: 'read' as const }] : []),
      { name: 'result', type: 'vec4<f32>', access: 'write' },
    ],
    declarations: sumFunction(size),
    workgroupSize: size,
    body: `
  if (group.x >= ${numRowsOf(rows)}) { return; }
  let start = ${selects ? 'logit_row(group.x)' : 'group.x'} * ${numQuads};
  var sum = 0.0;
  for (var quad = thread; quad < ${numQuads}; quad += ${size}) {
    sum += dot(${maskLastQuad('x[start + quad]', 'quad', dim)}, vec4<f32>(1.0));
  }
  let mean = sum_of_workgroup(thread, sum) / ${dim}.0;
  var squares = 0.0;
  for (var quad = thread; quad < ${numQuads}; quad += ${size}) {
    let centred = x[start + quad] - mean;
    let used = ${maskLastQuad('centred', 'quad', dim)};
    squares += dot(used, used);
  }
  let scale = 1.0 / sqrt(sum_of_workgroup(thread, squares) / ${dim}.0 + ${epsilon});
  for (var quad = thread; quad < ${numQuads}; quad += ${size}) {
    result[group.x * ${numQuads} + quad] = (x[start + quad] - mean) * scale * gain[quad]${hasShift ? ' + shift[quad]' : ''};
  }`,
    workgroups: [paddedRows, 1, 1],
  });
}

/** A tree in workgroup memory, the same on any adapter: subgroups differ in size, and need a feature. */
function sumFunction(size: number): string {
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
