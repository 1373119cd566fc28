import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { LoopDelay } from '../../../src/http/loop-delay.ts';

const BLOCK_MS = 120;

it('sees a thread that was blocked', async () => {
  const delay = new LoopDelay();
  delay.enter();
  await sleep(30);
  const until = performance.now() + BLOCK_MS;
  while (performance.now() < until);
  await sleep(30);
  delay.leave();
  // The timer was due at some moment of the first 21 ms.
  expect(delay.take().max).toBeGreaterThanOrEqual((BLOCK_MS - 21) / 1000);
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

  it('tells quantiles of the delays since it was asked', () => {
    const pass = startClock();
    const delay = new LoopDelay();
    delay.enter();
    for (let i = 0; i < 97; i++) pass(20, 1);
    for (let i = 0; i < 3; i++) pass(20, 50);
    const { p50, p99, max } = delay.take();
    expect(p50).toBeCloseTo(0.001, 5);
    // A histogram of Node keeps three digits.
    expect(p99).toBeCloseTo(0.05, 3);
    expect(max).toBeCloseTo(0.05, 3);
    pass(20, 2);
    expect(delay.take().max).toBeCloseTo(0.002, 5);
  });

  it('sees what blocked until the last thing was done, whom no timer could see', () => {
    const pass = startClock();
    const delay = new LoopDelay();
    delay.enter();
    delay.enter();
    delay.leave();
    pass(0, 320);
    delay.leave();
    expect(delay.take().max).toBeCloseTo(0.3, 3);
  });

  it('has no timer while there is nothing to do, and does not take the pause for a delay', () => {
    const pass = startClock();
    const delay = new LoopDelay();
    delay.enter();
    expect(vi.getTimerCount()).toBe(1);
    delay.leave();
    expect(vi.getTimerCount()).toBe(0);
    pass(5000);
    expect(delay.take()).toEqual({ p50: 0, p99: 0, max: 0 });
    delay.enter();
    pass(20);
    delay.leave();
    expect(delay.take().max).toBeLessThan(0.001);
  });

  it('stops for good', () => {
    startClock();
    const delay = new LoopDelay();
    delay.enter();
    delay.dispose();
    expect(vi.getTimerCount()).toBe(0);
  });
});
