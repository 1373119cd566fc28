import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { LoopDelay } from '../../../../src/http/edge/loop-delay.ts';

const BLOCK_MS = 120;

/** @returns what it was told of, in seconds */
function watch(): { delay: LoopDelay; delays: number[] } {
  const delays: number[] = [];
  return { delay: new LoopDelay((seconds) => delays.push(seconds)), delays };
}

it('sees a thread that was blocked', async () => {
  const { delay, delays } = watch();
  delay.enter();
  await sleep(30);
  const until = performance.now() + BLOCK_MS;
  while (performance.now() < until);
  await sleep(30);
  delay.leave();
  // The timer was due at some moment of the first 21 ms.
  expect(Math.max(...delays)).toBeGreaterThanOrEqual((BLOCK_MS - 21) / 1000);
});

describe('on a clock of the test', () => {
  /** Time goes by; timers that are due in it fire at its end, so much later still. */
  function startClock(): (ms: number, lateMs?: number) => void {
    let nowMs = 1000;
    const now = vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => {
      vi.useRealTimers();
      now.mockRestore();
    });
    return (ms, lateMs = 0) => {
      nowMs += ms + lateMs;
      vi.advanceTimersByTime(ms);
    };
  }

  it('tells of each delay while something is done', () => {
    const pass = startClock();
    const { delay, delays } = watch();
    delay.enter();
    for (const lateMs of [1, 50, 0, 2]) pass(20, lateMs);
    expect(delays.map((seconds) => Math.round(seconds * 1000))).toEqual([1, 50, 0, 2]);
  });

  it('sees what blocked until the last thing was done, whom no timer could see', () => {
    const pass = startClock();
    const { delay, delays } = watch();
    delay.enter();
    delay.enter();
    delay.leave();
    pass(0, 320);
    delay.leave();
    expect(delays).toEqual([expect.closeTo(0.3, 3)]);
  });

  it('has no timer while there is nothing to do, and does not take the pause for a delay', () => {
    const pass = startClock();
    const { delay, delays } = watch();
    delay.enter();
    expect(vi.getTimerCount()).toBe(1);
    delay.leave();
    expect(vi.getTimerCount()).toBe(0);
    pass(5000);
    expect(delays).toEqual([]);
    delay.enter();
    pass(20);
    delay.leave();
    expect(delays).toEqual([0]);
  });

  it('stops for good', () => {
    startClock();
    const { delay } = watch();
    delay.enter();
    delay.dispose();
    expect(vi.getTimerCount()).toBe(0);
  });
});
