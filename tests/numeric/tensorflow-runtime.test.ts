import { afterEach, describe, expect, it } from 'vitest';
import { buildStepBatch } from '../../src/runtime/build-step-batch.ts';
import { decodeBfloat16, encodeBfloat16 } from '../../src/runtime/half-precision.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { createTensorflowRuntime } from '../../src/runtime/tensorflow/tensorflow-runtime.ts';
import type { WeightFormat } from '../../src/runtime/traits.ts';
import { expectClose, maxAbsDifference } from '../support/compare.ts';
import { flat, product, someRows, transposed } from '../support/matrix.ts';
import { runOps } from '../support/run-ops.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';
import { someTokenIds, StepRunner } from '../support/step-runner.ts';

/** How far logits of bf16 matrices may be from those of f32, in parts of the largest. */
const LOGIT_BOUNDS = { kernels: 0.015, stock: 0.03 };

const WAYS = [
  { by: 'our kernels', stockOperations: false, bound: LOGIT_BOUNDS.kernels },
  { by: 'stock operations', stockOperations: true, bound: LOGIT_BOUNDS.stock },
];

const code = (name: string, message: string): unknown =>
  expect.objectContaining({ code: name, message: expect.stringContaining(message) as string });

describe.runIf(RUNTIME_NAMES_HERE.includes('tensorflow'))('the TensorFlow runtime', () => {
  const open: Runtime[] = [];
  afterEach(async () => {
    for (const runtime of open.splice(0)) await runtime.dispose();
  });
  function create(stockOperations = false, weights: WeightFormat = 'f32'): Runtime {
    const runtime = createTensorflowRuntime({ name: 'tensorflow', numThreads: 2, weights, stockOperations });
    open.push(runtime);
    return runtime;
  }

  it.each(WAYS)('by $by holds neither tensors nor bytes more after 50 steps', async ({ stockOperations }) => {
    const runtime = create(stockOperations);
    const runner = await StepRunner.load(runtime, 'tiny-gpt2', 4);
    const before = runtime.memory();
    for (let i = 1; i <= 50; i++) {
      const tokenIds = Array.from({ length: 1 + (i % runner.loaded.config.contextLength) }, (_, id) => id);
      await runner.step([{ lane: i % 4, positionStart: 0, tokenIds, logits: 'all' }]);
    }
    expect(runtime.memory()).toEqual(before);
  });

  it.each(WAYS)('by $by frees what a failed step made', async ({ stockOperations }) => {
    const runtime = create(stockOperations);
    const cache = runtime.createKvCache({
      numLayers: 1,
      numKvHeads: 1,
      headDim: 8,
      numLanes: 1,
      laneLength: 4,
    });
    const embedding = runtime.createParameter('tokens', [4, 8], new Float32Array(32));
    const batch = buildStepBatch([{ lane: 0, positionStart: 0, tokenIds: [1, 2], logits: 'last' }]);
    const before = runtime.memory();
    const foreign = { name: 'foreign', shape: [8, 8] };
    await expect(
      runtime.runStep(batch, cache, (ops) => ops.linear(ops.embed(embedding, embedding), foreign, undefined)),
    ).rejects.toThrow('parameter foreign belongs to this runtime');
    expect(runtime.memory()).toEqual(before);
  });

  it.each(WAYS)('by $by counts what it holds, and lets go of all of it', async ({ stockOperations }) => {
    const before = create(stockOperations).memory();
    const runtime = create(stockOperations);
    const cache = runtime.createKvCache({
      numLayers: 2,
      numKvHeads: 4,
      headDim: 16,
      numLanes: 3,
      laneLength: 64,
    });
    expect(cache.numBytes).toBe(2 * 4 * 2 * 4 * 16 * 3 * 64);
    runtime.createParameter('w', [100], new Float32Array(100));
    expect(runtime.memory().numBytes).toBe(cache.numBytes + 400);
    cache.dispose();
    expect(runtime.memory().numBytes).toBe(400);
    await runtime.dispose();
    expect(runtime.memory()).toEqual(before);
  });

  it('computes no row for a step that wants none', async () => {
    const runner = await StepRunner.load(create(), 'tiny-gpt2');
    expect(await runner.step([{ lane: 0, positionStart: 0, tokenIds: [1, 2, 3], logits: 'none' }])).toEqual(
      [],
    );
  });

  it('refuses a cache that no machine holds with the numbers, and works on', async () => {
    const runtime = create();
    const shape = { numLayers: 1, numKvHeads: 64, headDim: 128, numLanes: 65536, laneLength: 65536 };
    expect(() => runtime.createKvCache(shape)).toThrow(
      code(
        'backend_unavailable',
        'no room for a KV cache of 65536 lanes of 65536 tokens, 281474976710656 bytes',
      ),
    );
    expect(await runOps(runtime, [[1, 2]], (x) => x)).toEqual([[1, 2]]);
  });

  it('holds weights as f32 or bf16, and refuses f16', () => {
    expect(() => create(false, 'f16')).toThrow(code('config_invalid', 'f32 or bf16, not f16'));
  });

  it.each(WAYS)('by $by multiplies bf16 like the rounded numbers they are', async ({ stockOperations }) => {
    const runtime = create(stockOperations, 'bf16');
    const inputs = someRows(20, 30, 1).map((row) => row.map((value) => Math.round(value * 16)));
    const values = someRows(9, 30, 2).map((row) => row.map((value) => Math.fround(value * 1.0001)));
    const rounded = values.map(roundToBfloat16);
    expect(rounded).not.toEqual(values);
    const weight = runtime.createParameter('w', [9, 30], flat(values));
    const result = await runOps(runtime, inputs, (x, ops) => ops.linear(x, weight, undefined));
    const exact = product(inputs, transposed(rounded)).flat();
    // Stock products of bfloat16 are rounded to it, with 8 bits.
    const tolerance = stockOperations ? Math.max(...exact.map(Math.abs)) / 256 : 1e-4;
    expectClose(result.flat(), exact, tolerance);
  });

  it('halves matrices by itself where own kernels compute, and computes the same bits where that loses nothing', async () => {
    const bytesOf = (weights: WeightFormat, value: number, stockOperations = false) => {
      const runtime = create(stockOperations, weights);
      const before = runtime.memory().numBytes;
      runtime.createParameter('w', [96, 64], new Float32Array(96 * 64).fill(value));
      return runtime.memory().numBytes - before;
    };
    expect(bytesOf('auto', 0.5)).toBe(2 * 96 * 64);
    expect(bytesOf('auto', 0.1)).toBe(2 * 96 * 64);
    expect(bytesOf('auto', 0.1, true)).toBe(4 * 96 * 64);
    expect(bytesOf('f32', 0.5)).toBe(4 * 96 * 64);
    const values = flat(someRows(40, 64, 3).map(roundToBfloat16));
    const productAs = (weights: WeightFormat, numRows: number) => {
      const runtime = create(false, weights);
      const weight = runtime.createParameter('w', [40, 64], values);
      // The rows go in as an embedding, which is a matrix, too.
      const inputs = someRows(numRows, 64, 4).map(roundToBfloat16);
      return runOps(runtime, inputs, (x, ops) => ops.linear(x, weight, undefined));
    };
    for (const numRows of [3, 50]) {
      expect(await productAs('auto', numRows)).toEqual(await productAs('f32', numRows));
    }
  });

  it.each(WAYS)('by $by leaves bf16 logits within their bound', async ({ stockOperations, bound }) => {
    const logitsAs = async (weights: WeightFormat) => {
      const runner = await StepRunner.load(create(stockOperations, weights), 'tiny-gpt2');
      const { contextLength, vocabSize } = runner.loaded.config;
      return (await runner.whole(someTokenIds(contextLength, vocabSize, 4))).flatMap((row) => [...row]);
    };
    const exact = await logitsAs('f32');
    const largest = exact.reduce((most, logit) => Math.max(most, Math.abs(logit)), 0);
    const difference = maxAbsDifference(await logitsAs('bf16'), exact) / largest;
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(bound);
  });
});

describe.runIf(RUNTIME_NAMES_HERE.includes('tensorflow') && !RUNTIME_NAMES_HERE.includes('tensorflow-gpu'))(
  'tensorflow-gpu where TensorFlow lists no GPU',
  () => {
    it('is refused with the remedy', () => {
      expect(() =>
        createTensorflowRuntime({ name: 'tensorflow-gpu', numThreads: 2, weights: 'auto' }),
      ).toThrow(code('backend_unavailable', 'npm run setup:tensorflow -- --gpu'));
    });
  },
);

function roundToBfloat16(values: readonly number[]): number[] {
  const rounded = new Float32Array(values.length);
  decodeBfloat16(encodeBfloat16(Float32Array.from(values)), rounded);
  return [...rounded];
}
