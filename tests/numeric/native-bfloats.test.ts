import { describe, expect, it } from 'vitest';
import type { KernelRuntime } from '../../src/runtime/kernels/kernel-runtime.ts';
import { createWasmRuntime } from '../../src/runtime/wasm/wasm-runtime.ts';
import { multiplyBfloats, roundToBfloat16, storedBfloats } from '../support/bfloat-products.ts';
import { firstDifference } from '../support/compare.ts';
import { type Rows, someRows } from '../support/matrix.ts';
import { runOps } from '../support/run-ops.ts';
import { useInstructionSets } from '../support/instruction-sets.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';

async function multiply(runtime: KernelRuntime, inputs: Rows, weights: Rows, bias: readonly number[]) {
  const shape = [weights.length, weights[0]?.length ?? 0] as const;
  const weight = await runtime.createStoredParameter('w', shape, [storedBfloats(weights)]);
  const added = runtime.createParameter('b', [bias.length], Float32Array.from(bias)); // [out]
  return runOps(runtime, inputs, (x, ops) => ops.linear(x, weight, added));
}

/** Numbers of float32 whose exponents go from `least` to `most`. */
const spread = (rows: Rows, least: number, most: number): number[][] =>
  rows.map((row, r) =>
    row.map((value, k) => Math.fround(value * 2 ** (least + ((r * 31 + k * 17) % (most - least + 1))))),
  );

const NUM_OUT = 70;
const bias = someRows(1, NUM_OUT, 13)[0] ?? [];

describe.runIf(RUNTIME_NAMES_HERE.includes('native'))('products of bfloat16', () => {
  const runtimes = useInstructionSets();

  it.each([
    { numRows: 1, depth: 96, numOut: 32 },
    { numRows: 5, depth: 7, numOut: 33 },
    { numRows: 13, depth: 100, numOut: NUM_OUT },
    // Two whole tiles of AMX and some rows; three tiles; more stretches of the depth than one.
    { numRows: 37, depth: 131, numOut: NUM_OUT },
    { numRows: 48, depth: 64, numOut: 64 },
    { numRows: 60, depth: 545, numOut: 40 },
  ])('have their order of sums: $numRows rows, $depth deep, $numOut outputs', async (shape) => {
    const { numRows, depth, numOut } = shape;
    const inputs = spread(someRows(numRows, depth, 3), -4, 4);
    const weights = spread(someRows(numOut, depth, 7), -6, 2);
    const expected = multiplyBfloats(inputs, weights, bias);
    for (const runtime of runtimes) {
      const results = await multiply(runtime, inputs, weights, bias.slice(0, numOut));
      expect(firstDifference(results, expected)).toBeUndefined();
    }
  });

  it('have no denormal numbers, which tiles would make zero', async () => {
    const tiny = [...bias.slice(0, 35), ...bias.slice(0, 35).map((value) => value * 2 ** -110)].map(
      (value, i) => Math.fround(value * 2 ** -(i % 36)),
    );
    // About 2^-56, where numbers end, and products about 2^-126, where those of float32 do.
    const inputs = spread(someRows(40, 100, 3), -72, -44);
    const weights = spread(someRows(NUM_OUT, 100, 7), -72, -52);
    const expected = multiplyBfloats(inputs, weights, tiny);
    expect(expected.flat().some((value) => value !== 0 && Math.abs(value) < 2 ** -100)).toBe(true);
    for (const runtime of runtimes) {
      const results = await multiply(runtime, inputs, weights, tiny);
      expect(firstDifference(results, expected)).toBeUndefined();
    }
  });

  it('have the same bits in any company', async () => {
    const inputs = spread(someRows(40, 300, 5), -4, 4);
    const weights = someRows(NUM_OUT, 300, 9);
    const [first, ...others] = await Promise.all(
      runtimes.map((runtime) => multiply(runtime, inputs, weights, bias)),
    );
    for (const other of others) expect(other).toEqual(first);
    for (const runtime of runtimes) {
      for (const numRows of [1, 2, 4, 12, 16, 19]) {
        const results = await multiply(runtime, inputs.slice(0, numRows), weights, bias);
        expect(results).toEqual(first?.slice(0, numRows));
      }
    }
  });

  it('keep what is no number in its own row and output', async () => {
    const inputs = someRows(40, 64, 5);
    const weights = someRows(NUM_OUT, 64, 9);
    const [row, far] = [inputs[20] ?? [], inputs[39] ?? []];
    [row[40], far[3]] = [NaN, Infinity];
    [(weights[33] ?? [])[5], (weights[69] ?? [])[6]] = [NaN, -Infinity];
    const expected = multiplyBfloats(inputs, weights, bias);
    for (const runtime of runtimes) expect(await multiply(runtime, inputs, weights, bias)).toEqual(expected);
    expect(expected[20]).toEqual(Array.from({ length: NUM_OUT }, () => NaN));
    expect(expected.filter((_, r) => r !== 20).every((numbers) => Number.isNaN(numbers[33]))).toBe(true);
    expect(expected[0]?.filter(Number.isFinite)).toHaveLength(NUM_OUT - 2);
  });

  it('beside other formats in one matrix are those of each alone', async () => {
    const inputs = someRows(41, 64, 11);
    const weights = someRows(NUM_OUT, 64, 9);
    const part = storedBfloats(weights.slice(0, 40));
    const other = { ...storedBfloats(weights.slice(40)), format: 'F16' };
    for (const runtime of runtimes) {
      const weight = await runtime.createStoredParameter('w', [NUM_OUT, 64], [part, other]);
      const joined = await runOps(runtime, inputs, (x, ops) => ops.linear(x, weight, undefined));
      const expected = multiplyBfloats(inputs, weights.slice(0, 40), []);
      expect(joined.map((numbers) => numbers.slice(0, 40))).toEqual(expected);
    }
  });

  it('read a row of a matrix as its numbers', async () => {
    const table = spread(someRows(40, 37, 5), -60, 2);
    for (const runtime of runtimes) {
      const embedding = await runtime.createStoredParameter('e', [40, 37], [storedBfloats(table)]);
      const zeros = runtime.createParameter('p', [40, 37], new Float32Array(40 * 37)); // [positions, dim]
      const rows = await runOps(runtime, table, (_, ops) => ops.embed(embedding, zeros));
      expect(rows).toEqual(table.map((row) => roundToBfloat16(row)));
    }
  });
});

describe.runIf(RUNTIME_NAMES_HERE.includes('wasm'))('products of bfloat16 as WebAssembly', () => {
  it.each([1, 3, 40])('are near those of native, or have their bits: %i rows', async (numRows) => {
    const runtime = await createWasmRuntime({ numThreads: 2, weights: 'f32' });
    const inputs = spread(someRows(numRows, 100, 3), -4, 4);
    const weights = spread(someRows(NUM_OUT, 100, 7), -6, 2);
    const results = await multiply(runtime, inputs, weights, bias);
    const expected = multiplyBfloats(inputs, weights, bias);
    if (runtime.description.includes('fused sums')) expect(results).toEqual(expected);
    const rounded = weights.map(roundToBfloat16);
    results.forEach((result, row) => {
      const x = roundToBfloat16(inputs[row] ?? []);
      result.forEach((value, out) => {
        const terms = x.map((number, k) => Math.abs(number * (rounded[out]?.[k] ?? NaN)));
        const magnitude = terms.reduce((sum, term) => sum + term, Math.abs(bias[out] ?? NaN));
        expect(Math.abs(value - (expected[row]?.[out] ?? NaN))).toBeLessThanOrEqual(1e-6 * magnitude);
      });
    });
    await runtime.dispose();
  });
});
