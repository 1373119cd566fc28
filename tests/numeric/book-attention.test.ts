import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { expectClose } from '../support/compare.ts';
import { readJsonFixture } from '../support/fixtures.ts';
import { flat, product, softmaxRows, transposed, type Rows } from '../support/matrix.ts';
import { attentionWeights, runCausalAttention, runFullAttention, runOps } from '../support/run-ops.ts';
import { RUNTIMES } from '../support/runtimes.ts';

interface Projections {
  query: Rows;
  key: Rows;
  value: Rows;
  context: Rows;
}

interface BookTables {
  inputs: Rows; // [6][3]
  simpleAttention: { scores: Rows; weights: Rows; context: Rows };
  /** Weights as the book's first class has them, [in, out]. */
  selfAttentionV1: Projections;
  /** Weights of nn.Linear, [out, in]. */
  selfAttentionV2: Projections & { causalWeights: Rows };
}

const book = readJsonFixture('book-attention.json') as BookTables;
const PRINTED = 1e-4;

function expectRows(actual: Rows, expected: Rows, tolerance = PRINTED): void {
  expect(actual.length).toBe(expected.length);
  expectClose(actual.flat(), expected.flat(), tolerance);
}

describe.each(RUNTIMES)("the book's attention on $label", ({ create }) => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await create();
  });
  afterAll(() => runtime.dispose());

  /** x W^T by the runtime's linear layer, W as [out, in]. */
  function project(x: Rows, weight: Rows): Promise<number[][]> {
    const parameter = runtime.createParameter(
      'weight',
      [weight.length, weight[0]?.length ?? 0],
      flat(weight),
    );
    return runOps(runtime, x, (rows, ops) => ops.linear(rows, parameter, undefined));
  }

  async function projections({ query, key, value }: { query: Rows; key: Rows; value: Rows }) {
    return {
      q: await project(book.inputs, query),
      k: await project(book.inputs, key),
      v: await project(book.inputs, value),
    };
  }

  it('scores every token against every other (3.3.1): X X^T, symmetric', async () => {
    const scores = await project(book.inputs, book.inputs); // [6][6]
    expectRows(scores, book.simpleAttention.scores);
    expectRows(scores, transposed(scores), 1e-6);
  });

  it('mixes all tokens by unscaled, untrained attention (3.3.2)', async () => {
    const x = book.inputs;
    // The runtime divides by sqrt(headDim); the book does not yet.
    const q = x.map((row) => row.map((value) => value * Math.sqrt(3)));
    const weights = await attentionWeights((v) => runFullAttention(runtime, q, x, v), 6, 3);
    expectRows(weights, book.simpleAttention.weights);
    for (const row of weights) {
      expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 6);
    }
    expectRows(await runFullAttention(runtime, q, x, x), book.simpleAttention.context);
  });

  it('gives SelfAttention_v1 (3.4.2): weights [in, out], scaled by the key dimension and not the input', async () => {
    const { query, key, value, context } = book.selfAttentionV1;
    const { q, k, v } = await projections({
      query: transposed(query),
      key: transposed(key),
      value: transposed(value),
    });
    expectRows(await runFullAttention(runtime, q, k, v), context);
  });

  it('gives SelfAttention_v2 (3.4.2): weights [out, in]', async () => {
    const { q, k, v } = await projections(book.selfAttentionV2);
    expectRows(await runFullAttention(runtime, q, k, v), book.selfAttentionV2.context);
  });

  it('makes v1 of v2 by transposing its weights (exercise 3.1)', async () => {
    const { query, key, value, context } = book.selfAttentionV2;
    const x = book.inputs;
    const q = product(x, transposed(query)); // v1 as in the book: X W with W [in, out]
    const k = product(x, transposed(key));
    const v = product(x, transposed(value));
    expectRows(await runFullAttention(runtime, q, k, v), context);
  });

  it('masks with -infinity before the softmax (3.5.1)', async () => {
    const { q, k } = await projections(book.selfAttentionV2);
    const weights = await attentionWeights((v) => runCausalAttention(runtime, q, k, v), 6, 2);
    expectRows(weights, book.selfAttentionV2.causalWeights);
    weights.forEach((row, query) => {
      expect(row.slice(query + 1).every((weight) => weight === 0)).toBe(true);
    });
  });

  it('gives the same weights by zeroing after the softmax and renormalising (3.5.1)', async () => {
    const { q, k } = await projections(book.selfAttentionV2);
    const full = await attentionWeights((v) => runFullAttention(runtime, q, k, v), 6, 2);
    const zeroed = full.map((row, query) => row.map((weight, key) => (key <= query ? weight : 0)));
    const renormalised = zeroed.map((row) => {
      const sum = row.reduce((total, weight) => total + weight, 0);
      return row.map((weight) => weight / sum);
    });
    expectRows(renormalised, book.selfAttentionV2.causalWeights);
    const masked = await attentionWeights((v) => runCausalAttention(runtime, q, k, v), 6, 2);
    expectRows(renormalised, masked, 1e-6);
  });

  it('would be wrong with zeros before the softmax: a zero still takes its share', async () => {
    const { q, k } = await projections(book.selfAttentionV2);
    const scores = product(q, transposed(k)).map((row, query) =>
      row.map((score, key) => (key <= query ? score / Math.sqrt(2) : 0)),
    );
    const firstRow = softmaxRows(scores)[0] ?? [];
    expect(firstRow[5]).toBeGreaterThan(0.1);
    expect(book.selfAttentionV2.causalWeights[0]?.[5]).toBe(0);
  });
});
