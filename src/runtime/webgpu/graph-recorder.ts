import { assertInvariant, EngineError } from '../../errors.ts';
import type { Activation, AttentionHeads, Parameter, TransformerOps } from '../ops.ts';
import type { KvCacheShape } from '../runtime.ts';
import type { RowKind } from './kernels/kernel.ts';

/** What a recording is made for: padded rows of each kind, and the rows that attention takes at once. */
export interface Bucket extends Readonly<Record<RowKind, number>> {
  readonly tileRows: number;
}

/** A matrix of the forward pass that somebody will compute: [rows, numCols]. */
export class GraphValue implements Activation {
  readonly rows: RowKind;
  readonly numCols: number;
  readonly shape: readonly number[];

  constructor(rows: RowKind, numCols: number, numRows: number) {
    this.rows = rows;
    this.numCols = numCols;
    this.shape = [numRows, numCols];
  }
}

/** An operation as the model called it. */
export type GraphOperation = { readonly result: GraphValue } & (
  | { readonly kind: 'embed'; readonly tokens: Parameter; readonly positions: Parameter }
  | {
      readonly kind: 'linear';
      readonly x: GraphValue;
      readonly weight: Parameter;
      readonly bias: Parameter | undefined;
    }
  | {
      readonly kind: 'layerNorm';
      readonly x: GraphValue;
      readonly gain: Parameter;
      readonly shift: Parameter | undefined;
      readonly epsilon: number;
    }
  | { readonly kind: 'attention'; readonly x: GraphValue; readonly layerIndex: number }
  | { readonly kind: 'gelu' | 'selectRows'; readonly x: GraphValue }
  | { readonly kind: 'add'; readonly x: GraphValue; readonly y: GraphValue }
);

/** Writes down what a forward pass calls, and computes nothing. */
export class GraphRecorder implements TransformerOps {
  readonly operations: GraphOperation[] = [];
  readonly #bucket: Bucket;
  readonly #cacheShape: KvCacheShape;

  constructor(bucket: Bucket, cacheShape: KvCacheShape) {
    this.#bucket = bucket;
    this.#cacheShape = cacheShape;
  }

  embed(tokens: Parameter, positions: Parameter | undefined): Activation {
    assertInvariant(positions, 'tokens without positions are not there yet');
    const dim = tokens.shape[1] ?? 0;
    assertInvariant(positions.shape[1] === dim, `${positions.name} has rows of ${dim} numbers`);
    const result = this.#value('step', dim); // [rows, dim]
    return this.#record({ kind: 'embed', tokens, positions, result });
  }

  linear(activation: Activation, weight: Parameter, bias: Parameter | undefined): Activation {
    const x = graphValue(activation);
    const [outDim = 0, inDim] = weight.shape;
    assertInvariant(x.numCols === inDim, `${weight.name} takes rows of ${inDim ?? 'no'} numbers`);
    const result = this.#value(x.rows, outDim); // [rows, out]
    return this.#record({ kind: 'linear', x, weight, bias, result });
  }

  layerNorm(
    activation: Activation,
    gain: Parameter,
    shift: Parameter | undefined,
    epsilon: number,
  ): Activation {
    const x = graphValue(activation);
    const result = this.#value(x.rows, x.numCols); // [rows, dim]
    return this.#record({ kind: 'layerNorm', x, gain, shift, epsilon, result });
  }

  attention(activation: Activation, layerIndex: number, { numHeads }: AttentionHeads): Activation {
    const x = graphValue(activation);
    const shape = this.#cacheShape;
    const dim = numHeads * shape.headDim;
    assertInvariant(
      shape.numKvHeads === numHeads && x.numCols === 3 * dim && layerIndex < shape.numLayers,
      `the cache is made for layer ${layerIndex} with ${numHeads} heads`,
    );
    assertInvariant(x.rows === 'step', 'every row of the step attends');
    return this.#record({ kind: 'attention', x, layerIndex, result: this.#value('step', dim) }); // [rows, dim]
  }

  gelu(activation: Activation): Activation {
    const x = graphValue(activation);
    return this.#record({ kind: 'gelu', x, result: this.#value(x.rows, x.numCols) }); // [rows, cols]
  }

  add(first: Activation, second: Activation): Activation {
    const x = graphValue(first);
    const y = graphValue(second);
    assertInvariant(x.rows === y.rows && x.numCols === y.numCols, 'a shortcut joins matrices of one shape');
    return this.#record({ kind: 'add', x, y, result: this.#value(x.rows, x.numCols) }); // [rows, cols]
  }

  rmsNorm(): Activation {
    throw new EngineError('internal', 'rmsNorm is not there yet');
  }

  normHeads(): Activation {
    throw new EngineError('internal', 'normHeads is not there yet');
  }

  rotate(): Activation {
    throw new EngineError('internal', 'rotate is not there yet');
  }

  gate(): Activation {
    throw new EngineError('internal', 'gate is not there yet');
  }

  dropout(x: Activation): Activation {
    return x;
  }

  selectRows(activation: Activation): Activation {
    const x = graphValue(activation);
    assertInvariant(x.rows === 'step', "rows are selected from the step's");
    return this.#record({ kind: 'selectRows', x, result: this.#value('logit', x.numCols) }); // [logitRows, cols]
  }

  #value(rows: RowKind, numCols: number): GraphValue {
    return new GraphValue(rows, numCols, this.#bucket[rows]);
  }

  #record(operation: GraphOperation): Activation {
    this.operations.push(operation);
    return operation.result;
  }
}

/** A value as the recorder makes them. */
export function graphValue(activation: Activation): GraphValue {
  assertInvariant(activation instanceof GraphValue, 'the activation belongs to this runtime');
  return activation;
}
