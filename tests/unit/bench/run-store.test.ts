import { execFileSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { BenchmarkReport } from '../../../src/bench/benchmark-report.ts';
import { RunStore } from '../../../src/bench/run-store.ts';
import { IN_MEMORY } from '../../../src/sqlite/sqlite-file.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

const expectNone = (text: string): never => {
  throw new Error(text);
};

const report = (startedAt: string, rates: readonly number[] = []): BenchmarkReport =>
  ({
    startedAt,
    model: { id: "o'brien/model" },
    runtime: 'wasm',
    machine: { cpu: 'a processor' },
    loads: rates.map((generatedTokensPerS) => ({ generatedTokensPerS })),
  }) as unknown as BenchmarkReport;

it('lists the newest first, with the fastest load, and gives each back as it was', () => {
  const store = new RunStore(IN_MEMORY, expectNone);
  const first = store.add(report('2026-01-01T00:00:00Z', [10, 30, 20]));
  const second = store.add(report('2026-01-02T00:00:00Z'));
  expect(store.list().map(({ id, peakGeneratedTokensPerS }) => [id, peakGeneratedTokensPerS])).toEqual([
    [second, undefined],
    [first, 30],
  ]);
  expect(store.find(first)?.report).toEqual(report('2026-01-01T00:00:00Z', [10, 30, 20]));
  expect(store.find("' OR 1=1 --")).toBeUndefined();
  expect([store.remove(first), store.remove(first)]).toEqual([true, false]);
  store.close();
});

it('keeps the newest, in a file that others read, too', () => {
  const path = join(tempDirectory(), 'below', 'benchmarks.sqlite');
  const store = new RunStore(path, expectNone, 20);
  for (let index = 0; index < 23; index++) store.add(report(new Date(1e12 + index * 1000).toISOString()));
  expect(store.list()).toHaveLength(20);
  expect(store.list().at(-1)?.startedAt).toBe(new Date(1e12 + 3000).toISOString());
  const other = new RunStore(path, expectNone);
  expect(other.list()).toEqual(store.list());
  other.close();
  store.close();
  // Python's own SQLite, as a reader that is not ours.
  const script =
    'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("PRAGMA integrity_check").fetchone()[0])';
  expect(execFileSync('python3', ['-c', script, path], { encoding: 'utf8' }).trim()).toBe('ok');
});

it('begins a new file where its own is damaged, and says so', () => {
  const path = join(tempDirectory(), 'benchmarks.sqlite');
  const told: string[] = [];
  const store = new RunStore(path, (text) => told.push(text));
  store.add(report('2026-01-01T00:00:00Z'));
  truncateSync(path, 5000);
  const id = store.add(report('2026-01-02T00:00:00Z'));
  expect(store.list().map((run) => run.id)).toEqual([id]);
  expect(told).toEqual([expect.stringContaining('benchmarks.sqlite.damaged')]);
  store.close();
});

it('says which setting to change where its file is none', () => {
  const path = join(tempDirectory(), 'a file');
  writeFileSync(
    path,
    'this is no database, and long enough to be told apart from one that is empty'.repeat(30),
  );
  expect(() => new RunStore(path, expectNone).list()).toThrow('BENCHMARK_RESULTS');
});
