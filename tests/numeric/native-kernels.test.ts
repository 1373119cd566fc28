import { describe, expect, it } from 'vitest';
import { loadAddon } from '../../src/runtime/native/native-addon.ts';
import type { KernelRuntime } from '../../src/runtime/kernels/kernel-runtime.ts';
import { createNativeRuntime } from '../../src/runtime/native/native-runtime.ts';
import { firstDifference } from '../support/compare.ts';
import { MODELS, NUM_TOKENS } from '../support/kernel-digests.ts';
import { someRows } from '../support/matrix.ts';
import { FORMATS, formatNamed, storedHalves, storedPart, storedRows } from '../support/stored-rows.ts';
import { runOps } from '../support/run-ops.ts';
import { useInstructionSets } from '../support/instruction-sets.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';
import { someTokenIds, StepRunner } from '../support/step-runner.ts';

const BLOCK = 32;

/** What activations become: integers of 8 bits with a scale for each 32. */
function rounded(row: readonly number[]): number[] {
  const result: number[] = [];
  for (let start = 0; start < row.length; start += BLOCK) {
    const block = row.slice(start, start + BLOCK);
    const largest = Math.max(...block.map(Math.abs));
    const inverse = largest > 0 ? Math.fround(127 / largest) : 0;
    const scale = Math.fround(largest / 127);
    for (const value of block) result.push(scale * roundHalfEven(Math.fround(value * inverse)));
  }
  return result;
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

describe.runIf(RUNTIME_NAMES_HERE.includes('native'))('products of integers', () => {
  const runtimes = useInstructionSets();

  const multiply = async (runtime: KernelRuntime, format: string, inputs: number[][], numOut: number) => {
    const depth = inputs[0]?.length ?? 0;
    const bytes = storedRows(format, numOut, depth, 7);
    const weight = await runtime.createStoredParameter(
      'w',
      [numOut, depth],
      [storedPart(format, numOut, bytes)],
    );
    return runOps(runtime, inputs, (x, ops) => ops.linear(x, weight, undefined));
  };

  it.each(
    FORMATS.flatMap((format) => [
      { format, numRows: 1, depth: 256, numOut: 32 },
      { format, numRows: 5, depth: format.endsWith('_K') ? 768 : 96, numOut: 70 },
      { format, numRows: 13, depth: 512, numOut: 33 },
      // Two whole tiles of AMX and some rows, more than one set of blocks and a part of one.
      { format, numRows: 37, depth: format.endsWith('_K') ? 512 : 352, numOut: 70 },
    ]),
  )('are those of $format by decoded weights: $numRows rows, $depth deep, $numOut outputs', async (shape) => {
    const { format, numRows, depth, numOut } = shape;
    const inputs = someRows(numRows, depth, 3);
    // Sums of a block's integers at their bounds, of either sign in its two halves.
    if (numRows > 1) inputs[1] = Array.from({ length: depth }, (_, k) => ((k >> 4) % 3 === 0 ? -1 : 1));
    const weights = new Float32Array(numOut * depth); // [out, in]
    formatNamed(format).decode(storedRows(format, numOut, depth, 7), weights);
    for (const runtime of runtimes) {
      const results = await multiply(runtime, format, inputs, numOut);
      results.forEach((result, row) => {
        const numbers = rounded(inputs[row] ?? []);
        result.forEach((value, out) => {
          let exact = 0;
          let magnitude = 0;
          for (let k = 0; k < depth; k++) {
            const product = (numbers[k] ?? 0) * (weights[out * depth + k] ?? 0);
            exact += product;
            magnitude += Math.abs(product);
          }
          expect(Math.abs(value - exact)).toBeLessThanOrEqual(1e-6 * magnitude);
        });
      });
    }
  });

  it.each(FORMATS)(
    'of %s have the same bits on every instruction set, and in any company',
    async (format) => {
      const inputs = someRows(53, 512, 5);
      // What is no finite number is its own row's alone.
      const [spoilt, endless] = [inputs[20] ?? [], inputs[28] ?? []];
      [spoilt[40], endless[3]] = [NaN, -Infinity];
      const [first, ...others] = await Promise.all(
        runtimes.map((runtime) => multiply(runtime, format, inputs, 75)),
      );
      for (const other of others) expect(other).toEqual(first);
      const isSpoilt = first?.map((numbers) => numbers.every(Number.isNaN));
      expect(isSpoilt).toEqual(inputs.map((_, row) => row === 20 || row === 28));
      const [runtime] = runtimes;
      if (runtime === undefined) throw new Error('there is an instruction set');
      for (const [row, input] of inputs.entries()) {
        if (row % 4 === 0) expect(await multiply(runtime, format, [input], 75)).toEqual([first?.[row]]);
      }
      expect(await multiply(runtime, format, inputs.slice(0, 19), 75)).toEqual(first?.slice(0, 19));
    },
  );

  it('of parts in several formats are those of the parts side by side', async () => {
    const inputs = someRows(41, 256, 11);
    const parts = [
      { format: 'Q4_K', numRows: 40 },
      { format: 'Q6_K', numRows: 33 },
      { format: 'Q8_0', numRows: 7 },
    ].map(({ format, numRows }) => storedPart(format, numRows, storedRows(format, numRows, 256, 7)));
    for (const runtime of runtimes) {
      const weight = await runtime.createStoredParameter('w', [80, 256], parts);
      const joined = await runOps(runtime, inputs, (x, ops) => ops.linear(x, weight, undefined));
      const apart: number[][][] = [];
      for (const { format, numRows } of parts) apart.push(await multiply(runtime, format, inputs, numRows));
      expect(joined).toEqual(inputs.map((_, row) => apart.flatMap((rows) => rows[row] ?? [])));
    }
  });

  it('of F16 are those by decoded weights, without rounding', async () => {
    const inputs = someRows(14, 96, 3);
    const numOut = 37;
    const weights = new Float32Array(numOut * 96); // [out, in]
    formatNamed('F16').decode(storedHalves(numOut * 96), weights);
    for (const runtime of runtimes) {
      const part = storedPart('F16', numOut, storedHalves(numOut * 96));
      const weight = await runtime.createStoredParameter('w', [numOut, 96], [part]);
      const results = await runOps(runtime, inputs, (x, ops) => ops.linear(x, weight, undefined));
      results.forEach((result, row) =>
        result.forEach((value, out) => {
          const products = (inputs[row] ?? []).map((number, k) => number * (weights[out * 96 + k] ?? NaN));
          const exact = products.reduce((sum, product) => sum + product, 0);
          const magnitude = products.reduce((sum, product) => sum + Math.abs(product), 0);
          expect(Math.abs(value - exact)).toBeLessThanOrEqual(1e-6 * magnitude);
        }),
      );
    }
  });
});

describe.runIf(RUNTIME_NAMES_HERE.includes('native'))('a whole step', () => {
  const cases = (['f32', 'bf16', 'int8'] as const).flatMap((weights) =>
    MODELS.map((model) => ({ model, weights })),
  );
  it.each(cases)('of $model in $weights has the same bits on every instruction set', async (given) => {
    const results: number[][][] = [];
    for (const instructionSet of loadAddon().start(2).keys()) {
      const { model, weights } = given;
      const runtime = createNativeRuntime({ numThreads: 2, weights, instructionSet });
      const runner = await StepRunner.load(runtime, model, 2);
      const { contextLength, vocabSize } = runner.loaded.config;
      const logits = await runner.whole(someTokenIds(Math.min(NUM_TOKENS, contextLength), vocabSize, 1)); // [tokens][vocab]
      results.push(logits.map((row) => [...row]));
      await runtime.dispose();
    }
    for (const result of results) expect(firstDifference(result, results[0] ?? [])).toBeUndefined();
  });
});
