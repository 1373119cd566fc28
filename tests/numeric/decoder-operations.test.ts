import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildStepBatch } from '../../src/runtime/build-step-batch.ts';
import {
  qkvDim,
  type Activation,
  type AttentionHeads,
  type HeadStripes,
  type TransformerOps,
} from '../../src/runtime/ops.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { expectClose, expectSameRow } from '../support/compare.ts';
import { inPages, type SeatSegment, seatShape } from '../support/seats.ts';
import { flat, product, softmaxRows, someRows, transposed, type Rows } from '../support/matrix.ts';
import { EVERY_RUNTIME } from '../support/runtimes.ts';
import { wholeRow } from '../support/step-runner.ts';

const NO_CACHE = { numHeads: 1, numKvHeads: 1, headDim: 8 };

/** One sequence, its token r the row r of the inputs. */
const sequence = (seat: number, start: number, end: number): SeatSegment => ({
  seat,
  positionStart: start,
  tokenIds: Array.from({ length: end - start }, (_, i) => start + i),
  logits: 'all',
});

/** The operations that Llama, Qwen and Gemma need beyond the book's, each against its definition in float64. */
describe.each(EVERY_RUNTIME)('decoder operations on $label', ({ create, bitExact }) => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await create();
  });
  afterAll(() => runtime.dispose());

  const matrix = (rows: Rows) =>
    runtime.createParameter('matrix', [rows.length, rows[0]?.length ?? 0], flat(rows));
  const vector = (values: readonly number[]) =>
    runtime.createParameter('vector', [values.length], Float32Array.from(values));

  /** Runs the steps over one cache, token t as row t of `inputs`; the rows of every step, in order. */
  const runSteps = async (
    inputs: Rows,
    compute: (x: Activation, ops: TransformerOps) => Activation,
    steps: readonly (readonly SeatSegment[])[],
    { numKvHeads, headDim }: HeadStripes = NO_CACHE,
  ): Promise<Float32Array[]> => {
    const embedding = matrix(inputs);
    const ends = steps.flat().map(({ positionStart, tokenIds }) => positionStart + tokenIds.length);
    const seatLength = Math.max(...ends);
    const shape = seatShape({ numLayers: 1, numKvHeads, headDim, numSeats: 3, seatLength });
    const cache = runtime.createKvCache(shape);
    const rows: Float32Array[] = [];
    const forward = (ops: TransformerOps) => compute(ops.embed(embedding, undefined), ops);
    for (const step of steps) {
      const batch = buildStepBatch(inPages(step, seatLength), [1, 8, 64]);
      const computed = await runtime.runStep(batch, cache, forward);
      rows.push(...computed.slice(0, batch.numLogitRows).map((row) => wholeRow(row).slice()));
    }
    cache.dispose();
    return rows;
  };
  const run = (inputs: Rows, compute: (x: Activation, ops: TransformerOps) => Activation) =>
    runSteps(inputs, compute, [[sequence(0, 0, inputs.length)]]);

  it('embeds tokens without positions, times a scale where there is one', async () => {
    const tokens = someRows(9, 7, 1).map((row) => row.map(Math.fround));
    const scale = Math.sqrt(640);
    const embedding = matrix(tokens);
    const plain = await run(tokens, (x) => x);
    const scaled = await run(tokens, (_, ops) => ops.embed(embedding, undefined, scale));
    expect(plain.map((row) => [...row])).toEqual(tokens);
    expectClose(
      numbers(scaled),
      tokens.flat().map((value) => value * scale),
      4e-6,
    );
  });

  it.each([1, 2, 7, 33, 64])('takes rows of %i by the root of their mean square', async (dim) => {
    const x = someRows(6, dim, 4).map((row, r) =>
      row.map((value) => Math.fround(value * 10 ** (r - 3) + r / 8)),
    );
    const [gain = []] = someRows(1, dim, 5);
    const expected = x.map((row) => rmsNormed(row, gain, 1e-5));
    expectClose(
      numbers(await run(x, (row, ops) => ops.rmsNorm(row, vector(gain), 1e-5))),
      expected.flat(),
      2e-6,
    );
  });

  it.each([
    { numHeads: 4, numKvHeads: 2, headDim: 10 },
    { numHeads: 3, numKvHeads: 1, headDim: 6 },
    { numHeads: 2, numKvHeads: 2, headDim: 64 },
    { numHeads: 1, numKvHeads: 1, headDim: 256 },
  ])('norms each of $numHeads + $numKvHeads heads of $headDim by itself', async (stripes) => {
    const x = someRows(5, qkvDim(stripes), 6).map((row, r) =>
      row.map((value) => Math.fround(value * 4 ** (r - 2))),
    );
    const [queryGain = [], keyGain = []] = someRows(2, stripes.headDim, 7);
    const normed = await run(x, (qkv, ops) =>
      ops.normHeads(qkv, vector(queryGain), vector(keyGain), 1e-6, stripes),
    );
    const expected = x.map((row) =>
      byHead(row, stripes, (head, part) => {
        if (part === 'value') return head;
        return rmsNormed(head, part === 'query' ? queryGain : keyGain, 1e-6);
      }),
    );
    expectClose(numbers(normed), expected.flat(), 4e-6);
  });

  describe.each(['halves', 'neighbours'] as const)('pairs as %s', (pairing) => {
    it.each([
      { numHeads: 3, numKvHeads: 1, headDim: 2 },
      { numHeads: 4, numKvHeads: 2, headDim: 6 },
      { numHeads: 2, numKvHeads: 2, headDim: 64 },
    ])('are turned in $numHeads + $numKvHeads heads of $headDim, far out too', async (stripes) => {
      const { headDim } = stripes;
      const numPairs = headDim / 2;
      const angle = (position: number, pair: number) => position * 10_000 ** (-pair / numPairs);
      const table = Array.from({ length: 3000 }, (_, position) => {
        const angles = Array.from({ length: numPairs }, (_, pair) => angle(position, pair));
        return [...angles.map(Math.cos), ...angles.map(Math.sin)];
      });
      const x = someRows(7, qkvDim(stripes), 8);
      const segments = [
        { seat: 0, positionStart: 0, tokenIds: [0, 1], logits: 'all' },
        { seat: 2, positionStart: 2997, tokenIds: [2, 3, 4], logits: 'all' },
        { seat: 1, positionStart: 41, tokenIds: [5, 6], logits: 'all' },
      ] satisfies SeatSegment[];
      const positions = [0, 1, 2997, 2998, 2999, 41, 42];
      const rotation = { pairing, table: vector(table.flat()) };
      const turned = await runSteps(x, (qkv, ops) => ops.rotate(qkv, rotation, stripes), [segments]);
      const expected = x.map((row, r) =>
        byHead(row, stripes, (head, part) => {
          if (part === 'value') return head;
          const [first, second] = pairing === 'halves' ? [1, numPairs] : [2, 1];
          const result = [...head];
          for (let pair = 0; pair < numPairs; pair++) {
            const [cosine, sine] = [Math.cos, Math.sin].map((of) => of(angle(positions[r] ?? NaN, pair)));
            const [a, b] = [head[pair * first] ?? NaN, head[pair * first + second] ?? NaN];
            result[pair * first] = a * (cosine ?? NaN) - b * (sine ?? NaN);
            result[pair * first + second] = a * (sine ?? NaN) + b * (cosine ?? NaN);
          }
          return result;
        }),
      );
      expectClose(numbers(turned), expected.flat(), 4e-7);
    });
  });

  describe.each([
    { activation: 'silu', of: (x: number) => x / (1 + Math.exp(-x)) },
    {
      activation: 'gelu',
      of: (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
    },
  ] as const)('a gate of $activation', ({ activation, of }) => {
    const gated = (row: readonly number[]) => {
      const mlpDim = row.length / 2;
      return row.slice(0, mlpDim).map((gate, i) => of(gate) * (row[mlpDim + i] ?? NaN));
    };
    const gate = async (x: Rows) => numbers(await run(x, (row, ops) => ops.gate(row, activation)));

    it.each([1, 2, 7, 33, 64])('lets %i values through', async (mlpDim) => {
      const x = someRows(5, 2 * mlpDim, 9).map((row) => row.map((value) => 4 * value));
      expectClose(await gate(x), x.flatMap(gated), 1e-5);
    });

    it('is zero far left and the identity far right', async () => {
      const gates = [
        -1e4, -1000, -100, -89, -88, -87, -60, -20, -10, -5, 0, 5, 10, 20, 60, 87, 88, 89, 100, 1000, 1e4,
      ];
      const x = [1, -0.5].map((value) => [...gates, ...gates.map(() => value)]);
      const expected = x.flatMap(gated);
      const relative = (values: number[]) =>
        values.map((value, i) => value / Math.max(1, Math.abs(expected[i] ?? NaN)));
      expectClose(relative(await gate(x)), relative(expected), 2e-6);
    });
  });

  it('computes a row the same in whatever company', async () => {
    const stripes = { numHeads: 3, numKvHeads: 1, headDim: 6 };
    const x = someRows(13, qkvDim(stripes), 10);
    const [gain = []] = someRows(1, qkvDim(stripes), 11);
    const rotation = { pairing: 'halves', table: vector(someRows(1, 13 * 6, 12)[0] ?? []) } as const;
    const compute = (row: Activation, ops: TransformerOps) => {
      const normed = ops.rmsNorm(row, vector(gain), 1e-6);
      const heads = ops.normHeads(normed, vector(gain.slice(0, 6)), vector(gain.slice(6, 12)), 1e-6, stripes);
      return ops.add(ops.gate(ops.rotate(heads, rotation, stripes), 'silu'), ops.gate(row, 'gelu'));
    };
    const together = await runSteps(x, compute, [[sequence(0, 0, 13)]]);
    const alone = await runSteps(
      x,
      compute,
      x.map((_, token) => [sequence(1, token, token + 1)]),
    );
    together.forEach((row, token) => expectSameRow(row, alone[token] ?? new Float32Array(), bitExact));
  });

  describe.each([
    { numHeads: 4, numKvHeads: 2, headDim: 10, scale: 0.5 },
    { numHeads: 3, numKvHeads: 1, headDim: 16, scale: 0.25 },
    { numHeads: 4, numKvHeads: 4, headDim: 16, scale: 1 },
    { numHeads: 2, numKvHeads: 1, headDim: 256, scale: 0.11 },
  ])('attention of $numHeads heads of $headDim to $numKvHeads', (stripes) => {
    const numTokens = 70;
    const qkv = someRows(numTokens, qkvDim(stripes), 13);

    describe.each([undefined, 1, 3, 8, 40])('in a window of %s', (window) => {
      const heads = { ...stripes, window };
      const attend = (steps: readonly (readonly SeatSegment[])[]) =>
        runSteps(qkv, (x, ops) => ops.attention(x, 0, heads), steps, heads);

      it('equals its definition, and the same over a cache in chunks that cross the window', async () => {
        const whole = await attend([[sequence(1, 0, numTokens)]]);
        expectClose(numbers(whole), attention(qkv, heads).flat(), 4e-6);

        const steps = [
          [sequence(2, 0, 5), sequence(0, 0, 1)],
          [sequence(0, 1, 2), sequence(2, 5, 47)],
          [sequence(2, 47, 48)],
          [sequence(2, 48, 49), sequence(0, 2, 9)],
          [sequence(0, 9, 10), sequence(2, 49, 50)],
          [sequence(2, 50, 67), sequence(0, 10, 52)],
          [sequence(2, 67, 70), sequence(0, 52, 53)],
        ];
        const tokens = steps.flat().flatMap(({ tokenIds }) => Array.from(tokenIds));
        const cached = await attend(steps);
        tokens.forEach((token, i) =>
          expectSameRow(cached[i] ?? new Float32Array(), whole[token] ?? new Float32Array(), bitExact),
        );
      });
    });
  });
});

const numbers = (rows: readonly Float32Array[]): number[] => rows.flatMap((row) => [...row]);

function rmsNormed(row: readonly number[], gain: readonly number[], epsilon: number): number[] {
  const meanSquare = row.reduce((sum, value) => sum + value ** 2, 0) / row.length;
  return row.map((value, i) => (value / Math.sqrt(meanSquare + epsilon)) * (gain[i] ?? NaN));
}

/** A row of queries, keys and values with every head changed. */
function byHead(
  row: readonly number[],
  { numHeads, numKvHeads, headDim }: HeadStripes,
  change: (head: readonly number[], part: 'query' | 'key' | 'value') => readonly number[],
): number[] {
  const parts = [
    ...Array<'query'>(numHeads).fill('query'),
    ...Array<'key'>(numKvHeads).fill('key'),
    ...Array<'value'>(numKvHeads).fill('value'),
  ];
  return parts.flatMap((part, head) => change(row.slice(head * headDim, (head + 1) * headDim), part));
}

/** softmax(q k^T * scale) v of each head over the keys in sight: [tokens][numHeads * headDim]. */
function attention(
  qkv: Rows,
  { numHeads, numKvHeads, headDim, scale, window = Infinity }: AttentionHeads,
): number[][] {
  const stripe = (index: number) => qkv.map((row) => row.slice(index * headDim, (index + 1) * headDim));
  const heads = Array.from({ length: numHeads }, (_, head) => {
    const kvHead = Math.floor(head / (numHeads / numKvHeads));
    const [keys, values] = [stripe(numHeads + kvHead), stripe(numHeads + numKvHeads + kvHead)];
    const scores = product(stripe(head), transposed(keys)).map((row, query) =>
      row.map((score, key) => (key <= query && key > query - window ? score * scale : -Infinity)),
    );
    return product(softmaxRows(scores), values); // [tokens][headDim]
  });
  return qkv.map((_, token) => heads.flatMap((head) => head[token] ?? []));
}
