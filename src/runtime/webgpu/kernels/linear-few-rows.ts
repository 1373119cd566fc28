import { defineKernel, maskLastQuad, numRowsOf, quadsOf, unroll, type Kernel } from './kernel.ts';
import type { Epilogue, LinearDimensions } from './linear-epilogue.ts';
import { decodeFunction, weightBinding } from './weight-encoding.ts';

/** A workgroup computes up to eight rows of four columns: 32 sums a thread. */
const MAX_TILE_ROWS = 8;
const TILE_COLS = 4;
/** Threads of a workgroup: as many as keep a thread busy for four quads or so, and its sums within 8 KiB. */
const MIN_SIZE = 64;
const MAX_SIZE = 256;
const MAX_PARTIALS = 2048;

/**
 * The product of a decode, bound by reading the weights. The threads of a workgroup share the inner dimension of a
 * few columns, so that neighbours read neighbouring quads; their partial sums meet in workgroup memory, in two rounds
 * of which none leaves most threads idle.
 */
export function linearFewRowsKernel(dimensions: LinearDimensions, epilogue: Epilogue): Kernel {
  const { inDim, numCols, colStart, rows, paddedRows, encoding } = dimensions;
  const numQuads = quadsOf(inDim);
  const tileRows = Math.min(MAX_TILE_ROWS, 2 ** Math.ceil(Math.log2(paddedRows)));
  const numSums = tileRows * TILE_COLS;
  const size = numQuads <= 4 * MIN_SIZE ? MIN_SIZE : Math.min(MAX_SIZE, MAX_PARTIALS / numSums);
  const partsPerSum = size / numSums;
  // One more than is used: the sums then start in different banks.
  const stride = size + 1;
  const eachSum = (statement: (row: number, col: number) => string): string =>
    unroll(numSums, (sum) => statement(Math.floor(sum / TILE_COLS), sum % TILE_COLS));
  return defineKernel({
    name: 'linear-few-rows',
    bindings: [
      { name: 'x', type: 'vec4<f32>', access: 'read' },
      weightBinding('weight', encoding),
      ...epilogue.bindings,
    ],
    declarations: `
${decodeFunction('weight', encoding)}
${epilogue.declarations}
var<workgroup> partials: array<f32, ${numSums * stride}>;
var<workgroup> parts: array<f32, ${size}>;`,
    workgroupSize: size,
    body: `
  let first_row = group.y * ${tileRows};
  let first_col = group.x * ${TILE_COLS};
  if (first_row >= ${numRowsOf(rows)}) { return; }
  let last_row = ${numRowsOf(rows)} - 1;
  ${eachSum((row, col) => `var sum_${row}_${col} = 0.0;`)}
  ${unroll(tileRows, (row) => `let x_${row} = min(first_row + ${row}, last_row) * ${numQuads};`)}
  ${unroll(TILE_COLS, (col) => `let w_${col} = min(first_col + ${col}, ${numCols - 1}u) * ${numQuads};`)}
  for (var quad = thread; quad < ${numQuads}; quad += ${size}) {
    ${unroll(TILE_COLS, (col) => `let weight_${col} = decode_weight(weight[w_${col} + quad]);`)}
    ${unroll(
      tileRows,
      (row) => `{
      let value = ${maskLastQuad(`x[x_${row} + quad]`, 'quad', inDim)};
      ${unroll(TILE_COLS, (col) => `sum_${row}_${col} += dot(value, weight_${col});`)}
    }`,
    )}
  }
  ${eachSum((row, col) => `partials[${(row * TILE_COLS + col) * stride}u + thread] = sum_${row}_${col};`)}
  workgroupBarrier();
  let summed = thread / ${partsPerSum} * ${stride} + thread % ${partsPerSum};
  var part = 0.0;
  for (var i = 0u; i < ${size}; i += ${partsPerSum}) { part += partials[summed + i]; }
  parts[thread] = part;
  workgroupBarrier();
  if (thread >= ${numSums}) { return; }
  let row = first_row + thread / ${TILE_COLS};
  let col = first_col + thread % ${TILE_COLS};
  if (row >= ${numRowsOf(rows)} || col >= ${numCols}) { return; }
  var sum = 0.0;
  for (var i = 0u; i < ${partsPerSum}; i++) { sum += parts[thread * ${partsPerSum} + i]; }
  finish(row, ${colStart} + col, sum);`,
    workgroups: [Math.ceil(numCols / TILE_COLS), Math.ceil(paddedRows / tileRows), 1],
  });
}
