import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Gpt2Config } from '../../../src/model/gpt2-config.ts';
import { TrainingKernels } from '../../training/kernels.ts';
import { evaluateRows } from '../../training/loss-and-gradients.ts';
import { permutation } from '../../training/random.ts';
import { TokenBuffers } from '../../training/token-buffers.ts';
import type { Initial } from '../../training/train-options.ts';
import { TrainableParameters } from '../../training/trainable-parameters.ts';

const config: Gpt2Config = {
  architecture: 'gpt2',
  vocabSize: 512,
  contextLength: 256,
  dim: 256,
  numHeads: 4,
  numKvHeads: 4,
  headDim: 64,
  numLayers: 3,
  mlpDim: 1024,
  layerNormEpsilon: 1e-5,
  tiedHead: true,
  qkvBias: true,
  bias: true,
  bosTokenId: undefined,
  eosTokenIds: [0],
};
/** Half of the context in an order without a rule, and the same again. */
const HALF = 128;
const [, ...order] = permutation(config.vocabSize, 3).slice(0, HALF + 1);
const tokens = [...order, ...order];

describe('weights that a run begins with', () => {
  let kernels: TrainingKernels;
  let buffers: TokenBuffers;
  beforeAll(async () => {
    kernels = await TrainingKernels.start(2, 'wasm');
    buffers = new TokenBuffers(kernels.memory, 1, config.contextLength);
    const [ids, targets] = [Int32Array.from(tokens), Int32Array.from([...tokens.slice(1), 0])];
    buffers.fill({ ids, targets, numSequences: 1, seqLen: config.contextLength });
  });
  afterAll(async () => {
    buffers.dispose();
    await kernels.dispose();
  });

  /** Mean nats of a token that comes for the first time, and of one whose predecessor was there before. */
  function nats(initial: Initial, seed: number): { first: number; again: number } {
    const parameters = TrainableParameters.initialise(config, seed, initial);
    const losses = [...evaluateRows(kernels, parameters.model, buffers)]; // [rows]
    parameters.dispose();
    const mean = (rows: readonly number[]): number => rows.reduce((sum, one) => sum + one, 0) / rows.length;
    return { first: mean(losses.slice(0, HALF - 1)), again: mean(losses.slice(HALF, 2 * HALF - 1)) };
  }

  it.each([1, 2, 3])('know nothing where they are random: seed %d', (seed) => {
    const { first, again } = nats('gpt2', seed);
    expect(Math.abs(again - first)).toBeLessThan(0.1);
    expect(first).toBeCloseTo(Math.log(config.vocabSize), 0);
  });

  it.each([1, 2, 3])('copy where two heads are made to: seed %d', (seed) => {
    const { first, again } = nats('copying', seed);
    expect(first).toBeCloseTo(Math.log(config.vocabSize), 0);
    expect(again).toBeLessThan(first - 1.5);
  });

  it.each([
    ['heads', { numHeads: 2, numKvHeads: 2, headDim: 128 }],
    ['layers', { numLayers: 1 }],
  ])('cannot copy with fewer %s', (_, changes) => {
    expect(() => TrainableParameters.initialise({ ...config, ...changes }, 1, 'copying')).toThrow(
      '--initial copying takes four heads and two layers, or more',
    );
  });
});
