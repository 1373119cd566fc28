import { defineKernel, maskLastQuad, numRowsOf, quadsOf, unroll, type Kernel } from './kernel.ts';
import type { Epilogue, LinearDimensions } from './linear-epilogue.ts';
import { decodeFunction, weightBinding } from './weight-encoding.ts';

const WORKGROUP_SIZE = 128;
const TILE_ROWS = 32;
const TILE_COLS = 64;
/** Quads of the inner dimension in workgroup memory at a time. */
const TILE_QUADS = 8;
/** One more than is used: rows then start in different banks. */
const TILE_STRIDE = TILE_QUADS + 1;
/** Each thread computes 4 x 4 sums, eight rows and sixteen columns apart. */
const THREAD_SUMS = 4;
const COL_THREADS = TILE_COLS / THREAD_SUMS;
const ROW_THREADS = TILE_ROWS / THREAD_SUMS;

/** The product of a prefill, bound by arithmetic: tiles of x and W in workgroup memory, 32 x 64 results each. */
export function linearManyRowsKernel(dimensions: LinearDimensions, epilogue: Epilogue): Kernel {
  const { inDim, numCols, rows, paddedRows, encoding } = dimensions;
  const numQuads = quadsOf(inDim);
  return defineKernel({
    name: 'linear-many-rows',
    bindings: [
      { name: 'x', type: 'vec4<f32>', access: 'read' },
      weightBinding('weight', encoding),
      ...epilogue.bindings,
    ],
    declarations: `
${decodeFunction('weight', encoding)}
${epilogue.declarations}
var<workgroup> x_tile: array<vec4<f32>, ${TILE_ROWS * TILE_STRIDE}>;
var<workgroup> weight_tile: array<vec4<f32>, ${TILE_COLS * TILE_STRIDE}>;`,
    workgroupSize: WORKGROUP_SIZE,
    body: `
  let first_row = group.y * ${TILE_ROWS};
  let first_col = group.x * ${TILE_COLS};
  if (first_row >= ${numRowsOf(rows)}) { return; }
  let thread_row = thread / ${COL_THREADS};
  let thread_col = thread % ${COL_THREADS};
  ${eachSum((row, col) => `var sum_${row}_${col} = 0.0;`)}
  for (var start = 0u; start < ${numQuads}; start += ${TILE_QUADS}) {
    for (var i = thread; i < ${TILE_ROWS * TILE_QUADS}; i += ${WORKGROUP_SIZE}) {
      let row = min(first_row + i / ${TILE_QUADS}, ${numRowsOf(rows)} - 1);
      let quad = start + i % ${TILE_QUADS};
      var value = vec4<f32>();
      if (quad < ${numQuads}) { value = ${maskLastQuad(`x[row * ${numQuads} + quad]`, 'quad', inDim)}; }
      x_tile[i / ${TILE_QUADS} * ${TILE_STRIDE} + i % ${TILE_QUADS}] = value;
    }
    for (var i = thread; i < ${TILE_COLS * TILE_QUADS}; i += ${WORKGROUP_SIZE}) {
      let col = min(first_col + i / ${TILE_QUADS}, ${numCols - 1}u);
      let quad = start + i % ${TILE_QUADS};
      var value = vec4<f32>();
      if (quad < ${numQuads}) { value = decode_weight(weight[col * ${numQuads} + quad]); }
      weight_tile[i / ${TILE_QUADS} * ${TILE_STRIDE} + i % ${TILE_QUADS}] = value;
    }
    workgroupBarrier();
    for (var quad = 0u; quad < ${TILE_QUADS}; quad++) {
      ${unroll(THREAD_SUMS, (row) => `let x_${row} = x_tile[(thread_row + ${row * ROW_THREADS}) * ${TILE_STRIDE} + quad];`)}
      ${unroll(THREAD_SUMS, (col) => `let w_${col} = weight_tile[(thread_col + ${col * COL_THREADS}) * ${TILE_STRIDE} + quad];`)}
      ${eachSum((row, col) => `sum_${row}_${col} += dot(x_${row}, w_${col});`)}
    }
    workgroupBarrier();
  }
  ${finishTile(dimensions)}`,
    workgroups: [Math.ceil(numCols / TILE_COLS), Math.ceil(paddedRows / TILE_ROWS), 1],
  });
}

const eachSum = (statement: (row: number, col: number) => string): string =>
  unroll(THREAD_SUMS, (row) => unroll(THREAD_SUMS, (col) => statement(row, col)));

/** By way of the workgroup's memory, so that neighbours store side by side and the epilogue is compiled once. */
const finishTile = ({ numCols, colStart, rows }: LinearDimensions): string => `
  ${unroll(THREAD_SUMS, (row) => {
    const sums = Array.from({ length: THREAD_SUMS }, (_, col) => `sum_${row}_${col}`);
    return `weight_tile[(thread_row + ${row * ROW_THREADS}) * ${COL_THREADS} + thread_col] = vec4<f32>(${sums.join(', ')});`;
  })}
  workgroupBarrier();
  for (var i = thread; i < ${TILE_ROWS * TILE_COLS}; i += ${WORKGROUP_SIZE}) {
    let row = i / ${TILE_COLS};
    let col = i % ${TILE_COLS};
    if (first_row + row < ${numRowsOf(rows)} && first_col + col < ${numCols}) {
      let sum = weight_tile[row * ${COL_THREADS} + col % ${COL_THREADS}][col / ${COL_THREADS}];
      finish(first_row + row, ${colStart} + first_col + col, sum);
    }
  }`;
