import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawExports, rawMemory } from '../support/trap-wasm.mjs';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { createWasmRuntime } from '../../src/runtime/wasm/wasm-runtime.ts';

const MIB = 2 ** 20;
/** 6 KiB a token: 384 MiB. */
const SHAPE = { numLayers: 12, numKvHeads: 4, headDim: 64, numPages: 1024, maxStepPages: 1024 };

describe("the wasm kernels' memory", () => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await createWasmRuntime({ numThreads: 1, weights: 'int8', kvCacheFormat: 'int8' });
  });
  afterAll(() => runtime.dispose());

  it.runIf(process.platform === 'linux')('has nothing behind pages of a cache that nobody wrote to', () => {
    const before = process.memoryUsage.rss();
    const cache = runtime.createKvCache(SHAPE);
    expect(cache.numBytes).toBeGreaterThan(300 * MIB);
    const grownBy = process.memoryUsage.rss() - before;
    cache.dispose();
    expect(grownBy).toBeLessThan(32 * MIB);
  });

  it('holds zeros when it is asked for, and no part of it twice', () => {
    const kernels = rawExports();
    const wordsAt = (address: number, size: number): Int32Array =>
      new Int32Array(rawMemory().buffer, address, size / 4);
    const size = fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 200_000, max: 700_000 }));
    const step = fc.oneof(
      fc.record({ numWords: size, frees: fc.constant(undefined) }),
      fc.record({ numWords: fc.constant(0), frees: fc.nat(20) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const held: { address: number; bytes: number; mark: number }[] = [];
        const release = (index: number): void => {
          for (const { address, bytes, mark } of held.splice(index, 1)) {
            expect(wordsAt(address, bytes).every((word) => word === mark)).toBe(true);
            kernels.release(address);
          }
        };
        for (const [i, { numWords, frees }] of steps.entries()) {
          if (frees !== undefined) {
            release(frees);
            continue;
          }
          const address = kernels.allocate(numWords * 4) >>> 0;
          expect(address % 64).toBe(0);
          expect(address).not.toBe(0);
          const words = wordsAt(address, numWords * 4);
          expect(words.every((word) => word === 0)).toBe(true);
          held.push({ address, bytes: numWords * 4, mark: i + 1 });
          words.fill(i + 1);
        }
        while (held.length > 0) release(0);
      }),
      { numRuns: 40 },
    );
    // All was given up, so that what is asked for again is there already.
    kernels.release(kernels.allocate(40 * MIB));
    const { byteLength } = rawMemory().buffer;
    kernels.release(kernels.allocate(40 * MIB));
    expect(rawMemory().buffer.byteLength).toBe(byteLength);
  });

  it('says that there is no room, and has what there was', () => {
    const kernels = rawExports();
    expect(kernels.allocate(2 ** 32 - 2 ** 16)).toBe(0);
    expect(kernels.allocate(2 ** 32 - 2 ** 20)).toBe(0);
    const address = kernels.allocate(4 * MIB);
    expect(address).not.toBe(0);
    kernels.release(address);
  });
});
