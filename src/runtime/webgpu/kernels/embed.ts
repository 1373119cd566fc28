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
  /** `undefined`: the tokens alone. */
  positions: EmbeddingPart | undefined;
  /** What the tokens alone are multiplied by. */
  scale: number;
}

const WORKGROUP_SIZE = 64;

/**
 * Token plus position embedding of the rows whose token and position both lie in these parts, or the scaled token
 * embedding of those whose token does: writes [rows, dim].
 */
export function embedKernel({ dim, paddedRows, tokens, positions, scale }: EmbedDimensions): Kernel {
  const numQuads = quadsOf(dim);
  return defineKernel({
    name: 'embed',
    bindings: [
      weightBinding('tokens', tokens.encoding),
      ...(positions ? [weightBinding('positions', positions.encoding)] : []),
      { name: 'result', type: 'vec4<f32>', access: 'write' },
    ],
    declarations: `${decodeFunction('tokens', tokens.encoding)}
${positions ? decodeFunction('positions', positions.encoding) : ''}`,
    workgroupSize: WORKGROUP_SIZE,
    // A number below the start wraps around to one beyond the end.
    body: `
  let row = group.y;
  let quad = group.x * ${WORKGROUP_SIZE} + thread;
  if (row >= ${numRowsOf('step')} || quad >= ${numQuads}) { return; }
  let info = step_row(row);
  let token = info.x - ${tokens.start}u;
  if (token >= ${tokens.numRows}) { return; }
  let embedded = decode_tokens(tokens[token * ${numQuads} + quad]);
  ${
    positions
      ? `let position = info.y - ${positions.start}u;
  if (position >= ${positions.numRows}) { return; }
  result[row * ${numQuads} + quad] = embedded + decode_positions(positions[position * ${numQuads} + quad]);`
      : `result[row * ${numQuads} + quad] = embedded * ${scale};`
  }`,
    workgroups: [Math.ceil(numQuads / WORKGROUP_SIZE), paddedRows, 1],
  });
}
