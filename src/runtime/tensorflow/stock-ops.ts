import { assertInvariant } from '../../errors.ts';
import {
  type Activation,
  type AttentionHeads,
  type GateActivation,
  type HeadStripes,
  type Parameter,
  qkvDim,
  type Rotation,
  type TransformerOps,
} from '../ops.ts';
import { type KvCacheShape, type PageTable, tableOf } from '../runtime.ts';
import type { StepBatch } from '../step-batch.ts';
import { CachedAttention } from './cached-attention.ts';
import type { EagerContext } from './eager-context.ts';
import { once } from './once.ts';
import { StepOperands } from './step-operands.ts';
import { TensorflowActivation, tensorflowActivation, parameterTensor } from './tensorflow-parameter.ts';
import { BFLOAT16, FLOAT, INT32, type TensorInfo } from './tensorflow-binding.ts';
import type { TensorflowKvCache } from './tensorflow-kv-cache.ts';

const T = { T: { type: FLOAT } } as const;
const REDUCE = { ...T, Tidx: { type: INT32 }, keep_dims: true } as const;
const GATHER = { Tparams: { type: FLOAT }, Tindices: { type: INT32 }, Taxis: { type: INT32 } } as const;
const GATHER_HALF = { ...GATHER, Tparams: { type: BFLOAT16 } } as const;
const RESHAPE = { ...T, Tshape: { type: INT32 } } as const;
const IN_TWO = { ...T, num_split: 2 } as const;
const PRODUCT = { ...T, adj_x: false, adj_y: true } as const;
const PRODUCT_HALF = { ...PRODUCT, T: { type: BFLOAT16 } } as const;
const TO_HALF = { SrcT: { type: FLOAT }, DstT: { type: BFLOAT16 }, Truncate: false } as const;
const TO_FLOAT = { SrcT: { type: BFLOAT16 }, DstT: { type: FLOAT }, Truncate: false } as const;

/** The operations of one step by stock operations of TensorFlow, on whatever device it has. */
export class StockOps implements TransformerOps {
  readonly #context: EagerContext;
  readonly #operands: StepOperands;
  readonly #batch: StepBatch;
  readonly #cache: TensorflowKvCache;
  readonly #angles = new Map<Parameter, Angles>();
  readonly #attention: Partial<Record<PageTable, CachedAttention>> = {};

  /** Made inside a step, for that step. */
  constructor(context: EagerContext, batch: StepBatch, cache: TensorflowKvCache) {
    this.#context = context;
    this.#operands = new StepOperands(context);
    this.#batch = batch;
    this.#cache = cache;
  }

  embed(tokenEmbedding: Parameter, positionEmbedding: Parameter | undefined, scale = 1): Activation {
    checkIndices('token', this.#batch.tokenIds, tokenEmbedding);
    const tokens = this.#gather(parameterTensor(tokenEmbedding), this.#batch.tokenIds); // [rows, dim]
    if (positionEmbedding === undefined) {
      if (scale === 1) return this.#activation(tokens);
      return this.#activation(this.#context.run('Mul', T, [tokens, this.#operands.float(scale)])); // [rows, dim]
    }
    checkIndices('position', this.#batch.positions, positionEmbedding);
    const positions = this.#gather(parameterTensor(positionEmbedding), this.#batch.positions); // [rows, dim]
    return this.#activation(this.#context.run('AddV2', T, [tokens, positions])); // [rows, dim]
  }

  linear(x: Activation, weight: Parameter, bias: Parameter | undefined): Activation {
    const { tensor, numRows } = tensorflowActivation(x);
    const matrix = parameterTensor(weight); // [out, in]
    const product =
      matrix.dtype === BFLOAT16
        ? this.#productHalf(tensor, matrix)
        : this.#context.run('BatchMatMulV2', PRODUCT, [tensor, matrix]); // [rows, out]
    if (bias === undefined) return this.#activation(product, numRows);
    const output = this.#context.run('BiasAdd', T, [product, parameterTensor(bias)]); // [rows, out]
    this.#context.free(product);
    return this.#activation(output, numRows);
  }

  layerNorm(x: Activation, gain: Parameter, shift: Parameter | undefined, epsilon: number): Activation {
    const { tensor, numRows } = tensorflowActivation(x);
    const context = this.#context;
    const axis = this.#operands.vector([1]);
    const mean = context.run('Mean', REDUCE, [tensor, axis]); // [rows, 1]
    const centred = context.run('Sub', T, [tensor, mean]); // [rows, dim]
    const squares = context.run('Square', T, [centred]); // [rows, dim]
    const variance = context.run('Mean', REDUCE, [squares, axis]); // [rows, 1]
    const safe = context.run('AddV2', T, [variance, this.#operands.float(epsilon)]); // [rows, 1]
    const inverse = context.run('Rsqrt', T, [safe]); // [rows, 1]
    const normed = context.run('Mul', T, [centred, inverse]); // [rows, dim]
    const scaled = context.run('Mul', T, [normed, parameterTensor(gain)]); // [rows, dim]
    context.free(mean, centred, squares, variance, safe, inverse, normed);
    if (shift === undefined) return this.#activation(scaled, numRows);
    const output = context.run('AddV2', T, [scaled, parameterTensor(shift)]); // [rows, dim]
    context.free(scaled);
    return this.#activation(output, numRows);
  }

  rmsNorm(x: Activation, gain: Parameter, epsilon: number): Activation {
    const { tensor, numRows } = tensorflowActivation(x);
    return this.#activation(this.#rmsNorm(tensor, gain, epsilon), numRows); // [rows, dim]
  }

  normHeads(
    qkv: Activation,
    queryGain: Parameter,
    keyGain: Parameter,
    epsilon: number,
    stripes: HeadStripes,
  ): Activation {
    const { tensor, numRows } = tensorflowActivation(qkv);
    const { numHeads, numKvHeads, headDim } = stripes;
    const [q, k, v] = this.#splitColumns(tensor, [numHeads, numKvHeads, numKvHeads], headDim);
    assertInvariant(q && k && v, 'a split into three has three parts');
    const queries = this.#normStripes(q, queryGain, epsilon, headDim); // [rows, heads * headDim]
    const keys = this.#normStripes(k, keyGain, epsilon, headDim); // [rows, kvHeads * headDim]
    const output = this.#join([queries, keys, v]); // [rows, qkv]
    this.#context.free(q, k, v, queries, keys);
    return this.#activation(output, numRows);
  }

  rotate(qkv: Activation, { pairing, table }: Rotation, stripes: HeadStripes): Activation {
    const { tensor, numRows } = tensorflowActivation(qkv);
    const { numHeads, numKvHeads, headDim } = stripes;
    const context = this.#context;
    const [turned, v] = this.#splitColumns(tensor, [numHeads + numKvHeads, numKvHeads], headDim);
    assertInvariant(turned && v, 'a split into two has two parts');
    const { cosines, sines } = this.#anglesOf(table, headDim); // both [rows, 1, pairs]
    // The two of a pair lie along an axis of their own, before the pairs or behind them.
    const [axis, pairs] = pairing === 'halves' ? [2, [2, headDim / 2]] : [3, [headDim / 2, 2]];
    const apart = this.#reshape(turned, [-1, numHeads + numKvHeads, ...pairs]); // [rows, heads, 2, pairs] or with 2 last
    const [a, b] = context.runMany('Unpack', unpackOn(axis), [apart], 2); // both [rows, heads, pairs]
    assertInvariant(a && b, 'a pair has two numbers');
    const times = (x: TensorInfo, y: TensorInfo) => context.run('Mul', T, [x, y]); // [rows, heads, pairs]
    const products = [times(a, cosines), times(b, sines), times(a, sines), times(b, cosines)] as const;
    const first = context.run('Sub', T, products.slice(0, 2)); // [rows, heads, pairs]
    const second = context.run('AddV2', T, products.slice(2)); // [rows, heads, pairs]
    const together = context.run('Pack', packOn(axis), [first, second]); // as apart
    const heads = this.#reshape(together, turned.shape); // [rows, (heads + kvHeads) * headDim]
    const output = this.#join([heads, v]); // [rows, qkv]
    context.free(turned, v, apart, a, b, ...products, first, second, together, heads);
    return this.#activation(output, numRows);
  }

  attention(qkv: Activation, layerIndex: number, heads: AttentionHeads): Activation {
    const { tensor, numRows } = tensorflowActivation(qkv);
    checkHeads(this.#cache.shape, heads);
    assertInvariant(tensor.shape[1] === qkvDim(heads), 'queries, keys and values lie side by side');
    return this.#activation(this.#attentionOf(layerIndex).run(tensor, layerIndex, heads), numRows); // [rows, heads * headDim]
  }

  #attentionOf(layerIndex: number): CachedAttention {
    const table = tableOf(this.#cache.shape, layerIndex);
    const attention =
      this.#attention[table] ??
      new CachedAttention(this.#context, this.#operands, this.#batch, { cache: this.#cache, table });
    this.#attention[table] = attention;
    return attention;
  }

  gelu(x: Activation): Activation {
    const { tensor, numRows } = tensorflowActivation(x);
    return this.#activation(this.#gelu(tensor), numRows); // [rows, dim]
  }

  gate(x: Activation, activation: GateActivation): Activation {
    const { tensor, numRows } = tensorflowActivation(x);
    const context = this.#context;
    const [gates, values] = context.runMany('Split', IN_TWO, [this.#operands.integer(1), tensor], 2); // both [rows, mlpDim]
    assertInvariant(gates && values, 'a split into two has two parts');
    const open = activation === 'silu' ? this.#silu(gates) : this.#gelu(gates); // [rows, mlpDim]
    const output = context.run('Mul', T, [open, values]); // [rows, mlpDim]
    context.free(gates, values, open);
    return this.#activation(output, numRows);
  }

  add(x: Activation, y: Activation): Activation {
    const { tensor, numRows } = tensorflowActivation(x);
    return this.#activation(this.#context.run('AddV2', T, [tensor, tensorflowActivation(y).tensor]), numRows); // [rows, dim]
  }

  dropout(x: Activation): Activation {
    return x;
  }

  selectRows(x: Activation): Activation {
    const rows = this.#gather(tensorflowActivation(x).tensor, this.#batch.logitRows); // [logitRows, dim]
    return this.#activation(rows, this.#batch.numLogitRows);
  }

  /** x / sqrt(mean(x^2) + epsilon) * gain over each row of a matrix. */
  #rmsNorm(x: TensorInfo, gain: Parameter, epsilon: number): TensorInfo {
    const context = this.#context;
    const squares = context.run('Square', T, [x]); // [rows, dim]
    const meanSquare = context.run('Mean', REDUCE, [squares, this.#operands.vector([1])]); // [rows, 1]
    const safe = context.run('AddV2', T, [meanSquare, this.#operands.float(epsilon)]); // [rows, 1]
    const inverse = context.run('Rsqrt', T, [safe]); // [rows, 1]
    const normed = context.run('Mul', T, [x, inverse]); // [rows, dim]
    const output = context.run('Mul', T, [normed, parameterTensor(gain)]); // [rows, dim]
    context.free(squares, meanSquare, safe, inverse, normed);
    return output;
  }

  /** RMSNorm over each stripe of headDim by itself. */
  #normStripes(x: TensorInfo, gain: Parameter, epsilon: number, headDim: number): TensorInfo {
    const heads = this.#reshape(x, [-1, headDim]); // [rows * heads, headDim]
    const normed = this.#rmsNorm(heads, gain, epsilon); // [rows * heads, headDim]
    const output = this.#reshape(normed, x.shape); // as x
    this.#context.free(heads, normed);
    return output;
  }

  #silu(x: TensorInfo): TensorInfo {
    const logistic = this.#context.run('Sigmoid', T, [x]); // as x
    const output = this.#context.run('Mul', T, [logistic, x]); // as x
    this.#context.free(logistic);
    return output;
  }

  /** 0.5 x (1 + tanh(u)) is x sigmoid(2 u): six operations instead of nine. */
  #gelu(tensor: TensorInfo): TensorInfo {
    const context = this.#context;
    const square = context.run('Square', T, [tensor]); // [rows, dim]
    const cubic = context.run('Mul', T, [square, this.#operands.float(2 * SQRT_2_OVER_PI * 0.044715)]); // [rows, dim]
    const factor = context.run('AddV2', T, [cubic, this.#operands.float(2 * SQRT_2_OVER_PI)]); // [rows, dim]
    const inner = context.run('Mul', T, [factor, tensor]); // [rows, dim]
    const gate = context.run('Sigmoid', T, [inner]); // [rows, dim]
    const output = context.run('Mul', T, [gate, tensor]); // [rows, dim]
    context.free(square, cubic, factor, inner, gate);
    return output;
  }

  /** The cosines and sines of each row's position, made once a step: both [rows, 1, pairs]. */
  #anglesOf(table: Parameter, headDim: number): Angles {
    let angles = this.#angles.get(table);
    if (angles !== undefined) return angles;
    const { positions } = this.#batch;
    checkIndices('position', positions, table, headDim);
    const byPosition = this.#reshape(parameterTensor(table), [-1, headDim]); // [positions, headDim]
    const rows = this.#reshape(this.#gather(byPosition, positions), [positions.length, 1, headDim]); // [rows, 1, headDim]
    const [cosines, sines] = this.#context.runMany('Split', IN_TWO, [this.#operands.integer(2), rows], 2);
    assertInvariant(cosines && sines, 'an angle has a cosine and a sine');
    this.#angles.set(table, (angles = { cosines, sines }));
    return angles;
  }

  /** [rows, stripes * headDim] -> as many matrices as there are counts, each of so many stripes. */
  #splitColumns(x: TensorInfo, counts: readonly number[], headDim: number): TensorInfo[] {
    const sizes = this.#operands.vector(counts.map((count) => count * headDim));
    return this.#context.runMany(
      'SplitV',
      splitInto(counts.length),
      [x, sizes, this.#operands.integer(1)],
      counts.length,
    );
  }

  /** Matrices of as many rows side by side. */
  #join(parts: readonly TensorInfo[]): TensorInfo {
    return this.#context.run('ConcatV2', concatOf(parts.length), [...parts, this.#operands.integer(1)]); // [rows, cols]
  }

  #reshape(tensor: TensorInfo, shape: readonly number[]): TensorInfo {
    return this.#context.run('Reshape', RESHAPE, [tensor, this.#operands.vector(shape)]); // shape
  }

  /** [rows, in] in float32 by [out, in] in bfloat16. */
  #productHalf(x: TensorInfo, matrix: TensorInfo): TensorInfo {
    const half = toHalf(this.#context, x); // [rows, in]
    const product = this.#context.run('BatchMatMulV2', PRODUCT_HALF, [half, matrix]); // [rows, out]
    const output = this.#context.run('Cast', TO_FLOAT, [product]); // [rows, out]
    this.#context.free(half, product);
    return output;
  }

  /** Rows of a matrix by their index, in float32. */
  #gather(matrix: TensorInfo, indices: Int32Array): TensorInfo {
    const ids = this.#context.upload([indices.length], indices); // [rows]
    const isHalf = matrix.dtype === BFLOAT16;
    const inputs = [matrix, ids, this.#operands.integer(0)];
    const rows = this.#context.run('GatherV2', isHalf ? GATHER_HALF : GATHER, inputs); // [rows, dim]
    return isHalf ? this.#context.run('Cast', TO_FLOAT, [rows]) : rows;
  }

  #activation(tensor: TensorInfo, numRows = this.#batch.numRows): TensorflowActivation {
    return new TensorflowActivation(tensor, numRows);
  }
}

/** Each [rows, 1, pairs]. */
interface Angles {
  cosines: TensorInfo;
  sines: TensorInfo;
}

const unpackOn = once((axis: number) => ({ ...T, num: 2, axis }));
const packOn = once((axis: number) => ({ ...T, N: 2, axis }));
const splitInto = once((count: number) => ({ ...T, Tlen: { type: INT32 } as const, num_split: count }));
const concatOf = once((count: number) => ({ ...T, Tidx: { type: INT32 } as const, N: count }));

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

/** Rounded to bfloat16. */
export function toHalf(context: EagerContext, tensor: TensorInfo): TensorInfo {
  return context.run('Cast', TO_HALF, [tensor]); // as tensor
}

/** That the heads share the cache's keys evenly: a kernel that divides by them would end the process. */
function checkHeads(cache: KvCacheShape, { numHeads, numKvHeads, headDim }: AttentionHeads): void {
  assertInvariant(
    cache.numKvHeads === numKvHeads && cache.headDim === headDim && numHeads % numKvHeads === 0,
    `${numHeads} heads of ${headDim} share ${numKvHeads} of keys, in a cache of ${cache.numKvHeads} of ${cache.headDim}`,
  );
}

/**
 * That every index is a row of the embedding: a GPU reads zeros for one that is not, without an error.
 * @param rowLength numbers of a row, where a table comes as one vector
 */
function checkIndices(what: string, indices: Int32Array, embedding: Parameter, rowLength = 1): void {
  const size = (embedding.shape[0] ?? 0) / rowLength;
  for (const index of indices) {
    assertInvariant(
      index >= 0 && index < size,
      `${what} ${index} is one of the ${size} in ${embedding.name}`,
    );
  }
}
