import type { RowKind } from '../../step/step-recorder.ts';
import { GELU_FUNCTION } from './gelu.ts';
import { defineKernel, numRowsOf, quadsOf, type Kernel } from './kernel.ts';

/** Operations that nothing could take along: each a pass over [rows, cols]. */
type Elementwise = 'gelu' | 'add' | 'select-rows';

interface ElementwiseDimensions {
  numCols: number;
  rows: RowKind;
  paddedRows: number;
}

const WORKGROUP_SIZE = 64;

const VALUES: Readonly<Record<Elementwise, string>> = {
  gelu: 'vec4<f32>(gelu(x[at].x), gelu(x[at].y), gelu(x[at].z), gelu(x[at].w))',
  add: 'x[at] + y[at]',
  'select-rows': 'x[logit_row(row) * NUM_QUADS + quad]',
};

export function elementwiseKernel(name: Elementwise, dimensions: ElementwiseDimensions): Kernel {
  const { numCols, rows, paddedRows } = dimensions;
  const numQuads = quadsOf(numCols);
  return defineKernel({
    name,
    bindings: [
      { name: 'x', type: 'vec4<f32>', access: 'read' },
      ...(name === 'add' ? [{ name: 'y', type: 'vec4<f32>', access: 'read' as const }] : []),
      { name: 'result', type: 'vec4<f32>', access: 'write' },
    ],
    declarations: `const NUM_QUADS = ${numQuads}u;${name === 'gelu' ? GELU_FUNCTION : ''}`,
    workgroupSize: WORKGROUP_SIZE,
    body: `
  let row = group.y;
  let quad = group.x * ${WORKGROUP_SIZE} + thread;
  if (row >= ${numRowsOf(rows)} || quad >= NUM_QUADS) { return; }
  let at = row * NUM_QUADS + quad;
  result[at] = ${VALUES[name]};`,
    workgroups: [Math.ceil(numQuads / WORKGROUP_SIZE), paddedRows, 1],
  });
}
