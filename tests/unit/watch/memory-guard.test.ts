import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  growthShare,
  isShortAt,
  MemoryGuard,
  type HeapFigures,
  type ContainerMemory,
} from '../../../src/watch/memory-guard.ts';

const MIB = 2 ** 20;

describe('memory is short', () => {
  it('from four fifths on, until it is seven tenths', () => {
    expect([0.5, 0.79, 0.8, 1].map((share) => isShortAt(share, false))).toEqual([false, false, true, true]);
    expect([0.5, 0.69, 0.7, 0.79].map((share) => isShortAt(share, true))).toEqual([false, false, true, true]);
  });

  it('in a container by what the process has grown by, and could grow by', () => {
    const container = { limitBytes: 1024 * MIB, usedBytes: 900 * MIB, ownBytes: 400 * MIB };
    // It has grown by 300; 124 are free.
    expect(growthShare(container, 100 * MIB)).toBeCloseTo(300 / 424);
    expect(growthShare({ ...container, usedBytes: 1000 * MIB }, 100 * MIB)).toBeCloseTo(300 / 324);
    // Others fill the container: that is not the service's doing.
    expect(growthShare({ ...container, usedBytes: 1020 * MIB }, 350 * MIB)).toBe(0);
  });
});

/** A guard over figures that a test sets. */
function guardOf(container?: () => ContainerMemory): {
  guard: MemoryGuard;
  heap: HeapFigures;
  changes: boolean[];
  numCollections: () => number;
} {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const heap = { usedBytes: 100 * MIB, limitBytes: 1000 * MIB };
  const changes: boolean[] = [];
  let numCollections = 0;
  const guard = new MemoryGuard({
    onChange: (isShort) => void changes.push(isShort),
    collect: () => {
      numCollections++;
    },
    heap: () => ({ ...heap }),
    container,
  });
  onTestFinished(() => guard.dispose());
  return { guard, heap, changes, numCollections: () => numCollections };
}

describe('a guard', () => {
  it('refuses while memory is short, but for one request at a time', () => {
    const { guard, heap, changes } = guardOf();
    guard.enter();
    expect(() => guard.checkRoom()).not.toThrow();
    heap.usedBytes = 850 * MIB;
    guard.look();
    expect(() => guard.checkRoom()).toThrow(
      expect.objectContaining({ code: 'queue_full', retryable: true, retryAfterMs: 2000 }),
    );
    guard.leave();
    expect(() => guard.checkRoom()).not.toThrow();
    guard.enter();
    expect(() => guard.checkRoom()).toThrow('short of memory');
    heap.usedBytes = 750 * MIB;
    guard.look();
    expect(guard.isShort).toBe(true);
    heap.usedBytes = 600 * MIB;
    guard.look();
    expect(() => guard.checkRoom()).not.toThrow();
    expect(changes).toEqual([true, false]);
  });

  it('has stores let go, collects, and is content if that suffices', () => {
    const { guard, heap, changes, numCollections } = guardOf();
    guard.onRelease(() => (heap.usedBytes = 300 * MIB));
    heap.usedBytes = 850 * MIB;
    guard.look();
    expect(guard.isShort).toBe(false);
    expect(changes).toEqual([true, false]);
    expect(numCollections()).toBe(1);
    vi.advanceTimersByTime(60_000);
    expect(numCollections()).toBe(1);
  });

  it('asks the stores again each second while it is short, and no longer', () => {
    const { guard, heap, numCollections } = guardOf();
    let numReleases = 0;
    guard.onRelease(() => numReleases++);
    heap.usedBytes = 850 * MIB;
    guard.look();
    vi.advanceTimersByTime(3100);
    expect([numReleases, numCollections()]).toEqual([4, 4]);
    heap.usedBytes = 600 * MIB;
    vi.advanceTimersByTime(1000);
    expect(guard.isShort).toBe(false);
    vi.advanceTimersByTime(10_000);
    expect(numReleases).toBe(5);
  });

  it('counts what the container has as well', () => {
    const container = { limitBytes: 1024 * MIB, usedBytes: 500 * MIB, ownBytes: 100 * MIB };
    const { guard } = guardOf(() => ({ ...container }));
    container.ownBytes += 400 * MIB;
    container.usedBytes += 450 * MIB;
    guard.look();
    expect(guard.isShort).toBe(true);
    expect(guard.figures.share).toBeCloseTo(400 / 474);
  });
});
