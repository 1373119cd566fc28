import * as tf from '@tensorflow/tfjs-core';
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
import { TILE_WORDS } from '../graph/attention-tiles.ts';
import { checkBatch } from '../graph/step-tables.ts';
import type { StepBatch } from '../step-batch.ts';
import { attentionTiles } from './step-inputs.ts';
import { causalAttention } from './kernels/causal-attention.ts';
import type { KernelContext } from './kernels/define-kernel.ts';
import { embed } from './kernels/embed.ts';
import { gate } from './kernels/gate.ts';
import { gelu } from './kernels/gelu.ts';
import { layerNorm } from './kernels/layer-norm.ts';
import { linear } from './kernels/linear.ts';
import { normHeads } from './kernels/norm-heads.ts';
import { rmsNorm } from './kernels/rms-norm.ts';
import { rotate } from './kernels/rotate.ts';
import { selectRows } from './kernels/select-rows.ts';
import { shortcut } from './kernels/shortcut.ts';
import type { WasmKvCache } from './wasm-kv-cache.ts';
import { parameterTensor, wasmParameter } from './wasm-parameter.ts';

/** A tensor of which the first `numRows` rows are computed; the padding below them holds anything. */
export class WasmActivation implements Activation {
  readonly tensor: tf.Tensor; // [rows, cols]
  readonly numRows: number;

  constructor(tensor: tf.Tensor, numRows: number) {
    this.tensor = tensor;
    this.numRows = numRows;
  }

  get shape(): readonly number[] {
    return this.tensor.shape;
  }
}

/** The operations of one step, each run at once as a tfjs kernel of our own. Tensors belong to the enclosing tidy. */
export class WasmOps implements TransformerOps {
  readonly #context: KernelContext;
  readonly #batch: StepBatch;
  readonly #cache: WasmKvCache;
  readonly #tokenIds: tf.Tensor; // [rows]
  readonly #positionIds: tf.Tensor; // [rows]
  readonly #tiles: tf.Tensor; // [1 + tiles, 4], the first of which is their number
  readonly #logitRows: tf.Tensor; // [logitRows]

  constructor(context: KernelContext, batch: StepBatch, cache: WasmKvCache) {
    this.#context = context;
    this.#batch = batch;
    this.#cache = cache;
    this.#tokenIds = tf.tensor1d(batch.tokenIds, 'int32'); // [rows]
    this.#positionIds = tf.tensor1d(batch.positions, 'int32'); // [rows]
    checkBatch(batch, cache.shape, { tokens: Infinity, positions: Infinity });
    const tiles = attentionTiles(batch);
    this.#tiles = tf.tensor2d(tiles, [tiles.length / TILE_WORDS, TILE_WORDS], 'int32'); // [1 + tiles, 4]
    this.#logitRows = tf.tensor1d(batch.logitRows, 'int32'); // [logitRows]
  }

  embed(tokenEmbedding: Parameter, positionEmbedding: Parameter | undefined, scale = 1): Activation {
    checkIndices('token', this.#batch.tokenIds, sizeOf(tokenEmbedding), tokenEmbedding);
    if (positionEmbedding !== undefined) this.#checkPositions(sizeOf(positionEmbedding), positionEmbedding);
    const { numRows } = this.#batch;
    const dim = tokenEmbedding.shape[1] ?? 0;
    const tokenFormat = wasmParameter(tokenEmbedding).format;
    const positionFormat = positionEmbedding === undefined ? 0 : wasmParameter(positionEmbedding).format;
    const attrs = { numRows, dim, scale, tokenFormat, positionFormat };
    const inputs = {
      tokens: parameterTensor(tokenEmbedding),
      ...(positionEmbedding && { positions: parameterTensor(positionEmbedding) }),
      tokenIds: this.#tokenIds,
      positionIds: this.#positionIds,
    };
    return new WasmActivation(embed(this.#context, inputs, attrs), numRows); // [rows, dim]
  }

  linear(x: Activation, weight: Parameter, bias: Parameter | undefined): Activation {
    const { tensor, numRows } = wasmActivation(x);
    const [numCols = 0, depth] = weight.shape;
    assertInvariant(tensor.shape[1] === depth, `${weight.name} takes rows of ${depth ?? 'no'} numbers`);
    const inputs = {
      x: tensor,
      weight: parameterTensor(weight),
      ...(bias && { bias: parameterTensor(bias) }),
    };
    const attrs = { numRows, numCols, format: wasmParameter(weight).format };
    return new WasmActivation(linear(this.#context, inputs, attrs), numRows); // [rows, out]
  }

  layerNorm(x: Activation, gain: Parameter, shift: Parameter | undefined, epsilon: number): Activation {
    const { tensor, numRows } = wasmActivation(x);
    const inputs = {
      x: tensor,
      gain: parameterTensor(gain),
      ...(shift && { shift: parameterTensor(shift) }),
    };
    return new WasmActivation(layerNorm(this.#context, inputs, { numRows, epsilon }), numRows); // [rows, dim]
  }

  rmsNorm(x: Activation, gain: Parameter, epsilon: number): Activation {
    const { tensor, numRows } = wasmActivation(x);
    const inputs = { x: tensor, gain: parameterTensor(gain) };
    return new WasmActivation(rmsNorm(this.#context, inputs, { numRows, epsilon }), numRows); // [rows, dim]
  }

  normHeads(
    qkv: Activation,
    queryGain: Parameter,
    keyGain: Parameter,
    epsilon: number,
    { numHeads, numKvHeads, headDim }: HeadStripes,
  ): Activation {
    const { tensor, numRows } = wasmActivation(qkv);
    const stripes = { numHeads, numKvHeads, headDim };
    checkStripes(tensor, stripes);
    assertInvariant(
      sizeOf(queryGain) === headDim && sizeOf(keyGain) === headDim,
      `the gains ${queryGain.name} and ${keyGain.name} have ${headDim} numbers, as a head has`,
    );
    const inputs = { qkv: tensor, queryGain: parameterTensor(queryGain), keyGain: parameterTensor(keyGain) };
    const attrs = { ...stripes, numRows, epsilon };
    return new WasmActivation(normHeads(this.#context, inputs, attrs), numRows); // [rows, qkv]
  }

  rotate(
    qkv: Activation,
    { pairing, table }: Rotation,
    { numHeads, numKvHeads, headDim }: HeadStripes,
  ): Activation {
    const { tensor, numRows } = wasmActivation(qkv);
    const stripes = { numHeads, numKvHeads, headDim };
    checkStripes(tensor, stripes);
    this.#checkPositions(sizeOf(table) / headDim, table);
    const inputs = { qkv: tensor, table: parameterTensor(table), positionIds: this.#positionIds };
    const attrs = { ...stripes, numRows, areNeighbours: pairing === 'neighbours' ? 1 : 0 };
    return new WasmActivation(rotate(this.#context, inputs, attrs), numRows); // [rows, qkv]
  }

  attention(qkv: Activation, layerIndex: number, heads: AttentionHeads): Activation {
    const { tensor, numRows } = wasmActivation(qkv);
    const { shape, keys, values, paddedLaneLength: laneLength, format } = this.#cache;
    const { numHeads, numKvHeads, headDim, scale, window = shape.laneLength } = heads;
    checkStripes(tensor, heads);
    assertInvariant(
      shape.numKvHeads === numKvHeads && shape.headDim === headDim && layerIndex < shape.numLayers,
      `the cache is made for layer ${layerIndex} with ${numKvHeads} heads of ${headDim}`,
    );
    const inputs = { qkv: tensor, keys, values, tiles: this.#tiles };
    const isInt8 = format === 'int8' ? 1 : 0;
    const attrs = { layerIndex, numHeads, headDim, laneLength, scale, window, isInt8 };
    return new WasmActivation(causalAttention(this.#context, inputs, attrs), numRows); // [rows, heads * headDim]
  }

  gelu(x: Activation): Activation {
    const { tensor, numRows } = wasmActivation(x);
    return new WasmActivation(gelu(this.#context, { x: tensor }, { numRows }), numRows); // [rows, dim]
  }

  add(x: Activation, y: Activation): Activation {
    const { tensor, numRows } = wasmActivation(x);
    const inputs = { x: tensor, y: wasmActivation(y).tensor };
    return new WasmActivation(shortcut(this.#context, inputs, { numRows }), numRows); // [rows, dim]
  }

  gate(x: Activation, activation: GateActivation): Activation {
    const { tensor, numRows } = wasmActivation(x);
    const attrs = { numRows, isGelu: activation === 'gelu' ? 1 : 0 };
    return new WasmActivation(gate(this.#context, { x: tensor }, attrs), numRows); // [rows, mlpDim]
  }

  dropout(x: Activation): Activation {
    return x;
  }

  selectRows(x: Activation): Activation {
    const numRows = this.#batch.numLogitRows;
    const inputs = { x: wasmActivation(x).tensor, rows: this.#logitRows };
    return new WasmActivation(selectRows(this.#context, inputs, { numRows }), numRows); // [logitRows, dim]
  }

  #checkPositions(size: number, parameter: Parameter): void {
    checkIndices('position', this.#batch.positions, size, parameter);
  }
}

/** An activation as this runtime makes them. */
export function wasmActivation(activation: Activation): WasmActivation {
  assertInvariant(activation instanceof WasmActivation, 'the activation belongs to this runtime');
  return activation;
}

const sizeOf = ({ shape }: Parameter): number => shape[0] ?? 0;

function checkIndices(what: string, indices: Int32Array, size: number, { name }: Parameter): void {
  for (const index of indices) {
    assertInvariant(index >= 0 && index < size, `${what} ${index} is one of the ${size} in ${name}`);
  }
}

function checkStripes(qkv: tf.Tensor, stripes: HeadStripes): void {
  assertInvariant(
    qkv.shape[1] === qkvDim(stripes) && stripes.numHeads % stripes.numKvHeads === 0,
    `rows of ${qkv.shape[1] ?? 'no'} numbers are ${stripes.numHeads} queries and ${stripes.numKvHeads} keys and values`,
  );
}
