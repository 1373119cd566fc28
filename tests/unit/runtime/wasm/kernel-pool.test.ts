import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildKernels } from '../../../../scripts/build-kernels.mjs';
import { floatArg, KernelPool, JOB_BYTES, writeJob } from '../../../../src/runtime/wasm/kernel-pool.ts';
import { readKernels, startWasmBackend, type WasmBackend } from '../../../../src/runtime/wasm/start.ts';

const FILL = 0;
const NO_SUCH_KERNEL = 9999;

describe.each([1, 2, 3])('KernelPool with %i threads', (numThreads) => {
  let wasm: WasmBackend;
  let pool: KernelPool;

  beforeAll(async () => {
    await buildKernels();
    wasm = await startWasmBackend();
    pool = await KernelPool.start({ wasmBytes: await readKernels('inference'), heap: wasm.heap, numThreads });
  });

  afterAll(() => pool.dispose());

  it('runs every chunk of a job exactly once', () => {
    const length = 1000;
    const out = wasm.heap.malloc(length * 4);
    for (let round = 0; round < 500; round++) {
      pool.run(FILL, 10, [out, length, 100, floatArg(round + 0.5)]);
      const values = wasm.heap.float32(out, length);
      expect(values.every((value, i) => value === round + 0.5 + Math.floor(i / 100))).toBe(true);
    }
    wasm.heap.free(out);
  });

  it('runs a list in order, also after its workers fell asleep', async () => {
    const numJobs = 50;
    const out = wasm.heap.malloc(400);
    const jobs = wasm.heap.malloc(numJobs * JOB_BYTES);
    const words = wasm.heap.int32(jobs, (numJobs * JOB_BYTES) / 4);
    for (let i = 0; i < numJobs; i++) writeJob(words, i, FILL, 1 + (i % 7), [out, 100, 15, floatArg(i)]);
    for (let round = 0; round < 5; round++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      pool.runList(jobs, numJobs);
      // The last job of all has one chunk of 15; the one before it wrote 105 elements in 7 chunks.
      expect(wasm.heap.float32(out, 15).every((value) => value === 49)).toBe(true);
      expect(wasm.heap.float32(out, 100)[99]).toBe(48 + 6);
    }
    wasm.heap.free(out);
    wasm.heap.free(jobs);
  });

  it('sees memory that the heap grew after the pool had started', () => {
    const numBytes = 32 * 1024 ** 2;
    const out = wasm.heap.malloc(numBytes);
    pool.run(FILL, 8, [out, numBytes / 4, numBytes / 32, floatArg(1)]);
    expect(wasm.heap.float32(out, numBytes / 4).at(-1)).toBe(8);
    wasm.heap.free(out);
  });
});

describe('KernelPool', () => {
  it('fails with backend_failure when a kernel traps, on whatever thread, and stays failed', async () => {
    const { heap } = await startWasmBackend();
    const pool = await KernelPool.start({ wasmBytes: await readKernels('inference'), heap, numThreads: 2 });
    const failure: unknown = expect.objectContaining({ code: 'backend_failure' });
    expect(() => pool.run(NO_SUCH_KERNEL, 4, [])).toThrow(failure);
    expect(() => pool.run(FILL, 1, [])).toThrow(failure);
    await pool.dispose();
  });

  it('gives its memory back and refuses work once disposed', async () => {
    const { heap } = await startWasmBackend();
    const before = heap.numBytes;
    const pool = await KernelPool.start({ wasmBytes: await readKernels('inference'), heap, numThreads: 3 });
    await pool.dispose();
    expect(heap.numBytes).toBe(before);
    expect(() => pool.run(FILL, 1, [])).toThrow('disposed');
  });

  it('refuses a number of threads that is no positive integer', async () => {
    const { heap } = await startWasmBackend();
    const wasmBytes = await readKernels('inference');
    await expect(KernelPool.start({ wasmBytes, heap, numThreads: 0 })).rejects.toThrow('1 thread or more');
  });
});
