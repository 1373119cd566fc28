import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type * as Sqlite from 'node-sqlite3-wasm';

export type Database = Sqlite.Database;
export type Statement = Sqlite.Statement;
export type Row = Sqlite.QueryResult;

/** Where nothing is to outlive the service. */
export const IN_MEMORY = ':memory:';

/** A transaction takes milliseconds: a lock so old was left by a process that was killed in the middle of one. */
const STALE_LOCK_MS = 10_000;

interface SqliteFileOptions {
  /** Run whenever the file is opened. */
  readonly schema: string;
  /** How long a call waits for another service that uses the file. Nothing else runs on its thread meanwhile. */
  readonly busyMs: number;
}

/** A file of SQLite, which several services may share. It is opened for the first call. */
export class SqliteFile {
  readonly #path: string;
  readonly #options: SqliteFileOptions;
  #database: Database | undefined;

  constructor(path: string, options: SqliteFileOptions) {
    this.#path = path;
    this.#options = options;
  }

  use<T>(work: (database: Database) => T): T {
    try {
      return work(this.#open());
    } catch (error) {
      if (!String(error).includes('locked') || !removeStaleLock(this.#path)) throw error;
      return work(this.#open());
    }
  }

  /** All changes of `work`, or none. */
  change(work: (database: Database) => void): void {
    this.use((database) => inTransaction(database, () => work(database)));
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  #open(): Database {
    if (this.#database !== undefined) return this.#database;
    if (this.#path !== IN_MEMORY) mkdirSync(dirname(this.#path), { recursive: true });
    const { schema, busyMs } = this.#options;
    this.#database = openDatabase(this.#path, `PRAGMA busy_timeout = ${busyMs}; ${schema}`);
    return this.#database;
  }
}

/** @param statements run at once; if they fail, nothing stays open */
export function openDatabase(path: string, statements: string): Database {
  // CommonJS without names that Node could import; loaded here, since few services ever keep something.
  const sqlite = createRequire(import.meta.url)('node-sqlite3-wasm') as typeof Sqlite;
  const database = new sqlite.Database(path);
  try {
    database.exec(statements);
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

export function inTransaction(database: Database, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** The package locks a file by a folder beside it, which stays if its process is killed. @returns whether one was removed */
function removeStaleLock(path: string): boolean {
  const lock = `${path}.lock`;
  try {
    if (Date.now() - statSync(lock).mtimeMs < STALE_LOCK_MS) return false;
    rmdirSync(lock);
    return true;
  } catch {
    return false;
  }
}
