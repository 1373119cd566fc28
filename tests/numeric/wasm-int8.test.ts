import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FLOAT32_PANELS, INT8_QUAD_PANELS } from '../../src/runtime/wasm/assembly/kernel-ids.ts';
import { hasRightRelaxedSimd } from '../../src/runtime/wasm/relaxed-simd.ts';
import { readKernels, startWasmBackend } from '../../src/runtime/wasm/start.ts';
import { createWasmRuntime } from '../../src/runtime/wasm/wasm-runtime.ts';
import { expectClose } from '../support/compare.ts';
import { LinearBench } from '../support/linear-bench.ts';
import { flat, product, someRows, transposed, type Rows } from '../support/matrix.ts';
import { integerRows, largestOf, nearest } from '../support/integer-rows.ts';
import { enableRelaxedSimd } from '../support/relaxed-simd.ts';
import { runOps } from '../support/run-ops.ts';

const SIZES = [
  { depth: 1, cols: 1 },
  { depth: 2, cols: 3 },
  { depth: 5, cols: 9 },
  { depth: 7, cols: 8 },
  { depth: 67, cols: 300 },
  { depth: 33, cols: 44 },
  { depth: 130, cols: 257 },
];

await enableRelaxedSimd();

/** A kind of product, and the rows and the weights that it multiplies in place of those it is given. */
const KINDS = [
  {
    kernels: 'inference',
    format: 'int8',
    roundedRows: (x: Rows) =>
      integerRows(x, Math.min(32767, Math.floor((2 ** 31 - 1) / (127 * (x[0]?.length ?? NaN))))),
    tolerance: 0.01,
  },
  { kernels: 'inference-relaxed', format: 'int8-quads', roundedRows: groupedRows, tolerance: 0.016 },
] as const;

const CASES = KINDS.flatMap((kind) => [1, 2, 3].map((numThreads) => ({ ...kind, numThreads })));

describe.each(CASES)('wasm products with weights of $format on $numThreads threads', (given) => {
  const { kernels, format, roundedRows, numThreads } = given;
  let bench: LinearBench;
  beforeAll(async () => {
    bench = await LinearBench.start(numThreads, kernels);
  });
  afterAll(() => bench.dispose());

  it.each(SIZES)(
    'multiply [rows, $depth] by [$depth, $cols] as integers do by their definition',
    ({ depth, cols }) => {
      const w = scaledRows(cols, depth, 2);
      const packed = bench.pack(w, format);
      const [bias = []] = someRows(1, cols, 3);
      const x = scaledRows(17, depth, 1);
      const expected = product(roundedRows(x), transposed(integerRows(w, 127))); // [rows][cols]
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
    'are close to float64 at depth $depth, on numbers as they come from a bell curve',
    ({ depth }) => {
      const [x, w] = [bellRows(9, depth, 1), bellRows(40, depth, 2)];
      const packed = bench.pack(w, format);
      const expected = product(x, transposed(w)).flat();
      const error = difference(bench.multiply(x, packed).flat(), expected);
      expect(norm(error)).toBeLessThan(given.tolerance * norm(expected));
      packed.tensor.dispose();
    },
  );

  it.each([1, 767, 3072, 8191, 20000])(
    'do not overflow at depth %i where all numbers are the largest',
    (depth) => {
      const ones = (count: number) => Array.from({ length: count }, () => Array<number>(depth).fill(3));
      const packed = bench.pack(ones(9), format);
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

  it.each([
    { rows: 9, depth: 20 },
    { rows: 64, depth: 195 },
  ])(
    'hold a matrix [$rows, $depth] in a byte a weight, a scale a row and what a group needs',
    ({ rows, depth }) => {
      const packed = bench.pack(someRows(rows, depth, 1), format);
      const paddedRows = Math.ceil(rows / 8) * 8;
      const [step, groups] = format === 'int8' ? [2, 0] : [4, Math.ceil(depth / 64)];
      expect(packed.tensor.size * 4).toBe(paddedRows * (Math.ceil(depth / step) * step + 4 + 4 * groups));
      packed.tensor.dispose();
    },
  );

  it('embed rows that differ from the trained ones by half a unit of their scale at most', () => {
    const [numRows, dim] = [19, 133];
    const [t, p] = [scaledRows(numRows, dim, 6), scaledRows(numRows, dim, 7)];
    const [tokens, positions] = [bench.pack(t, format), bench.pack(p, format)];
    const [roundedTokens, roundedPositions] = [integerRows(t, 127), integerRows(p, 127)];
    const alone = bench.embed(tokens, undefined, 3);
    expectClose(
      alone.flat(),
      roundedTokens.flat().map((value) => 3 * value),
      3e-6 * largestOf(t),
    );
    bench.embed(tokens, undefined, 1).forEach((row, r) => {
      expectClose(row, t[r] ?? [], (0.501 * largestOf([t[r] ?? []])) / 127);
    });
    const sum = roundedTokens.map((row, r) =>
      row.map((value, d) => value + (roundedPositions[r]?.[d] ?? NaN)),
    );
    expectClose(bench.embed(tokens, positions, 1).flat(), sum.flat(), 1e-6 * largestOf(sum));
    for (const { tensor } of [tokens, positions]) tensor.dispose();
  });

  it('are zero for zeros, and not a number for a row with an infinity or NaN alone', () => {
    const w = [...scaledRows(8, 11, 4), Array<number>(11).fill(0)];
    const packed = bench.pack(w, format);
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

describe.each(KINDS)('wasm products with weights of $format, bit for bit', ({ kernels, format }) => {
  it('give a row the same bits alone, in company, and on any number of threads', async () => {
    const [x, w] = [bellRows(37, 301, 1), bellRows(203, 301, 2)];
    const results: number[][][] = [];
    for (const numThreads of [1, 2, 3]) {
      const bench = await LinearBench.start(numThreads, kernels);
      const packed = bench.pack(w, format);
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

describe.each([INT8_QUAD_PANELS, FLOAT32_PANELS] as const)(
  'the check of relaxed SIMD, format %i',
  (format) => {
    it('passes kernels that are right, time and again', async () => {
      const { heap } = await startWasmBackend();
      const numBytes = heap.numBytes;
      for (let i = 0; i < 2; i++)
        expect(await hasRightRelaxedSimd(await readKernels('inference-relaxed'), heap, format)).toBe(true);
      expect(heap.numBytes).toBe(numBytes);
    });

    it('fails kernels that do not multiply, and bytes that are no module of this engine', async () => {
      const { heap } = await startWasmBackend();
      const relaxed = await readKernels('inference-relaxed');
      // i32x4.relaxed_dot_i8x16_i7x16_add_s and f32x4.relaxed_madd take as many vectors.
      const [dot, madd] = ['\xfd\x93\x02', '\xfd\x85\x02'];
      const [right, wrong] = format === INT8_QUAD_PANELS ? [dot, madd] : [madd, dot];
      const broken = Buffer.from(Buffer.from(relaxed).toString('latin1').replaceAll(right, wrong), 'latin1');
      expect(broken.equals(relaxed)).toBe(false);
      expect(WebAssembly.validate(broken)).toBe(true);
      expect(await hasRightRelaxedSimd(broken, heap, format)).toBe(false);
      expect(await hasRightRelaxedSimd(relaxed.subarray(0, 1000), heap, format)).toBe(false);
    });
  },
);

describe('a wasm runtime of int8 weights', () => {
  it('tells how it multiplies, holds a matrix in a byte a weight and little more, and gives a row the same bits in company', async () => {
    const runtime = await createWasmRuntime({ numThreads: 2, weights: 'int8' });
    expect(runtime.description).toBe('tfjs wasm, relaxed SIMD, 2 threads, weights, keys and values int8');
    const before = runtime.memory().numBytes;
    const weight = runtime.createParameter('w', [512, 768], flat(bellRows(512, 768, 1)));
    const numBytes = runtime.memory().numBytes - before;
    expect(numBytes / (512 * 768)).toBeLessThan(1.08);
    const x = bellRows(9, 768, 2);
    const all = await runOps(runtime, x, (a, ops) => ops.linear(a, weight, undefined));
    const [last] = await runOps(runtime, x.slice(8), (a, ops) => ops.linear(a, weight, undefined));
    expect(all[8]).toEqual(last);
    await runtime.dispose();
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

/** Each group of 64 in a row on 128 steps from its least number to its largest, zero among them. */
function groupedRows(rows: Rows): number[][] {
  return rows.map((row) =>
    row.map((value, k) => {
      const group = row.slice(k - (k % 64), k - (k % 64) + 64);
      const [low, high] = [Math.min(0, ...group), Math.max(0, ...group)];
      const range = Math.fround(high - low);
      if (range === 0) return 0;
      const inverse = Math.fround(127 / range);
      const offset = nearest(Math.fround(-low * inverse));
      const integer = Math.min(127, nearest(Math.fround(value * inverse)) + offset);
      return ((integer - offset) * range) / 127;
    }),
  );
}

const norm = (values: readonly number[]): number => Math.hypot(...values);

const difference = (a: readonly number[], b: readonly number[]): number[] =>
  a.map((value, i) => value - (b[i] ?? NaN));
