import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildStepBatch } from '../../src/runtime/build-step-batch.ts';
import { bookHeads } from '../../src/runtime/ops.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { TOP_LOGITS, type TopLogits } from '../../src/runtime/step-batch.ts';
import { gpuParameter } from '../../src/runtime/webgpu/gpu-parameter.ts';
import { expectClose } from '../support/compare.ts';
import { inSeat, seatShape } from '../support/seats.ts';
import { flat, product, softmaxRows, someRows, transposed, type Rows } from '../support/matrix.ts';
import { runCausalAttention, runOps } from '../support/run-ops.ts';
import { expectTop, runTop, SPREAD_LOGITS, TOP_CASES, TOP_CASES_VOCAB } from '../support/run-top.ts';
import { describeWebGpu, openWebGpu } from '../support/webgpu.ts';

describeWebGpu('kernels on WebGPU', () => {
  let runtime: Runtime;
  beforeAll(async () => {
    ({ runtime } = await openWebGpu());
  });
  afterAll(() => runtime.dispose());

  const matrix = (rows: Rows) =>
    runtime.createParameter('matrix', [rows.length, rows[0]?.length ?? 0], flat(rows));

  it.each([5, 33])(
    "multiply %i rows as tfjs' own kernel does on the same device and buffer",
    async (numRows) => {
      const weight = matrix(someRows(48, 64, 1));
      const inputs = someRows(numRows, 64, 2);
      const ours = await runOps(runtime, inputs, (x, ops) => ops.linear(x, weight, undefined));
      const [part] = gpuParameter(weight).parts;
      const stock = tf.matMul(tf.tensor2d(inputs), part?.tensor as tf.Tensor2D, false, true);
      expectClose(ours.flat(), await stock.data(), 1e-5);
      stock.dispose();
    },
  );

  it.each([
    { rows: 1, inDim: 769, outDim: 5 },
    { rows: 12, inDim: 300, outDim: 66 },
    { rows: 16, inDim: 130, outDim: 3 },
    { rows: 17, inDim: 66, outDim: 65 },
    { rows: 70, inDim: 35, outDim: 129 },
  ])(
    'multiply $rows rows of $inDim by $outDim columns, then GELU or a shortcut, as defined',
    async (shape) => {
      const { rows, inDim, outDim } = shape;
      const x = someRows(rows, inDim, 3);
      const weight = someRows(outDim, inDim, 4);
      const expected = product(x, transposed(weight));
      const gelu = (v: number) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)));
      const w = matrix(weight);
      const activated = await runOps(runtime, x, (input, ops) => ops.gelu(ops.linear(input, w, undefined)));
      const tolerance = 2e-6 * Math.sqrt(inDim);
      expectClose(activated.flat(), expected.flat().map(gelu), tolerance);
      if (outDim > inDim) return;
      // The first columns of x, by a product with ones on its diagonal.
      const first = matrix(
        Array.from({ length: outDim }, (_, o) => Array.from({ length: inDim }, (_, i) => (i === o ? 1 : 0))),
      );
      const shortcut = await runOps(runtime, x, (input, ops) =>
        ops.add(ops.linear(input, first, undefined), ops.linear(input, w, undefined)),
      );
      const sums = expected.map((row, r) => row.map((value, o) => value + (x[r]?.[o] ?? NaN)));
      expectClose(shortcut.flat(), sums.flat(), tolerance);
    },
  );

  it.each([
    { numTokens: 150, headDim: 128 },
    { numTokens: 70, headDim: 127 },
    { numTokens: 70, headDim: 256 },
    { numTokens: 200, headDim: 6 },
    { numTokens: 130, headDim: 7 },
  ])('attend over $numTokens tokens, several blocks of keys, with a head of $headDim', async (shape) => {
    const { numTokens, headDim } = shape;
    // Scores up to +-40 in the last rows: the running maximum has to move.
    const [q = [], k = [], v = []] = [5, 6, 7].map((seed) =>
      someRows(numTokens, headDim, seed).map((row, token) =>
        row.map((value) => value * (seed === 7 ? 1 : 1 + (6 * token) / numTokens)),
      ),
    );
    const scores = product(q, transposed(k)).map((row, query) =>
      row.map((score, key) => (key <= query ? score / Math.sqrt(headDim) : -Infinity)),
    );
    const expected = product(softmaxRows(scores), v);
    expectClose((await runCausalAttention(runtime, q, k, v)).flat(), expected.flat(), 2e-5);
  });

  it('attend one token at a time over a seat as long as that of GPT-2', async () => {
    const [numTokens, headDim] = [600, 64];
    const dim = headDim;
    const rows = someRows(numTokens, 3 * dim, 8);
    const embedding = matrix(rows);
    const zeros = matrix(rows.map((row) => row.map(() => 0)));
    const seatLength = 1024;
    const cache = runtime.createKvCache(
      seatShape({ numLayers: 1, numKvHeads: 1, headDim, numSeats: 2, seatLength }),
    );
    const forward = (ops: Parameters<Parameters<Runtime['runStep']>[2]>[0]) =>
      ops.attention(ops.embed(embedding, zeros), 0, bookHeads(1, headDim));
    const tokenIds = rows.map((_, token) => token);
    const step = (start: number, end: number) =>
      runtime.runStep(
        buildStepBatch([
          {
            ...inSeat(1, seatLength),
            positionStart: start,
            tokenIds: tokenIds.slice(start, end),
            logits: 'none',
          },
        ]),
        cache,
        forward,
      );
    await step(0, numTokens - 1);
    const [decoded] = await step(numTokens - 1, numTokens);
    const [q, k, v] = [0, 1, 2].map((i) => rows.map((row) => row.slice(i * dim, (i + 1) * dim)));
    const scores = product(q?.slice(-1) ?? [], transposed(k ?? [])).map((row) =>
      row.map((score) => score / Math.sqrt(headDim)),
    );
    expectClose(decoded as Float32Array, product(softmaxRows(scores), v ?? []).flat(), 2e-6);
    cache.dispose();
  });
});

describeWebGpu('the most probable tokens on WebGPU', () => {
  let runtime: Runtime;
  beforeAll(async () => {
    ({ runtime } = await openWebGpu());
  });
  afterAll(() => runtime.dispose());

  it.each(TOP_CASES)('are in order with their log-sum-exp: $name', async ({ logits }) => {
    const [row] = await runTop(runtime, [logits], [true]);
    expectTop(row, logits);
  });

  it('take -0 and 0 for a tie', async () => {
    const logits = Array.from({ length: TOP_CASES_VOCAB }, (_, id) => (id % 2 === 0 ? -0 : 0));
    const [row] = await runTop(runtime, [logits], [true]);
    expect([...(row as TopLogits).tokenIds]).toEqual(Array.from({ length: TOP_LOGITS }, (_, id) => id));
  });

  it('come beside rows that come whole, each in its place', async () => {
    const rows = [3, 0, 1, 5, 4].map((index) => TOP_CASES[index]?.logits ?? []);
    const result = await runTop(runtime, rows, [true, false, true, false, false]);
    expectTop(result[0], rows[0] ?? []);
    expectTop(result[2], rows[2] ?? []);
    for (const index of [1, 3, 4]) expect([...(result[index] as Float32Array)]).toEqual(rows[index]);
  });

  it.each([
    { what: 'NaN', bits: 0x7fc00000 },
    { what: 'a negative NaN, as processors make it', bits: 0xffc00000 },
    { what: 'infinity', bits: 0x7f800000 },
  ])('show $what in front, where the sampler sees it', async ({ bits }) => {
    const [value = 0] = new Float32Array(Uint32Array.of(bits).buffer);
    const logits = SPREAD_LOGITS.map((logit, id) => (id === 4321 ? value : logit));
    const [row] = await runTop(runtime, [logits], [true]);
    const top = row as TopLogits;
    expect(top.tokenIds[0]).toBe(4321);
    expect(top.logits[0]).toBe(Number.isNaN(value) ? NaN : value);
    expect(top.logSumExp).toBe(Number.isNaN(value) ? NaN : value);
    expect(top.logits[1]).toBe(Math.max(...SPREAD_LOGITS.filter((_, id) => id !== 4321)));
  });

  it('come whole from a vocabulary that is read back sooner than sorted', async () => {
    const rows = someRows(2, 500, 12);
    const result = await runTop(runtime, rows, [true, true]);
    expect(result.map((row) => [...(row as Float32Array)])).toEqual(rows);
  });
});
