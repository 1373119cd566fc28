import { describe, expect, it } from 'vitest';
import {
  afterDeath,
  NO_DEATHS,
  type RestartHistory,
} from '../../../../../src/engine/client/process/engine-supervisor.ts';

/** The delays of deaths that come one after the other. */
function delaysOf(deaths: readonly { servedMs: number; loadMs: number }[]): number[] {
  const delays: number[] = [];
  deaths.reduce((history: RestartHistory, death) => {
    const next = afterDeath(history, death);
    delays.push(next.delayMs);
    return next;
  }, NO_DEATHS);
  return delays;
}

const times = <T>(count: number, value: T): T[] => new Array<T>(count).fill(value);

describe('the pause before a restart', () => {
  it('is none at first, grows with each death soon after, and has a bound', () => {
    const delays = delaysOf(times(20, { servedMs: 100, loadMs: 500 }));
    expect(delays[0]).toBe(0);
    delays.slice(1, 8).forEach((delay, i) => expect(delay).toBeGreaterThan(delays[i] ?? NaN));
    expect(new Set(delays.slice(8))).toEqual(new Set([15_000]));
  });

  it('is none again once the engine served for ten seconds', () => {
    const [early, well] = [
      { servedMs: 9_999, loadMs: 500 },
      { servedMs: 10_000, loadMs: 500 },
    ];
    expect(delaysOf([early, early, early, well, early])).toEqual([0, 250, 500, 0, 250]);
  });

  it('grows also where the engine served no longer than it loads', () => {
    const slow = { servedMs: 40_000, loadMs: 60_000 };
    expect(delaysOf([slow, slow, slow])).toEqual([0, 250, 500]);
    expect(delaysOf([slow, { servedMs: 60_000, loadMs: 60_000 }])).toEqual([0, 0]);
  });

  it('counts a process that was never ready', () => {
    expect(delaysOf(times(3, { servedMs: 0, loadMs: 0 }))).toEqual([0, 250, 500]);
  });
});
