import { assertInvariant } from '../../errors.ts';
import {
  qkvDim,
  type Activation,
  type AttentionHeads,
  type GateActivation,
  type HeadStripes,
  type Parameter,
  type Rotation,
  type TransformerOps,
} from '../ops.ts';
import type { KvCacheShape } from '../runtime.ts';

/** Which rows a matrix has: one for each token of the step, or one for each row of logits. */
export type RowKind = 'step' | 'logit';

/** How many rows of each kind a recording is made for. */
export type RowCounts = Readonly<Record<RowKind, number>>;

/** A matrix of the forward pass, to be computed when it is replayed: [rows, numCols]. */
export class StepValue implements Activation {
  readonly rows: RowKind;
  readonly numCols: number;
  readonly shape: readonly number[];

  constructor(rows: RowKind, numCols: number, numRows: number) {
    this.rows = rows;
    this.numCols = numCols;
    this.shape = [numRows, numCols];
  }
}

/** The norm of each head of queries and of keys. */
export interface HeadNorm {
  readonly queryGain: Parameter;
  readonly keyGain: Parameter;
  readonly epsilon: number;
}

/** An operation as the model called it. */
export type StepOperation = { readonly result: StepValue } & (
  | {
      readonly kind: 'embed';
      readonly tokens: Parameter;
      readonly positions: Parameter | undefined;
      readonly scale: number;
    }
  | {
      readonly kind: 'linear';
      readonly x: StepValue;
      readonly weight: Parameter;
      readonly bias: Parameter | undefined;
    }
  | {
      readonly kind: 'layerNorm' | 'rmsNorm';
      readonly x: StepValue;
      readonly gain: Parameter;
      readonly shift: Parameter | undefined;
      readonly epsilon: number;
    }
  | {
      readonly kind: 'normHeads';
      readonly x: StepValue;
      readonly norm: HeadNorm;
      readonly stripes: HeadStripes;
    }
  | {
      readonly kind: 'rotate';
      readonly x: StepValue;
      readonly rotation: Rotation;
      readonly stripes: HeadStripes;
    }
  | {
      readonly kind: 'attention';
      readonly x: StepValue;
      readonly layerIndex: number;
      readonly heads: AttentionHeads;
    }
  | { readonly kind: 'gate'; readonly x: StepValue; readonly activation: GateActivation }
  | { readonly kind: 'gelu'; readonly x: StepValue }
  | { readonly kind: 'selectRows'; readonly x: StepValue }
  | { readonly kind: 'add'; readonly x: StepValue; readonly y: StepValue }
);

/** Writes down what a forward pass calls, and computes nothing. */
export class StepRecorder implements TransformerOps {
  readonly operations: StepOperation[] = [];
  readonly #counts: RowCounts;
  readonly #cacheShape: KvCacheShape;

  constructor(counts: RowCounts, cacheShape: KvCacheShape) {
    this.#counts = counts;
    this.#cacheShape = cacheShape;
  }

  embed(tokens: Parameter, positions: Parameter | undefined, scale = 1): Activation {
    const dim = tokens.shape[1] ?? 0;
    assertInvariant(
      positions === undefined || positions.shape[1] === dim,
      `${positions?.name ?? ''} has rows of ${dim} numbers`,
    );
    const result = this.#value('step', dim); // [rows, dim]
    return this.#record({ kind: 'embed', tokens, positions, scale, result });
  }

  linear(activation: Activation, weight: Parameter, bias: Parameter | undefined): Activation {
    const x = stepValue(activation);
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
    const x = stepValue(activation);
    const result = this.#value(x.rows, x.numCols); // [rows, dim]
    return this.#record({ kind: 'layerNorm', x, gain, shift, epsilon, result });
  }

  rmsNorm(activation: Activation, gain: Parameter, epsilon: number): Activation {
    const x = stepValue(activation);
    const result = this.#value(x.rows, x.numCols); // [rows, dim]
    return this.#record({ kind: 'rmsNorm', x, gain, shift: undefined, epsilon, result });
  }

  normHeads(
    activation: Activation,
    queryGain: Parameter,
    keyGain: Parameter,
    epsilon: number,
    stripes: HeadStripes,
  ): Activation {
    const x = qkvValue(activation, stripes);
    const { headDim } = stripes;
    for (const { name, shape } of [queryGain, keyGain]) {
      assertInvariant(shape[0] === headDim, `${name} has ${headDim} numbers, one for each of a head`);
    }
    const norm = { queryGain, keyGain, epsilon };
    return this.#record({ kind: 'normHeads', x, norm, stripes, result: this.#value('step', x.numCols) }); // [rows, qkv]
  }

  rotate(activation: Activation, rotation: Rotation, stripes: HeadStripes): Activation {
    const x = qkvValue(activation, stripes);
    assertInvariant(stripes.headDim % 2 === 0, 'heads that are rotated consist of pairs');
    return this.#record({ kind: 'rotate', x, rotation, stripes, result: this.#value('step', x.numCols) }); // [rows, qkv]
  }

  attention(activation: Activation, layerIndex: number, heads: AttentionHeads): Activation {
    const { numHeads, numKvHeads, headDim } = heads;
    const shape = this.#cacheShape;
    assertInvariant(
      shape.numKvHeads === numKvHeads && shape.headDim === headDim && layerIndex < shape.numLayers,
      `the cache is made for layer ${layerIndex} with ${numKvHeads} heads of ${headDim}`,
    );
    const x = qkvValue(activation, heads);
    const result = this.#value('step', numHeads * headDim); // [rows, heads * headDim]
    return this.#record({ kind: 'attention', x, layerIndex, heads, result });
  }

  gelu(activation: Activation): Activation {
    const x = stepValue(activation);
    return this.#record({ kind: 'gelu', x, result: this.#value(x.rows, x.numCols) }); // [rows, cols]
  }

  add(first: Activation, second: Activation): Activation {
    const x = stepValue(first);
    const y = stepValue(second);
    assertInvariant(x.rows === y.rows && x.numCols === y.numCols, 'a shortcut joins matrices of one shape');
    return this.#record({ kind: 'add', x, y, result: this.#value(x.rows, x.numCols) }); // [rows, cols]
  }

  gate(activation: Activation, how: GateActivation): Activation {
    const x = stepValue(activation);
    assertInvariant(x.numCols % 2 === 0, 'gates and values are as many');
    const result = this.#value(x.rows, x.numCols / 2); // [rows, mlpDim]
    return this.#record({ kind: 'gate', x, activation: how, result });
  }

  dropout(x: Activation): Activation {
    return x;
  }

  selectRows(activation: Activation): Activation {
    const x = stepValue(activation);
    assertInvariant(x.rows === 'step', "rows are selected from the step's");
    return this.#record({ kind: 'selectRows', x, result: this.#value('logit', x.numCols) }); // [logitRows, cols]
  }

  #value(rows: RowKind, numCols: number): StepValue {
    return new StepValue(rows, numCols, this.#counts[rows]);
  }

  #record(operation: StepOperation): Activation {
    this.operations.push(operation);
    return operation.result;
  }
}

/** Queries, keys and values side by side, of every row: the step buffer has positions and pages of those. */
function qkvValue(activation: Activation, stripes: HeadStripes): StepValue {
  const x = stepValue(activation);
  const { numHeads, numKvHeads, headDim } = stripes;
  assertInvariant(
    x.numCols === qkvDim(stripes) && numHeads % numKvHeads === 0,
    `rows of ${x.numCols} numbers are ${numHeads} heads of queries and ${numKvHeads} of keys and values, each of ${headDim}`,
  );
  assertInvariant(x.rows === 'step', 'every row of the step attends');
  return x;
}

/** A value as the recorder makes them. */
export function stepValue(activation: Activation): StepValue {
  assertInvariant(activation instanceof StepValue, 'the activation belongs to this runtime');
  return activation;
}
