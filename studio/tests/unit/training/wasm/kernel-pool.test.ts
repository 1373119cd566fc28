import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildKernels } from '../../../../../scripts/build-kernels.mjs';
import { KERNEL } from '../../../../training/kernel-ids.ts';
import { KernelPool, JOB_BYTES, writeJob } from '../../../../training/wasm/kernel-pool.ts';
import { readKernels, startWasmBackend, type WasmBackend } from '../../../../training/wasm/start.ts';

const { ADD } = KERNEL;
/** Of ADD. */
const CHUNK = 16_384;
const NO_SUCH_KERNEL = 9999;

describe.each([1, 2, 3])('KernelPool with %i threads', (numThreads) => {
  let wasm: WasmBackend;
  let pool: KernelPool;

  beforeAll(async () => {
    await buildKernels();
    wasm = await startWasmBackend();
    pool = await KernelPool.start({ wasmBytes: await readKernels(), heap: wasm.heap, numThreads });
  });

  afterAll(() => pool.dispose());

  it('runs every chunk of a job exactly once', () => {
    const length = 10 * CHUNK;
    const numbers = wasm.heap.malloc(length * 4);
    wasm.heap.float32(numbers, length).fill(1);
    // Each doubles all numbers.
    for (let round = 0; round < 100; round++) pool.run(ADD, 10, [numbers, numbers, numbers, length]);
    expect(wasm.heap.float32(numbers, length).every((value) => value === 2 ** 100)).toBe(true);
    wasm.heap.free(numbers);
  });

  it('runs a list in order, also after its workers fell asleep', async () => {
    const numJobs = 50;
    const length = 7 * CHUNK;
    const [sum, one] = [wasm.heap.malloc(length * 4), wasm.heap.malloc(length * 4)];
    wasm.heap.float32(one, length).fill(1);
    const jobs = wasm.heap.malloc(numJobs * JOB_BYTES);
    const words = wasm.heap.int32(jobs, (numJobs * JOB_BYTES) / 4);
    // The first of all sets the numbers to 2, the others add 1, to as many chunks as there are.
    for (let i = 0; i < numJobs; i++) writeJob(words, i, ADD, 7, [i === 0 ? one : sum, one, sum, length]);
    for (let round = 0; round < 5; round++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      pool.runList(jobs, numJobs);
      expect(wasm.heap.float32(sum, length).every((value) => value === numJobs + 1)).toBe(true);
    }
    for (const address of [sum, one, jobs]) wasm.heap.free(address);
  });

  it('sees memory that the heap grew after the pool had started', () => {
    const numBytes = 32 * 1024 ** 2;
    const numbers = wasm.heap.malloc(numBytes);
    wasm.heap.float32(numbers, numBytes / 4).fill(1);
    pool.run(ADD, Math.ceil(numBytes / 4 / CHUNK), [numbers, numbers, numbers, numBytes / 4]);
    expect(wasm.heap.float32(numbers, numBytes / 4).at(-1)).toBe(2);
    wasm.heap.free(numbers);
  });
});

describe('KernelPool', () => {
  it('fails with backend_failure when a kernel traps, on whatever thread, and stays failed', async () => {
    const { heap } = await startWasmBackend();
    const pool = await KernelPool.start({ wasmBytes: await readKernels(), heap, numThreads: 2 });
    const failure: unknown = expect.objectContaining({ code: 'backend_failure' });
    expect(() => pool.run(NO_SUCH_KERNEL, 4, [])).toThrow(failure);
    expect(() => pool.run(ADD, 1, [])).toThrow(failure);
    await pool.dispose();
  });

  it('gives its memory back and refuses work once disposed', async () => {
    const { heap } = await startWasmBackend();
    const before = heap.numBytes;
    const pool = await KernelPool.start({ wasmBytes: await readKernels(), heap, numThreads: 3 });
    await pool.dispose();
    expect(heap.numBytes).toBe(before);
    expect(() => pool.run(ADD, 1, [])).toThrow('disposed');
  });

  it('refuses a number of threads that is no positive integer', async () => {
    const { heap } = await startWasmBackend();
    const wasmBytes = await readKernels();
    await expect(KernelPool.start({ wasmBytes, heap, numThreads: 0 })).rejects.toThrow('1 thread or more');
  });
});
