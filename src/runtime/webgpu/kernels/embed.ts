import { defineKernel, numRowsOf, quadsOf, type Kernel } from './kernel.ts';
import { decodeFunction, weightBinding, type WeightEncoding } from './weight-encoding.ts';

/** A part of an embedding: rows from `start` on, in a buffer of their own. */
interface EmbeddingPart {
  start: number;
  numRows: number;
  encoding: WeightEncoding;
}

interface EmbedDimensions {
  dim: number;
  paddedRows: number;
  tokens: EmbeddingPart;
  positions: EmbeddingPart;
}

const WORKGROUP_SIZE = 64;

/** Token plus position embedding of the rows whose token and position both lie in these parts: writes [rows, dim]. */
export function embedKernel({ dim, paddedRows, tokens, positions }: EmbedDimensions): Kernel {
  const numQuads = quadsOf(dim);
  return defineKernel({
    name: 'embed',
    bindings: [
      weightBinding('tokens', tokens.encoding),
      weightBinding('positions', positions.encoding),
      { name: 'result', type: 'vec4<f32>', access: 'write' },
    ],
    declarations: `${decodeFunction('tokens', tokens.encoding)}\n${decodeFunction('positions', positions.encoding)}`,
    workgroupSize: WORKGROUP_SIZE,
    // A number below the start wraps around to one beyond the end.
    body: `
  let row = group.y;
  let quad = group.x * ${WORKGROUP_SIZE} + thread;
  if (row >= ${numRowsOf('step')} || quad >= ${numQuads}) { return; }
  let info = step_row(row);
  let token = info.x - ${tokens.start}u;
  let position = info.y - ${positions.start}u;
  if (token >= ${tokens.numRows} || position >= ${positions.numRows}) { return; }
  result[row * ${numQuads} + quad] =
    decode_tokens(tokens[token * ${numQuads} + quad]) + decode_positions(positions[position * ${numQuads} + quad]);`,
    workgroups: [Math.ceil(numQuads / WORKGROUP_SIZE), paddedRows, 1],
  });
}
