import { assertInvariant, EngineError } from '../../errors.ts';
import type { Activation, AttentionHeads, Parameter, TransformerOps } from '../ops.ts';
import type { StepBatch } from '../step-batch.ts';
import { CachedAttention } from './cached-attention.ts';
import { checkIndices } from './check-indices.ts';
import type { EagerContext } from './eager-context.ts';
import { StepOperands } from './step-operands.ts';
import { TensorflowActivation, tensorflowActivation } from './tensorflow-activation.ts';
import { BFLOAT16, FLOAT, INT32, type TensorInfo } from './tensorflow-binding.ts';
import type { TensorflowKvCache } from './tensorflow-kv-cache.ts';
import { parameterTensor } from './tensorflow-parameter.ts';

const T = { T: { type: FLOAT } } as const;
const REDUCE = { ...T, Tidx: { type: INT32 }, keep_dims: true } as const;
const GATHER = { Tparams: { type: FLOAT }, Tindices: { type: INT32 }, Taxis: { type: INT32 } } as const;
const GATHER_HALF = { ...GATHER, Tparams: { type: BFLOAT16 } } as const;
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
  #attention: CachedAttention | undefined;

  /** Made inside a step, for that step. */
  constructor(context: EagerContext, batch: StepBatch, cache: TensorflowKvCache) {
    this.#context = context;
    this.#operands = new StepOperands(context);
    this.#batch = batch;
    this.#cache = cache;
  }

  embed(tokenEmbedding: Parameter, positionEmbedding: Parameter | undefined): Activation {
    assertInvariant(positionEmbedding, 'tokens without positions are not there yet');
    checkIndices('token', this.#batch.tokenIds, tokenEmbedding);
    checkIndices('position', this.#batch.positions, positionEmbedding);
    const tokens = this.#gather(parameterTensor(tokenEmbedding), this.#batch.tokenIds); // [rows, dim]
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

  attention(qkv: Activation, layerIndex: number, { numHeads }: AttentionHeads): Activation {
    const { tensor, numRows } = tensorflowActivation(qkv);
    const { shape } = this.#cache;
    assertInvariant(
      shape.numKvHeads === numHeads && tensor.shape[1] === 3 * numHeads * shape.headDim,
      `the cache is made for layer ${layerIndex} with ${numHeads} heads`,
    );
    this.#attention ??= new CachedAttention(this.#context, this.#operands, this.#batch, this.#cache);
    return this.#activation(this.#attention.run(tensor, layerIndex), numRows); // [rows, dim]
  }

  /** 0.5 x (1 + tanh(u)) is x sigmoid(2 u): six operations instead of nine. */
  gelu(x: Activation): Activation {
    const { tensor, numRows } = tensorflowActivation(x);
    const context = this.#context;
    const square = context.run('Square', T, [tensor]); // [rows, dim]
    const cubic = context.run('Mul', T, [square, this.#operands.float(2 * SQRT_2_OVER_PI * 0.044715)]); // [rows, dim]
    const factor = context.run('AddV2', T, [cubic, this.#operands.float(2 * SQRT_2_OVER_PI)]); // [rows, dim]
    const inner = context.run('Mul', T, [factor, tensor]); // [rows, dim]
    const gate = context.run('Sigmoid', T, [inner]); // [rows, dim]
    const output = context.run('Mul', T, [gate, tensor]); // [rows, dim]
    context.free(square, cubic, factor, inner, gate);
    return this.#activation(output, numRows);
  }

  add(x: Activation, y: Activation): Activation {
    const { tensor, numRows } = tensorflowActivation(x);
    return this.#activation(this.#context.run('AddV2', T, [tensor, tensorflowActivation(y).tensor]), numRows); // [rows, dim]
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

  selectRows(x: Activation): Activation {
    const rows = this.#gather(tensorflowActivation(x).tensor, this.#batch.logitRows); // [logitRows, dim]
    return this.#activation(rows, this.#batch.numLogitRows);
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

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

/** Rounded to bfloat16. */
export function toHalf(context: EagerContext, tensor: TensorInfo): TensorInfo {
  return context.run('Cast', TO_HALF, [tensor]); // as tensor
}
