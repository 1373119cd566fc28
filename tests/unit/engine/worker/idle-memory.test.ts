import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { IdleMemory, runsOf } from '../../../../src/engine/worker/idle-memory.ts';
import type { PageTable } from '../../../../src/runtime/runtime.ts';
import type { WindowOptions } from '../../../../src/scheduler/pages/window-pages.ts';
import { PAGE_TOKENS } from '../../../../src/pages.ts';
import { PageCache } from '../../../../src/scheduler/pages/page-cache.ts';

const KEPT_MS = 60_000;

describe('IdleMemory', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function setUp(keptMs = KEPT_MS, window?: WindowOptions) {
    const cache = new PageCache({ numPages: 8, prefixCache: true, window });
    const released: [first: number, count: number][] = [];
    const releasedOfWindows: [first: number, count: number][] = [];
    const release = (table: PageTable, first: number, count: number): unknown =>
      (table === 'pages' ? released : releasedOfWindows).push([first, count]);
    const onReleased = vi.fn();
    const idle = new IdleMemory({ cache, keptMs, release, onReleased });
    return { cache, released, releasedOfWindows, onReleased, idle };
  }

  /** A sequence that has come and gone; with a fault its pages keep nothing. */
  function use(cache: PageCache, numPages: number, hasFault: boolean): void {
    const { holder } = cache.take(undefined, undefined);
    cache.grow(holder, numPages * PAGE_TOKENS);
    const tokenIds = Array.from({ length: numPages * PAGE_TOKENS }, (_, i) => i);
    cache.record(holder, tokenIds, tokenIds.length);
    if (hasFault) cache.forget(holder);
    cache.free(holder);
  }

  it('gives pages back that hold nothing, and those that are kept after the time of the setting', () => {
    const { cache, released, onReleased, idle } = setUp();
    use(cache, 5, true);
    use(cache, 3, false);
    idle.rest();
    vi.advanceTimersByTime(10_000);
    expect(released).toEqual([[3, 2]]);
    expect(cache.counts().numKept).toBe(3);
    idle.rest();
    vi.advanceTimersByTime(KEPT_MS - 10_000);
    expect(released).toEqual([[3, 2], [0, 3]]); // prettier-ignore
    expect(onReleased).toHaveBeenCalledTimes(2);
    expect(cache.counts()).toMatchObject({ numKept: 0, numUsed: 0 });
    // What was given back once is not given back again.
    vi.advanceTimersByTime(10 * KEPT_MS);
    idle.work();
    idle.rest();
    vi.advanceTimersByTime(10 * KEPT_MS);
    expect(released.length).toBe(2);
  });

  it('gives pages back that windows have moved on from', () => {
    const { cache, released, releasedOfWindows, idle } = setUp(KEPT_MS, { numPages: 4, numTokens: 64 });
    const { holder } = cache.take(undefined, undefined);
    const tokenIds = Array.from({ length: 5 * PAGE_TOKENS }, (_, i) => i);
    cache.grow(holder, tokenIds.length);
    for (let end = PAGE_TOKENS; end <= tokenIds.length; end += PAGE_TOKENS) {
      cache.windows.open(holder, end, end - PAGE_TOKENS);
      cache.record(holder, tokenIds, end);
    }
    expect(cache.counts().numWindowUsed).toBe(1);
    cache.free(holder);
    expect(cache.counts()).toMatchObject({ numKept: 5, numWindowUsed: 0 });
    idle.rest();
    vi.advanceTimersByTime(KEPT_MS);
    expect(released).toEqual([[0, 5]]);
    expect(releasedOfWindows).toEqual([[0, 4]]);
  });

  it('gives nothing back while there is work, and keeps what is kept where the setting is 0', () => {
    const { cache, released, idle } = setUp(0);
    use(cache, 3, false);
    idle.rest();
    vi.advanceTimersByTime(9_999);
    idle.work();
    vi.advanceTimersByTime(KEPT_MS);
    idle.rest();
    vi.advanceTimersByTime(1000 * KEPT_MS);
    expect(released).toEqual([]);
    expect(cache.counts().numKept).toBe(3);
  });

  it('joins numbers that follow each other', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(30)), (numbers) => {
        const runs = runsOf(numbers);
        const all = runs.flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i));
        expect(all).toEqual(numbers.toSorted((a, b) => a - b));
        for (const [i, { first }] of runs.entries()) {
          const before = runs[i - 1];
          if (before !== undefined) expect(first).toBeGreaterThan(before.first + before.count);
        }
      }),
    );
  });
});
