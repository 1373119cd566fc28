import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { maxSilenceMs, Watchdog } from '../../../../../src/engine/client/process/watchdog.ts';

const STEP_TIMEOUT_MS = 8000;

describe('how long an engine may be silent', () => {
  it('is STEP_TIMEOUT, or several times its largest step where that takes long', () => {
    const bound = { stepTimeoutMs: 30_000, mayCompile: false };
    expect(maxSilenceMs({ ...bound, largestStepMs: 10 })).toBe(30_000);
    expect(maxSilenceMs({ ...bound, largestStepMs: 20_000 })).toBe(80_000);
  });

  it('is far longer in the first step of a shape where that is compiled', () => {
    expect(maxSilenceMs({ stepTimeoutMs: 30_000, largestStepMs: 10, mayCompile: true })).toBe(600_000);
  });
});

describe('the watchdog', () => {
  let silences: number[];
  let watchdog: Watchdog;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    silences = [];
    watchdog = new Watchdog({
      stepTimeoutMs: STEP_TIMEOUT_MS,
      now: () => performance.now(),
      onSilent: (silentMs) => silences.push(silentMs),
    });
  });
  afterEach(() => vi.useRealTimers());

  it('tells once of an engine that owes something and says nothing', () => {
    watchdog.watch(true);
    vi.advanceTimersByTime(STEP_TIMEOUT_MS - 1);
    expect(silences).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(silences).toEqual([STEP_TIMEOUT_MS]);
    vi.advanceTimersByTime(10 * STEP_TIMEOUT_MS);
    expect(silences).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has no timer once nothing is owed for a while', () => {
    expect(vi.getTimerCount()).toBe(0);
    watchdog.watch(true);
    watchdog.watch(true);
    expect(vi.getTimerCount()).toBe(1);
    watchdog.watch(false);
    vi.advanceTimersByTime(STEP_TIMEOUT_MS / 8);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(10 * STEP_TIMEOUT_MS);
    expect(silences).toEqual([]);
  });

  it('counts anew from each sign of life, and from when something is owed again', () => {
    watchdog.watch(true);
    for (let i = 0; i < 5; i++) {
      vi.advanceTimersByTime(STEP_TIMEOUT_MS - 1500);
      watchdog.hear({});
    }
    vi.advanceTimersByTime(STEP_TIMEOUT_MS - 1500);
    watchdog.watch(false);
    watchdog.watch(true);
    vi.advanceTimersByTime(STEP_TIMEOUT_MS - 1500);
    expect(silences).toEqual([]);
  });

  it('waits longer for steps that take long, and for the first of a shape until it is over', () => {
    watchdog.watch(true);
    watchdog.hear({ largestStepMs: 5000 });
    vi.advanceTimersByTime(19_000);
    expect(silences).toEqual([]);
    watchdog.hear({ largestStepMs: 10, mayCompile: true });
    vi.advanceTimersByTime(19 * STEP_TIMEOUT_MS);
    expect(silences).toEqual([]);
    watchdog.hear({});
    vi.advanceTimersByTime(STEP_TIMEOUT_MS + 1000);
    expect(silences).toHaveLength(1);
  });

  it('does not count time in which this process stood still', () => {
    watchdog.watch(true);
    vi.advanceTimersByTime(1000);
    // The clock goes on while no timer fires, as when the process is stopped, or its machine sleeps.
    const now = performance.now() + 60_000;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    vi.advanceTimersByTime(1000);
    vi.restoreAllMocks();
    expect(silences).toEqual([]);
  });
});
