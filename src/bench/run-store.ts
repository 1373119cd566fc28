import { randomUUID } from 'node:crypto';
import { EngineError } from '../errors.ts';
import type { Database } from '../sqlite/database.ts';
import { SqliteFile } from '../sqlite/sqlite-file.ts';
import { VERSION } from '../version.ts';
import type { BenchmarkReport } from './benchmark-report.ts';

/** Older ones are dropped. */
const MAX_RUNS_KEPT = 500;
/** Short, since the service answers no request meanwhile. */
const BUSY_MS = 100;

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

/** A report may have a megabyte, and a list has none. */
const SUMMARY_COLUMNS = 'id, started_at, version, model, runtime, cpu, peak_generated_tokens_per_s';

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
 * Reports of benchmarks in a file of SQLite, which several services may share. The file is opened for a call, so that
 * a service that never measures needs none. All methods throw EngineError `internal` where the file cannot be used.
 */
export class RunStore {
  readonly #path: string;
  readonly #maxRuns: number;
  readonly #file: SqliteFile;

  /** @param onDamaged see `SqliteFileOptions` */
  constructor(path: string, onDamaged: (text: string) => void, maxRuns = MAX_RUNS_KEPT) {
    this.#path = path;
    this.#maxRuns = maxRuns;
    this.#file = new SqliteFile(path, { schema: SCHEMA, busyMs: BUSY_MS, onDamaged });
  }

  /** Keeps a report; answers with its id. */
  add(report: BenchmarkReport): string {
    const id = randomUUID();
    const { startedAt, model, runtime, machine, loads } = report;
    const rates = loads.map(({ generatedTokensPerS }) => generatedTokensPerS);
    const peak = rates.length === 0 ? null : Math.max(...rates);
    this.#named(() =>
      this.#file.change((database) => {
        database.run('INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)', [
          ...[id, startedAt, VERSION, model.id, runtime, machine.cpu, peak],
          JSON.stringify(report),
        ]);
        database.run('DELETE FROM runs WHERE id NOT IN (SELECT id FROM runs ORDER BY rowid DESC LIMIT ?)', [
          this.#maxRuns,
        ]);
      }),
    );
    return id;
  }

  /** The newest first, in the order in which they were kept: the clock may have been set in between. */
  list(): RunSummary[] {
    const rows = this.#use((database) =>
      database.all(`SELECT ${SUMMARY_COLUMNS} FROM runs ORDER BY rowid DESC`),
    );
    return rows.map((row) => toSummary(row as unknown as SummaryRow));
  }

  find(id: string): StoredRun | undefined {
    const row = this.#use((database) => database.get('SELECT * FROM runs WHERE id = ?', [id])) as unknown as
      (SummaryRow & { report: string }) | null;
    if (row === null) return undefined;
    return this.#named(() => ({ ...toSummary(row), report: JSON.parse(row.report) as BenchmarkReport }));
  }

  /** False where there is none. */
  remove(id: string): boolean {
    return this.#use((database) => database.run('DELETE FROM runs WHERE id = ?', [id])).changes > 0;
  }

  close(): void {
    this.#file.close();
  }

  #use<T>(work: (database: Database) => T): T {
    return this.#named(() => this.#file.use(work));
  }

  /** Errors name the setting that says where the file is. */
  #named<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      const message = `the results of benchmarks cannot be kept in ${this.#path}: ${String(cause)}; see BENCHMARK_RESULTS`;
      throw new EngineError('internal', message, { cause });
    }
  }
}

interface SummaryRow {
  id: string;
  started_at: string;
  version: string;
  model: string;
  runtime: string;
  cpu: string;
  peak_generated_tokens_per_s: number | null;
}

const toSummary = (row: SummaryRow): RunSummary => ({
  id: row.id,
  startedAt: row.started_at,
  version: row.version,
  model: row.model,
  runtime: row.runtime,
  cpu: row.cpu,
  peakGeneratedTokensPerS: row.peak_generated_tokens_per_s ?? undefined,
});
