import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Gpt2Config } from '../../../src/model/gpt2-config.ts';
import { TrainingKernels } from '../../training/kernels.ts';
import { lossAndGradients } from '../../training/loss-and-gradients.ts';
import { TokenBuffers } from '../../training/token-buffers.ts';
import { TrainableParameters } from '../../training/trainable-parameters.ts';
import { NO_DROPOUT } from '../../training/training-ops.ts';
import { onCpu } from '../support/on-cpu.ts';
import { PRODUCTS_HERE } from '../../../tests/support/runtimes.ts';

const config: Gpt2Config = {
  architecture: 'gpt2',
  vocabSize: 40,
  contextLength: 128,
  dim: 32,
  numHeads: 2,
  numKvHeads: 2,
  headDim: 16,
  numLayers: 2,
  mlpDim: 64,
  layerNormEpsilon: 1e-5,
  tiedHead: true,
  qkvBias: true,
  bias: true,
  bosTokenId: undefined,
  eosTokenIds: [0],
};
// More than one block of 64 queries, and one that is not full.
const batch = {
  numSequences: 2,
  seqLen: 104,
  ids: Int32Array.from({ length: 208 }, (_, i) => (i * 17 + (i % 7)) % 40), // [rows]
  targets: Int32Array.from({ length: 208 }, (_, i) => (i * 29 + 5) % 40), // [rows]
};

/** The trainer's model from stock operations, with tfjs' own gradients. */
function stockLoss(values: ReadonlyMap<string, tf.Tensor>): tf.Scalar {
  const of = (name: string): tf.Tensor => {
    const value = values.get(name);
    if (value === undefined) throw new Error(`no ${name}`);
    return value;
  };
  const rows = batch.numSequences * batch.seqLen;
  const dense = (x: tf.Tensor, name: string): tf.Tensor =>
    tf.add(tf.matMul(x, of(`${name}.weight`), false, true), of(`${name}.bias`)); // [rows, out]
  const norm = (x: tf.Tensor, name: string): tf.Tensor => {
    const { mean, variance } = tf.moments(x, -1, true); // [rows, 1]
    const normed = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, config.layerNormEpsilon)));
    return tf.add(tf.mul(normed, of(`${name}.weight`)), of(`${name}.bias`)); // [rows, dim]
  };
  const heads = (x: tf.Tensor): tf.Tensor =>
    tf.transpose(
      tf.reshape(x, [batch.numSequences, batch.seqLen, config.numHeads, config.headDim]),
      [0, 2, 1, 3],
    ); // [batch, heads, seq, headDim]
  const causal = tf.sub(tf.linalg.bandPart(tf.ones([batch.seqLen, batch.seqLen]), -1, 0), 1).mul(1e9); // [seq, seq]
  const attention = (x: tf.Tensor): tf.Tensor => {
    const [q, k, v] = tf.split(x, 3, 1).map(heads);
    if (q === undefined || k === undefined || v === undefined) throw new Error('three parts');
    const scores = tf.add(tf.div(tf.matMul(q, k, false, true), Math.sqrt(config.headDim)), causal); // [batch, heads, seq, seq]
    const context = tf.matMul(tf.softmax(scores), v); // [batch, heads, seq, headDim]
    return tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [rows, config.dim]); // [rows, dim]
  };
  const gelu = (x: tf.Tensor): tf.Tensor => {
    const u = tf.mul(tf.add(x, tf.mul(tf.pow(x, 3), 0.044715)), Math.sqrt(2 / Math.PI));
    return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(u), 1));
  };
  const oneHot = (ids: Int32Array, depth: number): tf.Tensor =>
    tf.cast(tf.oneHot(tf.tensor1d(ids, 'int32'), depth), 'float32'); // [rows, depth]
  const positions = Int32Array.from({ length: rows }, (_, row) => row % batch.seqLen); // [rows]
  let x = tf.add(
    tf.matMul(oneHot(batch.ids, config.vocabSize), of('wte.weight')),
    tf.matMul(oneHot(positions, config.contextLength), of('wpe.weight')),
  ); // [rows, dim]
  for (let layer = 0; layer < config.numLayers; layer++) {
    const name = `h.${layer}`;
    const qkv = dense(norm(x, `${name}.ln_1`), `${name}.attn.c_attn`); // [rows, 3 * dim]
    x = tf.add(x, dense(attention(qkv), `${name}.attn.c_proj`)); // [rows, dim]
    const hidden = gelu(dense(norm(x, `${name}.ln_2`), `${name}.mlp.c_fc`)); // [rows, mlpDim]
    x = tf.add(x, dense(hidden, `${name}.mlp.c_proj`)); // [rows, dim]
  }
  const logits = tf.matMul(norm(x, 'ln_f'), of('wte.weight'), false, true); // [rows, vocab]
  return tf.losses.softmaxCrossEntropy(oneHot(batch.targets, config.vocabSize), logits);
}

function assign(variable: tf.Variable, values: ArrayLike<number>): void {
  const tensor = tf.tensor(Float32Array.from(values), variable.shape);
  variable.assign(tensor);
  tensor.dispose();
}

function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += ((actual[i] ?? NaN) - (expected[i] ?? NaN)) ** 2;
    size += (expected[i] ?? NaN) ** 2;
  }
  return Math.sqrt(difference / size);
}

interface Started {
  readonly kernels: TrainingKernels;
  readonly parameters: TrainableParameters;
  readonly buffers: TokenBuffers;
  readonly dispose: () => Promise<void>;
}

async function start(numThreads: number, products: 'wasm' | 'native'): Promise<Started> {
  const kernels = await TrainingKernels.start(numThreads, products);
  const parameters = TrainableParameters.initialise(config, 7);
  // Larger than GPT-2's start, so that attention is not flat and every gradient has a size; no gain is 1, no shift 0.
  for (const [name, variable] of parameters.variables) {
    const values = variable.dataSync().map((value, i) => value * 5 + 0.1 * Math.sin(i * 1.7 + name.length));
    assign(variable, values);
  }
  const buffers = new TokenBuffers(kernels.memory, batch.numSequences, batch.seqLen);
  buffers.fill(batch);
  const dispose = async (): Promise<void> => {
    buffers.dispose();
    parameters.dispose();
    await kernels.dispose();
  };
  return { kernels, parameters, buffers, dispose };
}

describe.each(PRODUCTS_HERE)('gradients of the training kernels, products by %s', (products) => {
  let started: Started;
  let kernels: TrainingKernels;
  let parameters: TrainableParameters;
  let buffers: TokenBuffers;

  beforeAll(async () => {
    started = await start(2, products);
    ({ kernels, parameters, buffers } = started);
  });

  afterAll(() => started.dispose());

  it('equal those of stock tfjs for every tensor', async () => {
    const own = lossAndGradients(kernels, parameters, buffers, NO_DROPOUT, 0);
    const values = new Map([...parameters.variables].map(([name, variable]) => [name, variable.dataSync()]));
    const shapes = new Map([...parameters.variables].map(([name, variable]) => [name, variable.shape]));
    const gradients = new Map(
      Object.entries(own.gradients).map(([name, gradient]) => [name, gradient.dataSync()]),
    );
    expect([...gradients.keys()].sort()).toEqual([...values.keys()].sort());

    const names = [...values.keys()];
    const stock = await onCpu(() => {
      const inputs = names.map((name) => tf.tensor(values.get(name) ?? [], shapes.get(name)));
      const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) =>
        stockLoss(new Map(names.map((name, i) => [name, tensors[i] ?? tf.scalar(0)]))),
      )(inputs);
      const read = {
        loss: value.dataSync()[0] ?? NaN,
        gradients: grads.map((gradient) => gradient.dataSync()),
      };
      tf.dispose([...inputs, value, ...grads]);
      return read;
    });
    expect(own.loss).toBeCloseTo(stock.loss, 5);
    names.forEach((name, i) => {
      const error = relativeError(gradients.get(name) ?? [], stock.gradients[i] ?? []);
      expect(error, name).toBeLessThan(1e-4);
    });
    tf.dispose(own.gradients);
  });

  it.each([
    ['without dropout', NO_DROPOUT],
    ['with dropout at every place', { embedding: 0.2, attention: 0.3, residual: 0.1 }],
  ])('agree with finite differences %s', (_, rates) => {
    const own = lossAndGradients(kernels, parameters, buffers, rates, 11);
    for (const [name, variable] of parameters.variables) {
      const gradient = own.gradients[name]?.dataSync() ?? [];
      const original = variable.dataSync();
      // Along its own direction a gradient changes the loss fastest, so that float32 resolves the difference.
      const norm = Math.hypot(...gradient);
      const lossAt = (distance: number): number => {
        const moved = original.map((value, i) => value + (distance * (gradient[i] ?? 0)) / norm);
        assign(variable, moved);
        const shifted = lossAndGradients(kernels, parameters, buffers, rates, 11);
        tf.dispose(shifted.gradients);
        return shifted.loss;
      };
      // A long step is bent by curvature, a short one drowns in rounding: the best of them counts.
      const errors = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2].map((distance) => {
        const slope = (lossAt(distance) - lossAt(-distance)) / (2 * distance);
        return Math.abs(slope - norm) / norm;
      });
      assign(variable, original);
      expect(Math.min(...errors), name).toBeLessThan(5e-3);
    }
    tf.dispose(own.gradients);
  });

  it('leave no tensor behind', () => {
    const before = tf.memory().numTensors;
    for (let step = 0; step < 5; step++) {
      tf.dispose(
        lossAndGradients(kernels, parameters, buffers, { ...NO_DROPOUT, residual: 0.1 }, step).gradients,
      );
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});

it.each(PRODUCTS_HERE)('gradients by %s are the same bits on one thread, two and three', async (products) => {
  const rates = { embedding: 0.1, attention: 0.1, residual: 0.1 };
  const runs: number[][] = [];
  for (const numThreads of [1, 2, 3]) {
    const { kernels, parameters, buffers, dispose } = await start(numThreads, products);
    const { gradients } = lossAndGradients(kernels, parameters, buffers, rates, 3);
    runs.push(Object.values(gradients).flatMap((gradient) => [...gradient.dataSync()]));
    tf.dispose(gradients);
    await dispose();
  }
  expect(runs[1]).toEqual(runs[0]);
  expect(runs[2]).toEqual(runs[0]);
});
