import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as Sqlite from 'node-sqlite3-wasm';

export type Database = Sqlite.Database;
export type Statement = Sqlite.Statement;
export type Row = Sqlite.QueryResult;

/**
 * By a journal of what was there before, the library never undoes the change at which a process was killed: its own lock looks
 * like that of another process that is at work. A log of what is written (WAL) needs no such look. Without shared memory,
 * which the library has not, one connection at a time may have the file open.
 */
const ONE_AT_A_TIME = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA journal_size_limit = ${4 * 2 ** 20};
`;

/**
 * Opens a file that nothing else has open: the caller sees to that.
 * @param statements run at once; if they fail, nothing stays open
 */
export function openDatabase(path: string, statements: string): Database {
  // CommonJS without names that Node could import; loaded here, since few services ever keep something.
  const sqlite = createRequire(import.meta.url)('node-sqlite3-wasm') as typeof Sqlite;
  const database = new sqlite.Database(path);
  try {
    database.exec(`${ONE_AT_A_TIME} ${statements}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * The library locks a file by an empty folder beside it, which names nobody, and stays there when its process is killed. The
 * caller knows that nothing has the file open.
 */
export function removeLibraryLock(path: string): void {
  rmSync(libraryLockOf(path), { recursive: true, force: true });
}

export const libraryLockOf = (path: string): string => `${path}.lock`;

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
