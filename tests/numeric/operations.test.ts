import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Activation, TransformerOps } from '../../src/runtime/ops.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { expectClose } from '../support/compare.ts';
import { flat, product, softmaxRows, someRows, transposed, type Rows } from '../support/matrix.ts';
import { runCausalAttention, runOps } from '../support/run-ops.ts';
import { EVERY_RUNTIME } from '../support/runtimes.ts';

/** Each operation of a runtime against its definition in float64. */
describe.each(EVERY_RUNTIME)('operations on $label', ({ create }) => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await create();
  });
  afterAll(() => runtime.dispose());

  const matrix = (rows: Rows) =>
    runtime.createParameter('matrix', [rows.length, rows[0]?.length ?? 0], flat(rows));
  const vector = (values: readonly number[]) =>
    runtime.createParameter('vector', [values.length], Float32Array.from(values));
  const run = (x: Rows, compute: (x: Activation, ops: TransformerOps) => Activation) =>
    runOps(runtime, x, compute);

  describe.each([
    { rows: 1, inDim: 1, outDim: 1 },
    { rows: 5, inDim: 3, outDim: 7 },
    { rows: 9, inDim: 33, outDim: 17 },
    { rows: 33, inDim: 64, outDim: 40 },
  ])('a linear layer of $inDim to $outDim on $rows rows', ({ rows, inDim, outDim }) => {
    const x = someRows(rows, inDim, 1);
    const weight = someRows(outDim, inDim, 2);
    const bias = someRows(1, outDim, 3)[0] ?? [];

    it('agrees in its three forms: X W^T + b, W X + b on columns, and the bias baked into W', async () => {
      const byRows = await run(x, (input, ops) => ops.linear(input, matrix(weight), vector(bias)));
      const byColumns = product(weight, transposed(x)).map((row, out) =>
        row.map((value) => value + (bias[out] ?? 0)),
      );
      const bakedWeight = weight.map((row, out) => [...row, bias[out] ?? 0]); // [out][in + 1]
      const withOnes = x.map((row) => [...row, 1]); // [rows][in + 1]
      const baked = await run(withOnes, (input, ops) => ops.linear(input, matrix(bakedWeight), undefined));
      const tolerance = 1e-6 * Math.max(1, Math.sqrt(inDim));
      expectClose(byRows.flat(), transposed(byColumns).flat(), tolerance);
      expectClose(byRows.flat(), baked.flat(), tolerance);
    });
  });

  it('normalises each row with the biased variance, with and without a shift', async () => {
    const x = someRows(6, 10, 4).map((row, r) => row.map((value) => value * 10 ** (r - 3) + r));
    const [gain = [], shift = []] = someRows(2, 10, 5);
    const expected = (withShift: boolean) =>
      x.map((row) => {
        const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
        const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
        return row.map(
          (value, i) =>
            ((value - mean) / Math.sqrt(variance + 1e-5)) * (gain[i] ?? NaN) +
            (withShift ? (shift[i] ?? NaN) : 0),
        );
      });
    const shifted = await run(x, (input, ops) => ops.layerNorm(input, vector(gain), vector(shift), 1e-5));
    const unshifted = await run(x, (input, ops) => ops.layerNorm(input, vector(gain), undefined, 1e-5));
    expectClose(shifted.flat(), expected(true).flat(), 5e-5);
    expectClose(unshifted.flat(), expected(false).flat(), 5e-5);
  });

  it('computes the tanh GELU from far left to far right', async () => {
    const x = [Array.from({ length: 97 }, (_, i) => (i - 48) / 4), [...Array<number>(96).fill(0), -100]];
    const expected = x
      .flat()
      .map((v) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3))));
    expectClose((await run(x, (input, ops) => ops.gelu(input))).flat(), expected, 2e-6);
  });

  it('adds, drops nothing out, and leaves both inputs as they were', async () => {
    const x = someRows(3, 5, 6);
    const result = await run(x, (input, ops) => {
      const doubled = ops.add(input, input);
      return ops.add(ops.dropout(doubled, 'mlp-output'), input);
    });
    expectClose(
      result.flat(),
      x.flat().map((value) => 3 * value),
      1e-6,
    );
  });

  it('selects rows in the order asked for', async () => {
    const x = someRows(4, 3, 7);
    const segments = [
      { seat: 1, positionStart: 0, tokenIds: [2, 3], logits: 'last' as const },
      { seat: 0, positionStart: 0, tokenIds: [0], logits: 'none' as const },
      { seat: 2, positionStart: 0, tokenIds: [1, 2], logits: 'all' as const },
    ];
    const selected = await runOps(runtime, x, (input, ops) => ops.selectRows(input), { segments });
    expect(selected).toEqual([x[3], x[1], x[2]]);
  });

  describe.each([
    { numTokens: 1, numHeads: 1, headDim: 4 },
    { numTokens: 5, numHeads: 2, headDim: 3 },
    { numTokens: 17, numHeads: 3, headDim: 10 },
    { numTokens: 40, numHeads: 2, headDim: 16 },
  ])('attention of $numHeads heads of $headDim on $numTokens tokens', ({ numTokens, numHeads, headDim }) => {
    const dim = numHeads * headDim;
    const [q, k, v] = [8, 9, 10].map((seed) => someRows(numTokens, dim, seed));

    it('equals its definition, head by head', async () => {
      const stripe = (rows: Rows = [], head: number) =>
        rows.map((row) => row.slice(head * headDim, (head + 1) * headDim));
      const heads = Array.from({ length: numHeads }, (_, head) => {
        const scores = product(stripe(q, head), transposed(stripe(k, head))).map((row, query) =>
          row.map((score, key) => (key <= query ? score / Math.sqrt(headDim) : -Infinity)),
        );
        return product(softmaxRows(scores), stripe(v, head)); // [tokens][headDim]
      });
      const concatenated = Array.from({ length: numTokens }, (_, token) =>
        heads.flatMap((head) => head[token] ?? []),
      );
      const fused = await runCausalAttention(runtime, q ?? [], k ?? [], v ?? [], numHeads);
      expectClose(fused.flat(), concatenated.flat(), 2e-6);
    });

    it('equals a loop over heads, each run alone', async () => {
      const stripe = (rows: Rows = [], head: number) =>
        rows.map((row) => row.slice(head * headDim, (head + 1) * headDim));
      const heads: number[][][] = [];
      for (let head = 0; head < numHeads; head++) {
        heads.push(await runCausalAttention(runtime, stripe(q, head), stripe(k, head), stripe(v, head)));
      }
      const concatenated = Array.from({ length: numTokens }, (_, token) =>
        heads.flatMap((head) => head[token] ?? []),
      );
      const fused = await runCausalAttention(runtime, q ?? [], k ?? [], v ?? [], numHeads);
      expectClose(fused.flat(), concatenated.flat(), 1e-6);
    });
  });
});
