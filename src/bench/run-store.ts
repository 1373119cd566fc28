import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type * as Sqlite from 'node-sqlite3-wasm';
import { EngineError } from '../errors.ts';
import { VERSION } from '../version.ts';
import type { BenchmarkReport } from './benchmark-report.ts';

/** Where nothing is to outlive the service. */
export const IN_MEMORY = ':memory:';

/** Older ones are dropped. */
const MAX_RUNS_KEPT = 500;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY,
    started_at TEXT NOT NULL,
    version TEXT NOT NULL,
    model TEXT NOT NULL,
    runtime TEXT NOT NULL,
    cpu TEXT NOT NULL,
    peak_generated_tokens_per_s REAL,
    report TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS runs_by_start ON runs (started_at);
`;

/** What a list shows of a run. */
export interface RunSummary {
  id: string;
  /** ISO 8601. */
  startedAt: string;
  /** Of the service that measured. */
  version: string;
  model: string;
  runtime: string;
  cpu: string;
  /** Of its fastest load; undefined without loads. */
  peakGeneratedTokensPerS: number | undefined;
}

export interface StoredRun extends RunSummary {
  report: BenchmarkReport;
}

/**
 * Reports of benchmarks in a file of SQLite, which several services may share. The file is opened for the first call, so
 * that a service that never measures needs none. All methods throw EngineError `internal` where the file cannot be used.
 */
export class RunStore {
  readonly #path: string;
  #database: Sqlite.Database | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Keeps a report; answers with its id. */
  add(report: BenchmarkReport): string {
    const id = randomUUID();
    const { startedAt, model, runtime, machine, loads } = report;
    const rates = loads.map(({ generatedTokensPerS }) => generatedTokensPerS);
    const peak = rates.length === 0 ? null : Math.max(...rates);
    this.#use((database) => {
      database.run('INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)', [
        ...[id, startedAt, VERSION, model.id, runtime, machine.cpu, peak],
        JSON.stringify(report),
      ]);
      database.run(
        'DELETE FROM runs WHERE id NOT IN (SELECT id FROM runs ORDER BY started_at DESC, rowid DESC LIMIT ?)',
        [MAX_RUNS_KEPT],
      );
    });
    return id;
  }

  /** The newest first. */
  list(): RunSummary[] {
    const rows = this.#use((database) =>
      database.all('SELECT * FROM runs ORDER BY started_at DESC, rowid DESC'),
    );
    return rows.map((row) => toSummary(row as unknown as Row));
  }

  find(id: string): StoredRun | undefined {
    const row = this.#use((database) =>
      database.get('SELECT * FROM runs WHERE id = ?', [id]),
    ) as unknown as Row | null;
    if (row === null) return undefined;
    return { ...toSummary(row), report: JSON.parse(row.report) as BenchmarkReport };
  }

  /** False where there is none. */
  remove(id: string): boolean {
    return this.#use((database) => database.run('DELETE FROM runs WHERE id = ?', [id])).changes > 0;
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  #use<T>(work: (database: Sqlite.Database) => T): T {
    try {
      this.#database ??= open(this.#path);
      return work(this.#database);
    } catch (cause) {
      const message = `the results of benchmarks cannot be kept in ${this.#path}: ${String(cause)}; see BENCHMARK_RESULTS`;
      throw new EngineError('internal', message, { cause });
    }
  }
}

interface Row {
  id: string;
  started_at: string;
  version: string;
  model: string;
  runtime: string;
  cpu: string;
  peak_generated_tokens_per_s: number | null;
  report: string;
}

const toSummary = (row: Row): RunSummary => ({
  id: row.id,
  startedAt: row.started_at,
  version: row.version,
  model: row.model,
  runtime: row.runtime,
  cpu: row.cpu,
  peakGeneratedTokensPerS: row.peak_generated_tokens_per_s ?? undefined,
});

function open(path: string): Sqlite.Database {
  if (path !== IN_MEMORY) mkdirSync(dirname(path), { recursive: true });
  // CommonJS without names that Node could import; loaded here, since few services ever measure.
  const sqlite = createRequire(import.meta.url)('node-sqlite3-wasm') as typeof Sqlite;
  const database = new sqlite.Database(path);
  database.exec(SCHEMA);
  return database;
}
