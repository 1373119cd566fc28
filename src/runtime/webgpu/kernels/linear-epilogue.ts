import type { RowKind } from '../../step/step-recorder.ts';
import { cacheSlotFunction, type LayerCache } from './cache-write.ts';
import { GELU_FUNCTION } from './gelu.ts';
import { strideOf, type Binding } from './kernel.ts';
import type { WeightEncoding } from './weight-encoding.ts';

/** A dense layer, or the part of one whose output columns have their weights in one buffer. */
export interface LinearDimensions {
  inDim: number;
  /** Columns of the whole result. */
  outDim: number;
  /** Columns computed here: `numCols` from `colStart` on. */
  colStart: number;
  numCols: number;
  rows: RowKind;
  paddedRows: number;
  encoding: WeightEncoding;
  hasBias: boolean;
  gelu: boolean;
  hasResidual: boolean;
  /** The result is queries, keys and values side by side: keys and values go to that cache, queries to the result. */
  cache: LayerCache | undefined;
}

/** What happens to a sum before it is stored. */
export interface Epilogue {
  bindings: readonly Binding[];
  /** `finish(row, col, sum)`, with `col` among the columns of the whole result. */
  declarations: string;
}

export function epilogueOf({ outDim, hasBias, gelu, hasResidual, cache }: LinearDimensions): Epilogue {
  const read = (name: string): Binding => ({ name, type: 'f32', access: 'read' });
  const write = (name: string): Binding => ({ name, type: 'f32', access: 'write' });
  const stride = strideOf(outDim);
  return {
    bindings: [
      ...(hasBias ? [read('bias')] : []),
      ...(hasResidual ? [read('residual')] : []),
      write('result'),
      ...(cache ? [write('keys'), write('values')] : []),
    ],
    declarations: `
${gelu ? GELU_FUNCTION : ''}
${cache ? cacheSlotFunction(cache) : ''}
fn finish(row: u32, col: u32, sum: f32) {
  var y = sum;
  ${hasBias ? 'y += bias[col];' : ''}
  ${gelu ? 'y = gelu(y);' : ''}
  ${hasResidual ? `y += residual[row * ${stride} + col];` : ''}
  ${cache ? storeQkv(cache, outDim) : `result[row * ${stride} + col] = y;`}
}`,
  };
}

/** Queries are what keys and values leave of the columns. */
function storeQkv({ numKvHeads, headDim }: LayerCache, outDim: number): string {
  const kvDim = numKvHeads * headDim;
  const queryDim = outDim - 2 * kvDim;
  return `
  if (col < ${queryDim}) {
    result[row * ${strideOf(queryDim)} + col] = y;
  } else if (col < ${queryDim + kvDim}) {
    keys[cache_slot(row, col - ${queryDim})] = y;
  } else {
    values[cache_slot(row, col - ${queryDim + kvDim})] = y;
  }`;
}
