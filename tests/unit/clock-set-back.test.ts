import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { BenchmarkReport } from '../../src/bench/benchmark-report.ts';
import { RunStore } from '../../src/bench/run-store.ts';
import { createLogId } from '../../src/gateway/logs/gateway-log.ts';
import { IN_MEMORY } from '../../src/sqlite/sqlite-file.ts';
import { readRunningRequests, RunningRequests } from '../../src/watch/running-requests.ts';

const HOUR_MS = 3_600_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

const setClock = (byMs: number): void => void vi.setSystemTime(Date.now() + byMs);

it('ids of logs stay in the order in which they were made', async () => {
  const before = createLogId();
  await new Promise((resolve) => setTimeout(resolve, 2));
  setClock(-HOUR_MS);
  expect(createLogId() > before).toBe(true);
});

it('the age of a running request is what has passed', () => {
  const running = new RunningRequests();
  running.enter({ id: 'one', route: '/v1/completions', onPhase: undefined });
  for (const jumpMs of [-HOUR_MS, 2 * HOUR_MS]) {
    setClock(jumpMs);
    const [request] = readRunningRequests(running.shared).requests;
    expect(request?.ageMs).toBeGreaterThanOrEqual(0);
    expect(request?.ageMs).toBeLessThan(HOUR_MS / 2);
  }
});

it('the newest report of a benchmark is kept, and listed first', () => {
  const store = new RunStore(IN_MEMORY, expect.fail, 2);
  const add = (): string => {
    const startedAt = new Date().toISOString();
    const report = { startedAt, model: { id: 'm' }, runtime: 'wasm', machine: { cpu: 'c' }, loads: [] };
    return store.add(report as unknown as BenchmarkReport);
  };
  const [, second] = [add(), add()];
  setClock(-HOUR_MS);
  const third = add();
  expect(store.list().map(({ id }) => id)).toEqual([third, second]);
  store.close();
});
