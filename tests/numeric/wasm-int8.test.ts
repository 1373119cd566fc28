import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWasmRuntime } from '../../src/runtime/wasm/wasm-runtime.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { expectClose } from '../support/compare.ts';
import { LinearBench } from '../support/linear-bench.ts';
import { flat, product, someRows, transposed, type Rows } from '../support/matrix.ts';
import { embedRows } from '../support/run-ops.ts';

const SIZES = [
  { depth: 1, cols: 1 },
  { depth: 2, cols: 3 },
  { depth: 5, cols: 9 },
  { depth: 7, cols: 8 },
  { depth: 67, cols: 300 },
  { depth: 33, cols: 44 },
  { depth: 130, cols: 257 },
];

describe.each([1, 2, 3])('wasm products with int8 weights on %i threads', (numThreads) => {
  let bench: LinearBench;
  beforeAll(async () => {
    bench = await LinearBench.start(numThreads);
  });
  afterAll(() => bench.dispose());

  it.each(SIZES)(
    'multiply [rows, $depth] by [$depth, $cols] as integers do by their definition',
    ({ depth, cols }) => {
      const w = scaledRows(cols, depth, 2);
      const packed = bench.pack(w, 'int8');
      const [bias = []] = someRows(1, cols, 3);
      const x = scaledRows(17, depth, 1);
      const largest = Math.min(32767, Math.floor((2 ** 31 - 1) / (127 * depth)));
      const expected = product(integerRows(x, largest), transposed(integerRows(w, 127))); // [rows][cols]
      for (const numRows of [1, 2, 3, 4, 5, 16, 17]) {
        const rows = x.slice(0, numRows);
        const tolerance = 1e-6 * Math.sqrt(depth);
        expectClose(
          bench.multiply(rows, packed).flat(),
          expected.slice(0, numRows).flat(),
          tolerance * largestOf(expected),
        );
        expectClose(
          bench.multiply(rows, packed, bias).flat(),
          expected
            .slice(0, numRows)
            .map((row) => row.map((value, col) => value + (bias[col] ?? NaN)))
            .flat(),
          tolerance * (1 + largestOf(expected)),
        );
      }
      packed.tensor.dispose();
    },
  );

  it.each([{ depth: 64 }, { depth: 768 }, { depth: 3073 }])(
    'are within 1 % of float64 at depth $depth, on numbers as they come from a bell curve',
    ({ depth }) => {
      const [x, w] = [bellRows(9, depth, 1), bellRows(40, depth, 2)];
      const packed = bench.pack(w, 'int8');
      const expected = product(x, transposed(w)).flat();
      const error = difference(bench.multiply(x, packed).flat(), expected);
      expect(norm(error)).toBeLessThan(0.01 * norm(expected));
      packed.tensor.dispose();
    },
  );

  it.each([1, 767, 3072, 8191, 20000])(
    'do not overflow at depth %i where all numbers are the largest',
    (depth) => {
      const ones = (count: number) => Array.from({ length: count }, () => Array<number>(depth).fill(3));
      const packed = bench.pack(ones(9), 'int8');
      for (const numRows of [1, 4]) {
        const [positive, negative] = [ones(numRows), ones(numRows).map((row) => row.map((value) => -value))];
        const exact = Array<number>(9 * numRows).fill(9 * depth);
        expectClose(bench.multiply(positive, packed).flat(), exact, 1e-6 * 9 * depth);
        expectClose(
          bench.multiply(negative, packed).flat(),
          exact.map((value) => -value),
          1e-6 * 9 * depth,
        );
      }
      packed.tensor.dispose();
    },
  );

  it('are zero for zeros, and not a number for a row with an infinity or NaN alone', () => {
    const w = [...scaledRows(8, 11, 4), Array<number>(11).fill(0)];
    const packed = bench.pack(w, 'int8');
    const [good = []] = scaledRows(1, 11, 5);
    const zeros = good.map(() => 0);
    const tiny = good.map(() => 1e-40);
    const [infinite, nan] = [Infinity, NaN].map((value) => good.with(3, value));
    const [first, second, third, fourth, fifth] = bench.multiply(
      [zeros, infinite ?? [], good, nan ?? [], tiny],
      packed,
    );
    expect(first?.every((value) => value === 0)).toBe(true);
    expect(second?.slice(0, 8).every(Number.isNaN)).toBe(true);
    expect(third).toEqual(bench.multiply([good], packed)[0]);
    expect(third?.[8]).toBe(0);
    expect(fourth?.every(Number.isNaN)).toBe(true);
    expect(fifth?.every((value) => value === 0)).toBe(true);
    packed.tensor.dispose();
  });
});

describe('wasm products with int8 weights, bit for bit', () => {
  it('give a row the same bits alone, in company, and on any number of threads', async () => {
    const [x, w] = [bellRows(37, 301, 1), bellRows(203, 301, 2)];
    const results: number[][][] = [];
    for (const numThreads of [1, 2, 3]) {
      const bench = await LinearBench.start(numThreads);
      const packed = bench.pack(w, 'int8');
      const alone = x.map((row) => bench.multiply([row], packed)[0] ?? []);
      for (const numRows of [2, 3, 4, 5, 8, 15, 16, 17, 37]) {
        expect(bench.multiply(x.slice(0, numRows), packed)).toEqual(alone.slice(0, numRows));
      }
      results.push(alone);
      packed.tensor.dispose();
      await bench.dispose();
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});

describe('a wasm runtime of int8 weights', () => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await createWasmRuntime({ numThreads: 2, weights: 'int8' });
  });
  afterAll(() => runtime.dispose());

  it.each([
    { rows: 9, depth: 20 },
    { rows: 64, depth: 33 },
  ])('holds a matrix [$rows, $depth] in a byte a weight and a scale a row', ({ rows, depth }) => {
    const before = runtime.memory().numBytes;
    runtime.createParameter('w', [rows, depth], flat(someRows(rows, depth, 1)));
    const paddedRows = Math.ceil(rows / 8) * 8;
    expect(runtime.memory().numBytes - before).toBe(paddedRows * (Math.ceil(depth / 2) * 2 + 4));
  });

  it('embeds rows that differ from the trained ones by half a unit of their scale at most', async () => {
    const [numRows, dim] = [19, 13];
    const [t, p] = [scaledRows(numRows, dim, 6), scaledRows(numRows, dim, 7)];
    const tokens = runtime.createParameter('tokens', [numRows, dim], flat(t));
    const positions = runtime.createParameter('positions', [numRows, dim], flat(p));
    const [roundedTokens, roundedPositions] = [integerRows(t, 127), integerRows(p, 127)];
    const alone = await embedRows(runtime, tokens, undefined, numRows, dim);
    expectClose(alone.flat(), roundedTokens.flat(), 1e-6 * largestOf(t));
    alone.forEach((row, r) => {
      const unit = largestOf([t[r] ?? []]) / 127;
      expectClose(row, t[r] ?? [], 0.501 * unit);
    });
    const sum = roundedTokens.map((row, r) =>
      row.map((value, d) => value + (roundedPositions[r]?.[d] ?? NaN)),
    );
    const both = await embedRows(runtime, tokens, positions, numRows, dim);
    expectClose(both.flat(), sum.flat(), 1e-6 * largestOf(sum));
  });
});

/** Rows of magnitudes from a thousandth to thousands. */
const scaledRows = (numRows: number, numCols: number, seed: number): number[][] =>
  someRows(numRows, numCols, seed).map((row, r) =>
    row.map((value) => Math.fround(value * 10 ** ((r % 7) - 3))),
  );

/** About standard normal: the sum of twelve uniform numbers. */
function bellRows(numRows: number, numCols: number, seed: number): number[][] {
  const uniform = someRows(numRows, 12 * numCols, seed);
  return uniform.map((row) =>
    Array.from({ length: numCols }, (_, col) =>
      Math.fround(row.slice(12 * col, 12 * col + 12).reduce((sum, value) => sum + value / 2, 0)),
    ),
  );
}

/** Each row rounded to multiples of a `limit`th part of its largest magnitude, ties to even. */
const integerRows = (rows: Rows, limit: number): number[][] =>
  rows.map((row) => {
    const largest = largestOf([row]);
    if (largest === 0) return [...row];
    const inverse = Math.fround(limit / largest);
    return row.map((value) => (nearest(Math.fround(value * inverse)) * largest) / limit);
  });

function nearest(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

const largestOf = (rows: Rows): number => Math.max(...rows.flat().map(Math.abs));

const norm = (values: readonly number[]): number => Math.hypot(...values);

const difference = (a: readonly number[], b: readonly number[]): number[] =>
  a.map((value, i) => value - (b[i] ?? NaN));
