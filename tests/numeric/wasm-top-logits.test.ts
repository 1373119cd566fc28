import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOP_LOGITS } from '../../src/runtime/step-batch.ts';
import { topLogitsJobs, topRowWords, topScratchWords } from '../../src/runtime/wasm/kernels/top-logits.ts';
import { KernelPool } from '../../src/runtime/wasm/kernel-pool.ts';
import { readKernels, startWasmBackend } from '../../src/runtime/wasm/start.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { largestLogit, largestOfTop } from '../../src/sampling/largest-logit.ts';
import { RUNTIMES } from '../support/runtimes.ts';
import { flat, someRows, type Rows } from '../support/matrix.ts';
import { expectTop, logSumExpOf, runTop, SPREAD_LOGITS, TOP_CASES } from '../support/run-top.ts';

/** The words of each row's answer, as the kernels leave them. */
async function topWords(numThreads: number, logits: Rows, rows: readonly number[]): Promise<number[][]> {
  const { heap } = await startWasmBackend();
  const pool = await KernelPool.start({ wasmBytes: await readKernels('inference'), heap, numThreads });
  const numCols = logits[0]?.length ?? 0;
  const shape = { numRows: rows.length, numCols };
  const rowWords = topRowWords(numCols);
  const numScratch = topScratchWords(shape);
  const operands = {
    logits: heap.malloc(4 * logits.length * numCols),
    rows: heap.malloc(4 * rows.length),
    scratch: heap.malloc(4 * numScratch),
    out: heap.malloc(4 * rows.length * rowWords),
  };
  heap.float32(operands.logits, logits.length * numCols).set(flat(logits));
  heap.int32(operands.rows, rows.length).set(rows);
  heap.uint8(operands.scratch, 4 * numScratch).fill(0xff);
  for (const job of topLogitsJobs(operands, shape)) pool.run(...job);
  const words = heap.int32(operands.out, rows.length * rowWords);
  const result = rows.map((_, i) => [...words.subarray(i * rowWords, (i + 1) * rowWords)]);
  for (const address of Object.values(operands)) heap.free(address);
  await pool.dispose();
  return result;
}

const asFloats = (words: readonly number[]): number[] => [...new Float32Array(Int32Array.from(words).buffer)];

describe('the kernels of the top of rows', () => {
  it.each([1, 3, 20, 63, 64, 65, 300, 4095, 4096, 4097, 8200, 50257])(
    'find it in rows of %i as sorting does, on any number of threads the same bits',
    async (numCols) => {
      // Many equal numbers, and rows that begin where no vector does.
      const logits = someRows(5, numCols, 17).map((row) =>
        row.map((value) => Math.round(value * 40) / 8 + 0),
      );
      const chosen = [3, 0, 4];
      const answers = await topWords(1, logits, chosen);
      const numTop = Math.min(TOP_LOGITS, numCols);
      answers.forEach((words, i) => {
        const row = logits[chosen[i] ?? 0] ?? [];
        const order = row.map((_, id) => id).sort((a, b) => (row[b] ?? 0) - (row[a] ?? 0) || a - b);
        const top = order.slice(0, numTop);
        expect(words.slice(numTop, 2 * numTop)).toEqual(top);
        const values = asFloats(words);
        expect(values.slice(0, numTop)).toEqual(top.map((id) => row[id] ?? NaN));
        const logSumExp = (values[0] ?? NaN) + Math.log(values[2 * numTop] ?? NaN);
        expect(logSumExp).toBeCloseTo(logSumExpOf(row), 6);
      });
      for (const numThreads of [2, 3]) expect(await topWords(numThreads, logits, chosen)).toEqual(answers);
      expect(await topWords(2, logits, [4])).toEqual(answers.slice(2));
    },
  );

  it('take -0 and 0 for a tie', async () => {
    const row = Array.from({ length: 5000 }, (_, id) => (id % 2 === 0 ? -0 : 0));
    const [words = []] = await topWords(2, [row], [0]);
    expect(words.slice(TOP_LOGITS, 2 * TOP_LOGITS)).toEqual(
      Array.from({ length: TOP_LOGITS }, (_, id) => id),
    );
  });

  it.each([0, 37, 4095, 4096, 4999, 5002])(
    'leave a NaN at %i in the sum and out of the order',
    async (at) => {
      for (const bits of [0x7fc00000, 0xffc00000, 0x7fc00001]) {
        const [nan = 0] = new Float32Array(Uint32Array.of(bits).buffer);
        const row = SPREAD_LOGITS.map((logit, id) => (id === at ? nan : logit));
        const [words = []] = await topWords(2, [row], [0]);
        const values = asFloats(words);
        expect(values[2 * TOP_LOGITS]).toBeNaN();
        expect(values[0]).toBe(Math.max(...SPREAD_LOGITS.filter((_, id) => id !== at)));
      }
    },
  );
});

const ON_WASM = RUNTIMES.filter(({ name }) => name === 'wasm');

describe.each(ON_WASM)('the most probable tokens on $label', ({ create }) => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await create();
  });
  afterAll(() => runtime.dispose());

  it.each(TOP_CASES)('are in order with their log-sum-exp: $name', async ({ logits }) => {
    const [row] = await runTop(runtime, [logits], [true]);
    expectTop(row, logits);
    if (row === undefined || row instanceof Float32Array) return;
    expect(largestOfTop(row)).toEqual(largestLogit(Float32Array.from(logits)));
  });

  it('come beside rows that come whole, each in its place', async () => {
    const rows = [3, 0, 1, 5, 4].map((index) => TOP_CASES[index]?.logits ?? []);
    const alone = await runTop(runtime, rows.slice(2, 3), [true]);
    for (const topRows of [
      [true, false, true, false, false],
      [false, true, true, true, true],
      [false, false, true, false, true],
    ]) {
      const result = await runTop(runtime, rows, topRows);
      topRows.forEach((isTop, index) => {
        const logits = rows[index] ?? [];
        if (isTop) expectTop(result[index], logits);
        else expect(result[index]).toEqual(Float32Array.from(logits));
      });
      expect(result[2]).toEqual(alone[0]);
    }
  });

  it.each([
    { what: 'NaN', value: NaN, at: 4321 },
    { what: 'NaN in front', value: NaN, at: 0 },
    { what: 'infinity', value: Infinity, at: 5002 },
  ])('tell of $what', async ({ value, at }) => {
    const logits = SPREAD_LOGITS.map((logit, id) => (id === at ? value : logit));
    const [row] = await runTop(runtime, [logits], [true]);
    if (row === undefined || row instanceof Float32Array) throw new Error('the row came whole');
    expect(row.logSumExp).toBe(value);
    expect(() => largestOfTop(row)).toThrow(expect.objectContaining({ code: 'backend_failure' }) as Error);
  });

  it.each([-Infinity, NaN])('tell that every logit is %d', async (value) => {
    const [row] = await runTop(runtime, [SPREAD_LOGITS.map(() => value)], [true]);
    if (row === undefined || row instanceof Float32Array) throw new Error('the row came whole');
    expect(row.logSumExp).toBe(value);
    expect(() => largestOfTop(row)).toThrow(expect.objectContaining({ code: 'backend_failure' }) as Error);
  });

  it('come whole from a vocabulary that is searched sooner than sorted', async () => {
    const rows = someRows(2, 500, 12);
    const result = await runTop(runtime, rows, [true, true]);
    expect(result).toEqual(rows.map((row) => Float32Array.from(row)));
  });
});
