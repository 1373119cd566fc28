import { describe, expect, it } from 'vitest';
import { pageBytesOf } from '../../src/runtime/runtime.ts';
import { startRuntime } from '../../src/runtime/start-runtime.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';

const SHAPE = { numLayers: 6, numKvHeads: 4, headDim: 64, numPages: 160, maxStepPages: 160 };
const MIB = 2 ** 20;

describe.runIf(RUNTIME_NAMES_HERE.includes('native') && process.platform === 'linux')(
  'released pages',
  () => {
    it.each(['f16', 'int8'] as const)(
      'give their memory back to the system, and leave all others: %s',
      async (format) => {
        const runtime = await startRuntime('native', {
          numThreads: 1,
          weights: 'int8',
          kvCacheFormat: format,
        });
        const { pageBytes } = runtime;
        if (pageBytes?.releasePages === undefined) throw new Error('native gives memory back');
        const cache = runtime.createKvCache(SHAPE);
        const one = pageBytesOf(cache);
        const before = process.memoryUsage.rss();
        const bytes = new Uint8Array(one);
        for (let page = 0; page < SHAPE.numPages; page++) {
          pageBytes.writePage(cache, page, bytes.fill(page + 1));
        }
        const used = process.memoryUsage.rss();
        expect(used - before).toBeGreaterThan(0.8 * cache.numBytes);
        expect(cache.numBytes).toBeGreaterThanOrEqual(30 * MIB);
        // All but one in the middle and the last.
        pageBytes.releasePages(cache, 0, 80);
        pageBytes.releasePages(cache, 81, 78);
        expect(used - process.memoryUsage.rss()).toBeGreaterThan(0.8 * cache.numBytes);
        const read = new Uint8Array(one);
        for (const page of [80, 159]) {
          pageBytes.readPage(cache, page, read);
          expect(read.every((byte) => byte === page + 1)).toBe(true);
        }
        // They are as good as new.
        pageBytes.writePage(cache, 3, bytes.fill(77));
        pageBytes.readPage(cache, 3, read);
        expect(read).toEqual(bytes);
        expect(() => pageBytes.releasePages?.(cache, 100, 61)).toThrow('pages lie in the cache');
        await runtime.dispose();
      },
    );
  },
);
