import * as tf from '@tensorflow/tfjs-core';
import { assertInvariant, EngineError } from '../../errors.ts';
import type { Activation, AttentionHeads, Parameter, TransformerOps } from '../ops.ts';
import type { StepBatch } from '../step-batch.ts';
import { TILE_BYTES, TILE_ROWS } from './assembly/kernel-ids.ts';
import { causalAttention } from './kernels/causal-attention.ts';
import type { KernelContext } from './kernels/define-kernel.ts';
import { embed } from './kernels/embed.ts';
import { gelu } from './kernels/gelu.ts';
import { layerNorm } from './kernels/layer-norm.ts';
import { linear } from './kernels/linear.ts';
import { selectRows } from './kernels/select-rows.ts';
import { shortcut } from './kernels/shortcut.ts';
import type { WasmKvCache } from './wasm-kv-cache.ts';
import { parameterTensor } from './wasm-parameter.ts';

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
  readonly #tiles: tf.Tensor; // [tiles, 4]
  readonly #logitRows: tf.Tensor; // [logitRows]

  constructor(context: KernelContext, batch: StepBatch, cache: WasmKvCache) {
    this.#context = context;
    this.#batch = batch;
    this.#cache = cache;
    this.#tokenIds = tf.tensor1d(batch.tokenIds, 'int32'); // [rows]
    this.#positionIds = tf.tensor1d(batch.positions, 'int32'); // [rows]
    const tiles = attentionTiles(batch, cache);
    this.#tiles = tf.tensor2d(tiles, [tiles.length / (TILE_BYTES / 4), TILE_BYTES / 4], 'int32'); // [tiles, 4]
    this.#logitRows = tf.tensor1d(batch.logitRows, 'int32'); // [logitRows]
  }

  embed(tokenEmbedding: Parameter, positionEmbedding: Parameter | undefined): Activation {
    assertInvariant(positionEmbedding, 'tokens without positions are not there yet');
    checkIndices('token', this.#batch.tokenIds, tokenEmbedding);
    checkIndices('position', this.#batch.positions, positionEmbedding);
    const { numRows } = this.#batch;
    const inputs = {
      tokens: parameterTensor(tokenEmbedding),
      positions: parameterTensor(positionEmbedding),
      tokenIds: this.#tokenIds,
      positionIds: this.#positionIds,
    };
    return new WasmActivation(embed(this.#context, inputs, { numRows }), numRows); // [rows, dim]
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
    return new WasmActivation(linear(this.#context, inputs, { numRows, numCols }), numRows); // [rows, out]
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

  attention(qkv: Activation, layerIndex: number, { numHeads }: AttentionHeads): Activation {
    const { tensor, numRows } = wasmActivation(qkv);
    const { shape, keys, values } = this.#cache;
    assertInvariant(
      shape.numKvHeads === numHeads &&
        tensor.shape[1] === 3 * numHeads * shape.headDim &&
        layerIndex < shape.numLayers,
      `the cache is made for layer ${layerIndex} with ${numHeads} heads`,
    );
    const inputs = { qkv: tensor, keys, values, tiles: this.#tiles };
    return new WasmActivation(causalAttention(this.#context, inputs, { layerIndex }), numRows); // [rows, dim]
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
    const numRows = this.#batch.numLogitRows;
    const inputs = { x: wasmActivation(x).tensor, rows: this.#logitRows };
    return new WasmActivation(selectRows(this.#context, inputs, { numRows }), numRows); // [logitRows, dim]
  }
}

/** An activation as this runtime makes them. */
export function wasmActivation(activation: Activation): WasmActivation {
  assertInvariant(activation instanceof WasmActivation, 'the activation belongs to this runtime');
  return activation;
}

/** Every segment in tiles of up to four rows: [tiles][row, numRows, lane, position]. */
function attentionTiles({ segments, numRows }: StepBatch, { shape }: WasmKvCache): Int32Array {
  const tiles: number[] = [];
  for (const { lane, rowStart, numRows: length, positionStart } of segments) {
    assertInvariant(
      lane >= 0 &&
        lane < shape.numLanes &&
        positionStart + length <= shape.laneLength &&
        rowStart + length <= numRows,
      `a segment of ${length} rows from position ${positionStart} fits lane ${lane}`,
    );
    for (let row = 0; row < length; row += TILE_ROWS) {
      tiles.push(rowStart + row, Math.min(TILE_ROWS, length - row), lane, positionStart + row);
    }
  }
  return Int32Array.from(tiles); // [tiles][4]
}

function checkIndices(what: string, indices: Int32Array, embedding: Parameter): void {
  const [size = 0] = embedding.shape;
  for (const index of indices) {
    assertInvariant(
      index >= 0 && index < size,
      `${what} ${index} is one of the ${size} in ${embedding.name}`,
    );
  }
}
