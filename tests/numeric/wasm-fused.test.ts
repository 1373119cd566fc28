import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWasmRuntime } from '../../src/runtime/wasm/wasm-runtime.ts';
import { LinearBench } from '../support/linear-bench.ts';
import { someRows, type Rows } from '../support/matrix.ts';
import { enableRelaxedSimd } from '../support/relaxed-simd.ts';

/** Float32 and bfloat16 by relaxed SIMD: a processor rounds products before it adds them, always or never. */

await enableRelaxedSimd();

const SIZES = [
  { depth: 1, cols: 1 },
  { depth: 5, cols: 9 },
  { depth: 67, cols: 300 },
  { depth: 130, cols: 257 },
];
const CASES = (['f32', 'bf16'] as const).flatMap((format) =>
  [1, 3].map((numThreads) => ({ format, numThreads })),
);

describe.each(CASES)('products of $format by relaxed SIMD, on $numThreads threads', (given) => {
  let bench: LinearBench;
  beforeAll(async () => {
    bench = await LinearBench.start(given.numThreads, 'inference-relaxed');
  });
  afterAll(() => bench.dispose());

  it.each(SIZES)(
    'are the sums over [$depth, $cols] in order, to the bit, whatever rows are multiplied with them',
    ({ depth, cols }) => {
      const [x, w] = [fractions(130, depth, 1), coarseRows(cols, depth, 2)];
      const packed = bench.pack(w, given.format);
      const results = bench.multiply(x, packed);
      // Either will do, but not some so and some so.
      const sums = [false, true].map((isRounded) => sumsInOrder(x, w, isRounded));
      expect(sums.some((expected) => isDeepStrictEqual(results, expected))).toBe(true);
      for (const numRows of [1, 2, 3, 4, 5, 31, 32, 33]) {
        expect(bench.multiply(x.slice(0, numRows), packed)).toEqual(results.slice(0, numRows));
      }
      packed.tensor.dispose();
    },
  );
});

describe.each(['f32', 'bf16'] as const)('a wasm runtime of %s weights', (weights) => {
  it('multiplies so where that is right, and says it', async () => {
    const runtime = await createWasmRuntime({ numThreads: 2, weights });
    expect(runtime.description).toBe('tfjs wasm, relaxed SIMD, 2 threads');
    await runtime.dispose();
  });
});

/** Float32 that fills its 24 bits, so that its products do not fit. */
const fractions = (numRows: number, numCols: number, seed: number): number[][] =>
  someRows(numRows, numCols, seed).map((row) => row.map((value) => Math.fround(value * 1.0001)));

/** Multiples of 1/64, which bfloat16 holds. */
const coarseRows = (numRows: number, numCols: number, seed: number): number[][] =>
  someRows(numRows, numCols, seed).map((row) => row.map((value) => Math.round(value * 64) / 64));

/**
 * x W^T in float32, k by k: [rows][in], [out][in] -> [rows][out]. A product of two float32 is exact in float64, and a sum
 * of it to a float32 rounds twice only where it lies within 2^-29 of a tie.
 */
function sumsInOrder(x: Rows, w: Rows, isRounded: boolean): number[][] {
  const round = isRounded ? Math.fround : (product: number) => product;
  return x.map((row) =>
    w.map((weights) =>
      row.reduce((sum, value, k) => Math.fround(sum + round(value * (weights[k] ?? NaN))), 0),
    ),
  );
}
