import { expectClose, maxAbsDifference } from '../support/compare.ts';
import { flat, product, softmaxRows, someRows, transposed } from '../support/matrix.ts';
import { runOps } from '../support/run-ops.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';
import { someTokenIds, StepRunner } from '../support/step-runner.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { buildStepBatch } from '../../src/runtime/build-step-batch.ts';
import { decodeBfloat16, encodeBfloat16 } from '../../src/runtime/half-precision.ts';
import { bookHeads } from '../../src/runtime/ops.ts';
import { PAGE_TOKENS } from '../../src/pages.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { TOP_LOGITS } from '../../src/runtime/step-batch.ts';
import { EagerContext } from '../../src/runtime/tensorflow/eager-context.ts';
import { loadTensorflow } from '../../src/runtime/tensorflow/load-tensorflow.ts';
import { StepOperands } from '../../src/runtime/tensorflow/step-operands.ts';
import { createTensorflowRuntime, topRows } from '../../src/runtime/tensorflow/tensorflow-runtime.ts';
import type { WeightFormat } from '../../src/runtime/traits.ts';

/** How far logits of bf16 matrices may be from those of f32, in parts of the largest. */
const LOGIT_BOUND = 0.03;

const code = (name: string, message: string): unknown =>
  expect.objectContaining({ code: name, message: expect.stringContaining(message) as string });

describe.runIf(RUNTIME_NAMES_HERE.includes('tensorflow'))('the TensorFlow runtime', () => {
  const open: Runtime[] = [];
  afterEach(async () => {
    for (const runtime of open.splice(0)) await runtime.dispose();
  });
  function create(weights: WeightFormat = 'f32'): Runtime {
    const runtime = createTensorflowRuntime({ name: 'tensorflow', numThreads: 2, weights });
    open.push(runtime);
    return runtime;
  }

  it('says what it computes by', () => {
    expect(create().description).toMatch(
      /^tfjs on TensorFlow 2\.\d+\.\d+, CPU, stock operations, 2 threads$/,
    );
  });

  it('holds neither tensors nor bytes more after 50 steps', async () => {
    const runtime = create();
    const runner = await StepRunner.load(runtime, 'tiny-gpt2', 4);
    const before = runtime.memory();
    for (let i = 1; i <= 50; i++) {
      const tokenIds = Array.from({ length: 1 + (i % runner.loaded.config.contextLength) }, (_, id) => id);
      await runner.step([{ seat: i % 4, positionStart: 0, tokenIds, logits: 'all' }]);
    }
    expect(runtime.memory()).toEqual(before);
  });

  it('frees what a failed step made', async () => {
    const runtime = create();
    const cache = runtime.createKvCache({
      numLayers: 1,
      numKvHeads: 1,
      headDim: 8,
      numPages: 1,
      maxStepPages: 1,
    });
    const embedding = runtime.createParameter('tokens', [4, 8], new Float32Array(32));
    const batch = buildStepBatch([{ pages: [0], positionStart: 0, tokenIds: [1, 2], logits: 'last' }]);
    const before = runtime.memory();
    const foreign = { name: 'foreign', shape: [8, 8] };
    await expect(
      runtime.runStep(batch, cache, (ops) => ops.linear(ops.embed(embedding, embedding), foreign, undefined)),
    ).rejects.toThrow('parameter foreign belongs to this runtime');
    expect(runtime.memory()).toEqual(before);
  });

  it('counts what it holds, and lets go of all of it', async () => {
    const before = create().memory();
    const runtime = create();
    const cache = runtime.createKvCache({
      numLayers: 2,
      numKvHeads: 4,
      headDim: 16,
      numPages: 3,
      maxStepPages: 3,
    });
    expect(cache.numBytes).toBe(2 * 4 * 2 * 4 * 16 * 3 * PAGE_TOKENS);
    runtime.createParameter('w', [100], new Float32Array(100));
    expect(runtime.memory().numBytes).toBe(cache.numBytes + 400);
    cache.dispose();
    expect(runtime.memory().numBytes).toBe(400);
    await runtime.dispose();
    expect(runtime.memory()).toEqual(before);
  });

  it('computes no row for a step that wants none', async () => {
    const runner = await StepRunner.load(create(), 'tiny-gpt2');
    expect(await runner.step([{ seat: 0, positionStart: 0, tokenIds: [1, 2, 3], logits: 'none' }])).toEqual(
      [],
    );
  });

  it('refuses a cache that no machine holds with the numbers, and works on', async () => {
    const runtime = create();
    const numPages = 2 ** 26;
    const shape = { numLayers: 1, numKvHeads: 64, headDim: 128, numPages, maxStepPages: numPages };
    expect(() => runtime.createKvCache(shape)).toThrow(
      code('backend_unavailable', 'no room for a KV cache of 4294967296 tokens, 281474976710656 bytes'),
    );
    expect(await runOps(runtime, [[1, 2]], (x) => x)).toEqual([[1, 2]]);
  });

  it('holds weights as f32 or bf16, and refuses f16', () => {
    expect(() => create('f16')).toThrow(code('config_invalid', 'f32 or bf16, not f16'));
  });

  it('refuses an operation that cannot be, and runs the next', async () => {
    const runtime = create();
    const weight = runtime.createParameter('w', [4, 5], new Float32Array(20));
    const multiply = (depth: number) =>
      runOps(runtime, someRows(2, depth, 7), (x, ops) => ops.linear(x, weight, undefined));
    await expect(multiply(4)).rejects.toThrow(code('backend_failure', 'TensorFlow failed a step'));
    expect((await multiply(5)).flat()).toEqual(new Array(8).fill(0));
  });

  it.each([undefined, 7, 70])(
    'attends over three pages of the cache in a window of %s',
    async (window = Infinity) => {
      const [q = [], k = [], v = []] = [1, 2, 3].map((seed) => someRows(150, 16, seed)); // each [tokens][headDim]
      const scores = product(q, transposed(k)).map((row, query) =>
        row.map((score, key) => (key <= query && key > query - window ? 0.3 * score : -Infinity)),
      ); // [tokens][tokens]
      const heads = { ...bookHeads(1, 16), scale: 0.3, window: window === Infinity ? undefined : window };
      const qkv = q.map((row, token) => [...row, ...(k[token] ?? []), ...(v[token] ?? [])]); // [tokens][3 * headDim]
      const attended = await runOps(create(), qkv, (x, ops) => ops.attention(x, 0, heads));
      expectClose(attended.flat(), product(softmaxRows(scores), v).flat(), 1e-5);
    },
  );

  it('multiplies bf16 like the rounded numbers they are', async () => {
    const runtime = create('bf16');
    const inputs = someRows(20, 30, 1).map((row) => row.map((value) => Math.round(value * 16)));
    const values = someRows(9, 30, 2).map((row) => row.map((value) => Math.fround(value * 1.0001)));
    const rounded = values.map(roundToBfloat16);
    expect(rounded).not.toEqual(values);
    const weight = runtime.createParameter('w', [9, 30], flat(values));
    const result = await runOps(runtime, inputs, (x, ops) => ops.linear(x, weight, undefined));
    const exact = product(inputs, transposed(rounded)).flat();
    // Products of bfloat16 are rounded to it, with 8 bits.
    expectClose(result.flat(), exact, Math.max(...exact.map(Math.abs)) / 256);
  });

  it('holds matrices in float32 unless it is told to halve them', () => {
    const bytesOf = (weights: WeightFormat, value: number) => {
      const runtime = create(weights);
      const before = runtime.memory().numBytes;
      runtime.createParameter('w', [96, 64], new Float32Array(96 * 64).fill(value));
      return runtime.memory().numBytes - before;
    };
    expect(bytesOf('auto', 0.5)).toBe(4 * 96 * 64);
    expect(bytesOf('f32', 0.5)).toBe(4 * 96 * 64);
    expect(bytesOf('bf16', 0.1)).toBe(2 * 96 * 64);
  });

  it('leaves bf16 logits within their bound', async () => {
    const logitsAs = async (weights: WeightFormat) => {
      const runner = await StepRunner.load(create(weights), 'tiny-gpt2');
      const { contextLength, vocabSize } = runner.loaded.config;
      return (await runner.whole(someTokenIds(contextLength, vocabSize, 4))).flatMap((row) => [...row]);
    };
    const exact = await logitsAs('f32');
    const largest = exact.reduce((most, logit) => Math.max(most, Math.abs(logit)), 0);
    const difference = maxAbsDifference(await logitsAs('bf16'), exact) / largest;
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(LOGIT_BOUND);
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

describe.runIf(RUNTIME_NAMES_HERE.includes('tensorflow'))('the top of a row on TensorFlow', () => {
  it('is what sorting the row gives, the lower id first on ties', () => {
    const context = new EagerContext(loadTensorflow(2));
    const rows = someRows(3, 300, 8).map((row) => row.map((value) => Math.round(value * 40)));
    const tops = context.step(() => {
      const logits = context.upload([3, 300], flat(rows));
      return topRows(context, new StepOperands(context), logits, 2);
    });
    expect(tops).toHaveLength(2);
    tops.forEach(({ tokenIds, logits, logSumExp }, r) => {
      const row = rows[r] ?? [];
      const sorted = row.map((logit, id) => ({ logit, id })).sort((a, b) => b.logit - a.logit || a.id - b.id);
      expect([...tokenIds]).toEqual(sorted.slice(0, TOP_LOGITS).map(({ id }) => id));
      expect([...logits]).toEqual(sorted.slice(0, TOP_LOGITS).map(({ logit }) => logit));
      expect(logSumExp).toBeCloseTo(Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0)), 4);
    });
  });
});

function roundToBfloat16(values: readonly number[]): number[] {
  const rounded = new Float32Array(values.length);
  decodeBfloat16(encodeBfloat16(Float32Array.from(values)), rounded);
  return [...rounded];
}
