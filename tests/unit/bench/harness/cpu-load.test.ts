import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { processMsIn, readCpu, shareOfOthers, sumCores } from '../../../../bench/harness/cpu-load.ts';
import { isBusy, QuietMachine } from '../../../../bench/harness/quiet-machine.ts';

const core = (idle: number, user: number) => ({ times: { user, nice: 1, sys: 2, idle, irq: 3 } });

describe('sumCores', () => {
  it('adds up all cores, and takes the idle time off', () => {
    expect(sumCores([core(100, 10), core(200, 20)])).toEqual({ totalMs: 342, busyMs: 42 });
  });
});

describe('shareOfOthers', () => {
  const before = { totalMs: 1000, busyMs: 600, ownMs: 500 };

  it("is what was busy without the benchmark's own time, of all cores", () => {
    expect(shareOfOthers(before, { totalMs: 3000, busyMs: 2100, ownMs: 1500 })).toBe(0.25);
    expect(shareOfOthers(before, { totalMs: 3000, busyMs: 2600, ownMs: 2500 })).toBe(0);
  });

  it('is nothing below 0, and unknown when no time went by', () => {
    expect(shareOfOthers(before, { totalMs: 3000, busyMs: 2600, ownMs: 2520 })).toBe(0);
    expect(shareOfOthers(before, before)).toBeUndefined();
  });
});

describe('isBusy', () => {
  it('is so above a tenth of the machine', () => {
    expect([0, 0.1, 0.11, 1, undefined].map(isBusy)).toEqual([false, false, true, true, false]);
  });
});

describe('QuietMachine', () => {
  it('has a disturbed trial repeated three times, then keeps it and tells', () => {
    const quiet = new QuietMachine();
    const judge = (name: string, share: number) => quiet.judgeTrial(name, share);
    expect([judge('a', 0.5), judge('a', 0.05)]).toEqual(['repeat', 'keep']);
    expect([judge('b', 0.5), judge('b', 0.5), judge('b', 0.5)]).toEqual(['repeat', 'repeat', 'repeat']);
    expect(quiet.disturbances).toEqual([]);
    expect(judge('b', 0.42)).toBe('keep');
    expect(quiet.disturbances).toEqual(['b: others took 42 % of the cores']);
  });
});

describe('processMsIn', () => {
  it('reads user and system time behind a name with spaces and parentheses', () => {
    const stat = '42 (a) R (b) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 7 8 20 0 11 0 12345 1000 200';
    expect(processMsIn(stat)).toBe(3000);
    expect(processMsIn('')).toBe(0);
  });

  it.skipIf(!existsSync('/proc/self/stat'))('is what Node says of its own process', () => {
    const { user, system } = process.cpuUsage();
    const readMs = processMsIn(readFileSync('/proc/self/stat', 'utf8'));
    // Two clocks that tick 100 times a second each.
    expect(Math.abs(readMs - (user + system) / 1000)).toBeLessThan(100);
  });
});

describe('readCpu', () => {
  it.skipIf(!existsSync('/proc/self/stat'))('counts the time of this process as its own', async () => {
    const before = await readCpu();
    const until = performance.now() + 200;
    while (performance.now() < until);
    const after = await readCpu();
    expect(after.ownMs - before.ownMs).toBeGreaterThan(0);
    expect(after.totalMs).toBeGreaterThan(before.totalMs);
    expect(after.busyMs).toBeGreaterThan(before.busyMs);
  });
});
