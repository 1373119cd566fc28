import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { IdleCollector } from '../../../../src/http/edge/idle-collector.ts';

const MIB = 2 ** 20;

/** @returns what it holds, to be set, and how often it has collected */
function watch(): { collector: IdleCollector; heap: { bytes: number; numCollections: number } } {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const heap = { bytes: 50 * MIB, numCollections: 0 };
  const collector = new IdleCollector({
    heldBytes: () => heap.bytes,
    collect: () => {
      heap.numCollections++;
      heap.bytes = 60 * MIB;
    },
  });
  return { collector, heap };
}

describe('the garbage of a burst', () => {
  it('is collected once when nothing is done any more', () => {
    const { collector, heap } = watch();
    collector.enter();
    collector.enter();
    heap.bytes = 400 * MIB;
    collector.leave();
    vi.advanceTimersByTime(5000);
    expect(heap.numCollections).toBe(0);
    collector.leave();
    vi.advanceTimersByTime(999);
    expect(heap.numCollections).toBe(0);
    vi.advanceTimersByTime(5000);
    expect(heap.numCollections).toBe(1);
  });

  it('is left where it is little, and measured from what stayed the last time', () => {
    const { collector, heap } = watch();
    const request = (bytes: number): void => {
      collector.enter();
      heap.bytes = bytes;
      collector.leave();
      vi.advanceTimersByTime(2000);
    };
    request(110 * MIB);
    expect(heap.numCollections).toBe(0);
    request(120 * MIB);
    expect(heap.numCollections).toBe(1);
    request(120 * MIB);
    expect(heap.numCollections).toBe(1);
  });

  it('waits for a moment without a request, and finds one between those that come all the time', () => {
    const { collector, heap } = watch();
    heap.bytes = 400 * MIB;
    for (let i = 0; i < 10; i++) {
      collector.enter();
      vi.advanceTimersByTime(10);
      collector.leave();
      vi.advanceTimersByTime(490);
    }
    expect(heap.numCollections).toBe(1);
  });
});

it('shrinks a real process', () => {
  const module = fileURLToPath(new URL('../../../../src/http/edge/idle-collector.ts', import.meta.url));
  const script = `
    const { IdleCollector } = await import(${JSON.stringify(module)});
    const collector = new IdleCollector();
    collector.enter();
    let kept = Array.from({ length: 40 }, () => Array.from({ length: 480_000 }, (_, i) => i / 2));
    const before = process.memoryUsage().heapUsed;
    kept = undefined;
    collector.leave();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    console.log(before, process.memoryUsage().heapUsed);`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
  const [before = 0, after = 0] = execFileSync(process.execPath, args, { encoding: 'utf8' })
    .split(' ')
    .map(Number);
  expect(before).toBeGreaterThan(120 * MIB);
  expect(after).toBeLessThan(before / 2);
});
