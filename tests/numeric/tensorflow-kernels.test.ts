import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildStepBatch, type SegmentInput } from '../../src/runtime/build-step-batch.ts';
import { bookHeads, qkvDim, type Activation, type TransformerOps } from '../../src/runtime/ops.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { EagerContext } from '../../src/runtime/tensorflow/eager-context.ts';
import { loadTensorflow } from '../../src/runtime/tensorflow/load-tensorflow.ts';
import { StepOperands } from '../../src/runtime/tensorflow/step-operands.ts';
import { createTensorflowRuntime } from '../../src/runtime/tensorflow/tensorflow-runtime.ts';
import { topRows } from '../../src/runtime/tensorflow/top-rows.ts';
import { TOP_LOGITS } from '../../src/runtime/step-row.ts';
import { expectClose } from '../support/compare.ts';
import { flat, product, someRows, transposed } from '../support/matrix.ts';
import { runOps } from '../support/run-ops.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';

describe.runIf(RUNTIME_NAMES_HERE.includes('tensorflow'))('kernels on TensorFlow', () => {
  let kernels: Runtime;
  let stock: Runtime;
  beforeAll(() => {
    const options = { name: 'tensorflow', numThreads: 2, weights: 'f32' } as const;
    kernels = createTensorflowRuntime(options);
    stock = createTensorflowRuntime({ ...options, stockOperations: true });
  });
  afterAll(async () => {
    await kernels.dispose();
    await stock.dispose();
  });

  /** The same operations by our kernels and by TensorFlow's own. */
  async function both(
    inputs: number[][],
    compute: (runtime: Runtime) => (x: Activation, ops: TransformerOps) => Activation,
    options: Parameters<typeof runOps>[3] = {},
  ): Promise<{ ours: number[]; theirs: number[] }> {
    const ours = await runOps(kernels, inputs, compute(kernels), options);
    const theirs = await runOps(stock, inputs, compute(stock), options);
    return { ours: ours.flat(), theirs: theirs.flat() };
  }

  it('are what each of the two says it computes by', () => {
    expect(kernels.description).toMatch(/^tfjs on TensorFlow 2\.\d+\.\d+, CPU, own kernels, 2 threads$/);
    expect(stock.description).toMatch(/, CPU, stock operations, 2 threads$/);
  });

  it.each([
    { rows: 1, inDim: 1, outDim: 1 },
    { rows: 3, inDim: 769, outDim: 47 },
    { rows: 8, inDim: 130, outDim: 48 },
    { rows: 9, inDim: 64, outDim: 49 },
    { rows: 33, inDim: 35, outDim: 1000 },
  ])('multiply $rows x $inDim by $inDim x $outDim', async ({ rows, inDim, outDim }) => {
    const inputs = someRows(rows, inDim, 1);
    const values = someRows(outDim, inDim, 2);
    const [shift = []] = someRows(1, outDim, 3);
    const { ours, theirs } = await both(inputs, (runtime) => {
      const weight = runtime.createParameter('w', [outDim, inDim], flat(values));
      const bias = runtime.createParameter('b', [outDim], Float32Array.from(shift));
      return (x, ops) => ops.linear(x, weight, bias);
    });
    const exact = product(inputs, transposed(values)).map((row) =>
      row.map((sum, col) => sum + (shift[col] ?? NaN)),
    );
    expectClose(ours, exact.flat(), 1e-4);
    expectClose(ours, theirs, 1e-4);
  });

  it.each([5, 16, 100, 769])('normalise rows of %i', async (dim) => {
    const gains = someRows(2, dim, 4);
    const { ours, theirs } = await both(someRows(20, dim, 5), (runtime) => {
      const gain = runtime.createParameter('g', [dim], Float32Array.from(gains[0] ?? []));
      const shift = runtime.createParameter('s', [dim], Float32Array.from(gains[1] ?? []));
      return (x, ops) => ops.layerNorm(x, gain, shift, 1e-5);
    });
    expectClose(ours, theirs, 1e-5);
  });

  it('compute GELU, from where it is zero to where it is its argument', async () => {
    const inputs = [Array.from({ length: 1001 }, (_, i) => (i - 500) / 4)];
    const { ours, theirs } = await both(inputs, () => (x, ops) => ops.gelu(x));
    expectClose(ours, theirs, 1e-5);
    expect(ours.at(-1)).toBe(125);
    expect(ours[0]).toBeCloseTo(0, 30);
  });

  const segment = (lane: number, numTokens: number, from = 0): SegmentInput => ({
    lane,
    positionStart: 0,
    tokenIds: Array.from({ length: numTokens }, (_, i) => from + i),
    logits: 'all',
  });

  it.each([
    { numHeads: 1, headDim: 3 },
    { numHeads: 2, headDim: 16 },
    { numHeads: 3, headDim: 20 },
    { numHeads: 1, headDim: 130 },
  ])('attend with $numHeads heads of $headDim', async ({ numHeads, headDim }) => {
    const inputs = someRows(150, 3 * numHeads * headDim, 6);
    const segments = [segment(2, 1), segment(0, 1, 1), segment(3, 17, 2), segment(1, 131, 19)];
    const options = { numHeads, segments };
    const { ours, theirs } = await both(
      inputs,
      () => (x, ops) => ops.attention(x, 0, bookHeads(numHeads, headDim)),
      options,
    );
    expectClose(ours, theirs, 1e-5);
  });

  it.each([5, 16, 100, 769])('take rows of %i by the root of their mean square', async (dim) => {
    const [gains = []] = someRows(1, dim, 9);
    const { ours, theirs } = await both(someRows(20, dim, 10), (runtime) => {
      const gain = runtime.createParameter('g', [dim], Float32Array.from(gains));
      return (x, ops) => ops.rmsNorm(x, gain, 1e-6);
    });
    expectClose(ours, theirs, 1e-6);
  });

  describe.each([
    { numHeads: 6, numKvHeads: 2, headDim: 20 },
    { numHeads: 2, numKvHeads: 2, headDim: 64 },
    { numHeads: 3, numKvHeads: 1, headDim: 130 },
  ])('with $numHeads heads of $headDim that share $numKvHeads of keys', (stripes) => {
    const { headDim, numKvHeads } = stripes;
    const rows = someRows(150, qkvDim(stripes), 11);

    it('norm each head by itself', async () => {
      const [queryGain = [], keyGain = []] = someRows(2, headDim, 12);
      const { ours, theirs } = await both(rows, (runtime) => {
        const queries = runtime.createParameter('q', [headDim], Float32Array.from(queryGain));
        const keys = runtime.createParameter('k', [headDim], Float32Array.from(keyGain));
        return (x, ops) => ops.normHeads(x, queries, keys, 1e-6, stripes);
      });
      expectClose(ours, theirs, 2e-6);
    });

    it.each(['halves', 'neighbours'] as const)('turn pairs as %s', async (pairing) => {
      const values = flat(someRows(150, headDim, 13));
      const { ours, theirs } = await both(rows, (runtime) => {
        const table = runtime.createParameter('t', [values.length], values);
        return (x, ops) => ops.rotate(x, { pairing, table }, stripes);
      });
      expectClose(ours, theirs, 1e-6);
    });

    it.each([undefined, 7, 70])('attend in a window of %s', async (window) => {
      const segments = [segment(2, 1), segment(0, 1, 1), segment(3, 17, 2), segment(1, 131, 19)];
      const attend = () => (x: Activation, ops: TransformerOps) =>
        ops.attention(x, 0, { ...stripes, scale: 0.3, window });
      const { ours, theirs } = await both(rows, attend, { numHeads: numKvHeads, headDim, segments });
      expectClose(ours, theirs, 1e-5);
    });
  });

  it.each(['silu', 'gelu'] as const)('gate by %s rows short and longer than a part of work', async (name) => {
    for (const mlpDim of [3, 100, 9001]) {
      const { ours, theirs } = await both(someRows(20, 2 * mlpDim, 14), () => (x, ops) => ops.gate(x, name));
      expectClose(ours, theirs, 1e-5);
    }
  });

  it('embed tokens alone, times a scale', async () => {
    const { ours, theirs } = await both(someRows(3, 50, 15), (runtime) => {
      const matrix = runtime.createParameter('m', [3, 50], flat(someRows(3, 50, 16)));
      return (_, ops) => ops.embed(matrix, undefined, 7.5);
    });
    expect(ours).toEqual(theirs);
  });

  it.each([20, 64, 300, 9000])('find the top of rows of %i numbers as sorting does', async (vocabSize) => {
    // Many equal numbers: the lower id comes first. Zero is added lest one be negative.
    const rows = someRows(5, vocabSize, 17).map((row) => row.map((value) => Math.round(value * 40) / 8 + 0));
    const embedding = kernels.createParameter('rows', [5, vocabSize], flat(rows));
    const cache = kernels.createKvCache({
      numLayers: 1,
      numKvHeads: 1,
      headDim: 8,
      numLanes: 5,
      laneLength: 4,
    });
    const topIsEnough = [true, false, true, true, false];
    const batch = buildStepBatch(
      topIsEnough.map((isEnough, row) => ({
        lane: row,
        positionStart: 0,
        tokenIds: [row],
        logits: 'last',
        topIsEnough: isEnough,
      })),
    );
    const results = await kernels.runStep(batch, cache, (ops) =>
      ops.selectRows(ops.embed(embedding, undefined)),
    );
    cache.dispose();
    expect(results).toHaveLength(5);
    results.forEach((result, r) => {
      const row = rows[r] ?? [];
      if (result instanceof Float32Array) {
        expect(topIsEnough[r]).toBe(false);
        expect([...result]).toEqual(row);
        return;
      }
      expect(topIsEnough[r]).toBe(true);
      const sorted = row.map((logit, id) => ({ logit, id })).sort((a, b) => b.logit - a.logit || a.id - b.id);
      expect([...result.tokenIds]).toEqual(sorted.slice(0, TOP_LOGITS).map(({ id }) => id));
      expect([...result.logits]).toEqual(sorted.slice(0, TOP_LOGITS).map(({ logit }) => logit));
      expect(result.logSumExp).toBeCloseTo(Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0)), 4);
    });
  });

  it('join GELU and a sum onto a product without a bit changed', async () => {
    const inputs = someRows(20, 300, 18);
    const values = flat(someRows(300, 300, 19));
    const run = (compute: (x: Activation, ops: TransformerOps, product: Activation) => Activation) => {
      const weight = kernels.createParameter('w', [300, 300], values);
      return runOps(kernels, inputs, (x, ops) => compute(x, ops, ops.linear(x, weight, undefined)));
    };
    const product = await run((_x, _ops, y) => y);
    const gelu = await runOps(kernels, product, (x, ops) => ops.gelu(x));
    expect(await run((_x, ops, y) => ops.gelu(y))).toEqual(gelu);
    const sums = (rows: number[][]) =>
      rows.map((row, r) => row.map((value, c) => Math.fround((inputs[r]?.[c] ?? NaN) + value)));
    expect(await run((x, ops, y) => ops.add(x, y))).toEqual(sums(product));
    expect(await run((x, ops, y) => ops.add(ops.gelu(y), x))).toEqual(sums(gelu));
  });

  it('refuse an operation that cannot be, and run the next', async () => {
    const weight = kernels.createParameter('w', [4, 5], new Float32Array(20));
    const wrong = runOps(kernels, someRows(2, 4, 7), (x, ops) => ops.linear(x, weight, undefined));
    await expect(wrong).rejects.toMatchObject({
      code: 'backend_failure',
      message: expect.stringContaining('rows and matrix have the same depth') as string,
    });
    const right = await runOps(kernels, someRows(2, 5, 7), (x, ops) => ops.linear(x, weight, undefined));
    expect(right.flat()).toEqual(new Array(8).fill(0));
  });

  it('are one call into TensorFlow for a whole step of the model', async () => {
    const calls = vi.spyOn(EagerContext.prototype, 'runMany');
    const weight = kernels.createParameter('w', [24, 8], new Float32Array(192));
    const gain = kernels.createParameter('g', [8], new Float32Array(8));
    const cache = kernels.createKvCache({
      numLayers: 1,
      numKvHeads: 1,
      headDim: 8,
      numLanes: 1,
      laneLength: 4,
    });
    calls.mockClear();
    await kernels.runStep(buildStepBatch([segment(0, 4)]), cache, (ops) => {
      const x = ops.embed(weight, weight);
      const qkv = ops.linear(ops.layerNorm(x, gain, gain, 1e-5), weight, undefined);
      return ops.add(x, ops.gelu(ops.attention(qkv, 0, bookHeads(1, 8))));
    });
    expect(calls.mock.calls.map(([name]) => name)).toEqual(['TokenflareStep']);
    calls.mockRestore();
    cache.dispose();
  });
});

describe.runIf(RUNTIME_NAMES_HERE.includes('tensorflow'))('an addon of TensorFlow', () => {
  const options = { name: 'tensorflow', numThreads: 2, weights: 'f32' } as const;
  const without = (...missing: string[]): void => {
    const runMany = Object.getOwnPropertyDescriptor(EagerContext.prototype, 'runMany')?.value as Run;
    vi.spyOn(EagerContext.prototype, 'runMany').mockImplementation(function (this: EagerContext, ...call) {
      if (missing.includes(call[0])) throw new Error(`Op type not registered '${call[0]}'`);
      return runMany.apply(this, call);
    });
  };
  type Run = EagerContext['runMany'];
  afterEach(() => void vi.restoreAllMocks());

  it('with kernels of an earlier version is refused with the remedy', () => {
    without('TokenflareRevision');
    expect(() => createTensorflowRuntime(options)).toThrow(
      expect.objectContaining({
        code: 'backend_unavailable',
        message: expect.stringContaining('run `npm run setup:tensorflow` again') as string,
      }),
    );
  });

  it('without kernels computes by stock operations, and says so', async () => {
    without('TokenflareRevision', 'TokenflarePack');
    const runtime = createTensorflowRuntime(options);
    expect(runtime.description).toContain('CPU, stock operations');
    await runtime.dispose();
  });
});

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
