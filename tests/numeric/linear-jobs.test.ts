import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FLOAT32_PANELS } from '../../src/runtime/wasm/assembly/kernel-ids.ts';
import { linearJobs } from '../../src/runtime/wasm/kernels/linear.ts';
import { expectClose } from '../support/compare.ts';
import { LinearBench } from '../support/linear-bench.ts';
import { product, someRows, transposed } from '../support/matrix.ts';

describe.each([1, 3])('the jobs of a product, run again and again on %i threads', (numThreads) => {
  let bench: LinearBench;
  beforeAll(async () => {
    bench = await LinearBench.start(numThreads);
  });
  afterAll(() => bench.dispose());

  it.each([
    { format: 'f32', rows: 1 },
    { format: 'f32', rows: 40 },
    { format: 'bf16', rows: 1 },
    { format: 'bf16', rows: 7 },
    { format: 'bf16', rows: 32 },
    { format: 'bf16', rows: 130 },
  ] as const)('need nothing of their scratch: $rows rows, $format', ({ format, rows }) => {
    // Multiples of 1/64 survive bfloat16.
    const coarse = (numRows: number, numCols: number, seed: number) =>
      someRows(numRows, numCols, seed).map((row) => row.map((value) => Math.round(value * 64) / 64));
    const [x, w] = [someRows(rows, 67, 1), coarse(300, 67, 2)];
    const packed = bench.pack(w, format);
    const expected = product(x, transposed(w)).flat();
    expectClose(bench.multiply(x, packed).flat(), expected, 1e-5);
    packed.tensor.dispose();
  });

  it('are none for no rows', () => {
    const shape = { numRows: 0, depth: 8, numCols: 8, format: FLOAT32_PANELS, numThreads } as const;
    expect(linearJobs(shape, { x: 64, weight: 128, bias: 0, out: 256, scratch: 512 })).toEqual([]);
  });
});
