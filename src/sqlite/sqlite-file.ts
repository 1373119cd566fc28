import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { isDamage, moveAside } from './damage.ts';
import { inTransaction, openDatabase, type Database } from './database.ts';
import { SqliteLock } from './sqlite-lock.ts';

/** Where nothing is to outlive the service. */
export const IN_MEMORY = ':memory:';

export interface SqliteFileOptions {
  /** Run whenever the file is opened. */
  readonly schema: string;
  /** How long a call waits for another service that uses the file. Nothing else runs on its thread meanwhile. */
  readonly busyMs: number;
  /** A damaged file was moved aside, and another one begun. The text is for people. */
  onDamaged(text: string): void;
}

/**
 * A file of SQLite, which several services may share. It is opened for each call, in one process at a time: so nothing is
 * kept of a file that was replaced or damaged meanwhile. See docs/decisions/0143-files-of-sqlite.md.
 */
export class SqliteFile {
  readonly #path: string;
  readonly #options: SqliteFileOptions;
  readonly #lock: SqliteLock;
  /** Kept open, since it is nowhere else. */
  #inMemory: Database | undefined;

  constructor(path: string, options: SqliteFileOptions) {
    this.#path = path;
    this.#options = options;
    this.#lock = new SqliteLock(path, options.busyMs);
  }

  /** @throws EngineError `conflict` where another process is at it for too long; Error of SQLite or of the file system */
  use<T>(work: (database: Database) => T): T {
    if (this.#path === IN_MEMORY)
      return work((this.#inMemory ??= openDatabase(IN_MEMORY, this.#options.schema)));
    mkdirSync(dirname(this.#path), { recursive: true });
    return this.#lock.whileHeld(() => {
      try {
        return this.#openFor(work);
      } catch (error) {
        if (!isDamage(error, this.#path)) throw error;
        this.#options.onDamaged(moveAside(this.#path, error));
        return this.#openFor(work);
      }
    });
  }

  /** All changes of `work`, or none. */
  change(work: (database: Database) => void): void {
    this.use((database) => inTransaction(database, () => work(database)));
  }

  close(): void {
    this.#inMemory?.close();
    this.#inMemory = undefined;
  }

  #openFor<T>(work: (database: Database) => T): T {
    const database = openDatabase(this.#path, this.#options.schema);
    try {
      return work(database);
    } finally {
      database.close();
    }
  }
}
