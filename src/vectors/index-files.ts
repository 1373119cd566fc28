import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import {
  inTransaction,
  openDatabase,
  removeLibraryLock,
  type Database,
  type Statement,
} from '../sqlite/database.ts';
import type { PropertyType } from './vector-types.ts';

const VALUES_FILE = 'values.f32';
const ROWS_FILE = 'rows.sqlite';
const BYTES_PER_NUMBER = 4;

/**
 * Ids are bytes: the library ends a text at its first zero. `slot` is the place in the file of values. `put` counts changes:
 * a vector is in a metadata index that was made before it was put.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS vectors (
    slot INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    namespace BLOB,
    metadata TEXT,
    put INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS properties (path BLOB PRIMARY KEY, type TEXT NOT NULL, since INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS state (
    one INTEGER PRIMARY KEY CHECK (one = 1), change INTEGER NOT NULL, mutation TEXT, changed_at TEXT
  );
  INSERT OR IGNORE INTO state VALUES (1, 0, NULL, NULL);
`;

export interface StoredRow {
  readonly slot: number;
  readonly id: string;
  readonly namespace: string | undefined;
  /** Compact JSON. */
  readonly metadata: string | undefined;
  readonly put: number;
}

export interface StoredProperty {
  readonly path: string;
  readonly type: PropertyType;
  readonly since: number;
}

export interface IndexState {
  /** Of changes so far. */
  readonly change: number;
  readonly mutation: string | undefined;
  /** ISO 8601. */
  readonly changedAt: string | undefined;
}

/**
 * What an index keeps on disk: the numbers of vectors in a file of float32, a row after the other, and in SQLite which
 * vector has which row. A change first writes numbers into rows that no vector has, then says in one transaction whose they
 * are. So a process that dies loses the change that it was at, and nothing else. One process at a time has the files open.
 */
export class IndexFiles {
  readonly #rowBytes: number;
  readonly #values: number;
  readonly #database: Database;
  readonly #byId: Statement;
  readonly #bySlot: Statement;

  /** @throws EngineError `internal` for files that cannot be used */
  constructor(folder: string, dimensions: number) {
    this.#rowBytes = dimensions * BYTES_PER_NUMBER;
    let values: number | undefined;
    let database: Database | undefined;
    try {
      values = openSync(join(folder, VALUES_FILE), 'r+');
      // SQLite would begin a new one.
      if (statSync(join(folder, ROWS_FILE)).size === 0)
        throw new EngineError('internal', `${ROWS_FILE} is empty`);
      database = openRows(folder, dimensions);
      this.#byId = database.prepare('SELECT * FROM vectors WHERE id = ?');
      this.#bySlot = database.prepare('SELECT * FROM vectors WHERE slot = ?');
    } catch (cause) {
      if (values !== undefined) closeSync(values);
      database?.close();
      throw new EngineError('internal', `the index in ${folder} cannot be opened: ${String(cause)}`, {
        cause,
      });
    }
    this.#values = values;
    this.#database = database;
  }

  /** Bytes that an index takes on disk before it has vectors; makes its files. */
  static create(folder: string, dimensions: number): void {
    closeSync(openSync(join(folder, VALUES_FILE), 'wx'));
    openRows(folder, dimensions).close();
  }

  /** On disk, in bytes. */
  get numBytes(): number {
    const [count, size] = ['page_count', 'page_size'].map((name) =>
      Number(this.#database.get(`PRAGMA ${name}`)?.[name]),
    );
    return fstatSync(this.#values).size + (count ?? 0) * (size ?? 0);
  }

  /** Rows of the file of values, with and without a vector. */
  get numSlots(): number {
    return Math.floor(fstatSync(this.#values).size / this.#rowBytes);
  }

  state(): IndexState {
    const { change, mutation, changed_at: changedAt } = this.#database.get('SELECT * FROM state') ?? {};
    return {
      change: Number(change),
      mutation: typeof mutation === 'string' ? mutation : undefined,
      changedAt: typeof changedAt === 'string' ? changedAt : undefined,
    };
  }

  properties(): StoredProperty[] {
    const rows = this.#database.all('SELECT * FROM properties ORDER BY since, path');
    return rows.map(({ path, type, since }) => ({
      path: textOf(path) ?? '',
      type: type as PropertyType,
      since: Number(since),
    }));
  }

  /** All of them, in the order of their slots. */
  *rows(): Generator<StoredRow> {
    const statement = this.#database.prepare('SELECT * FROM vectors ORDER BY slot');
    try {
      for (const row of statement.iterate()) yield toRow(row);
    } finally {
      statement.finalize();
    }
  }

  rowOf(id: string): StoredRow | undefined {
    const row = this.#byId.get([Buffer.from(id)]);
    return row === null ? undefined : toRow(row);
  }

  rowAt(slot: number): StoredRow | undefined {
    const row = this.#bySlot.get([slot]);
    return row === null ? undefined : toRow(row);
  }

  /** Ids behind one, in the order of their bytes. */
  idsAfter(id: string | undefined, count: number): string[] {
    const rows = this.#database.all('SELECT id FROM vectors WHERE id > ? ORDER BY id LIMIT ?', [
      Buffer.from(id ?? ''),
      count,
    ]);
    return rows.map((row) => textOf(row['id']) ?? '');
  }

  /** Numbers of rows that lie side by side. @throws EngineError `internal` where the file ends before */
  readValues(firstSlot: number, into: Float32Array): void {
    const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
    for (let read = 0; read < bytes.length;) {
      const count = readSync(
        this.#values,
        bytes,
        read,
        bytes.length - read,
        firstSlot * this.#rowBytes + read,
      );
      if (count === 0) throw new EngineError('internal', 'the file of an index ends before its vectors do');
      read += count;
    }
  }

  /** Makes sure that they are on disk before it returns. */
  writeValues(rows: Iterable<readonly [slot: number, values: Float32Array]>): void {
    for (const [slot, values] of rows) {
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      for (let written = 0; written < bytes.length;) {
        written += writeSync(
          this.#values,
          bytes,
          written,
          bytes.length - written,
          slot * this.#rowBytes + written,
        );
      }
    }
    fdatasyncSync(this.#values);
  }

  /** Takes off rows behind the last vector, such as those of a change that did not come to its end. */
  cutValues(numSlots: number): void {
    if (numSlots < this.numSlots) ftruncateSync(this.#values, numSlots * this.#rowBytes);
  }

  /** Whether a change could be neither kept nor undone. */
  get isInTransaction(): boolean {
    return this.#database.inTransaction;
  }

  /** One change: all of it is kept, or nothing. @returns its number */
  change(work: (change: Change) => void, now: { mutation: string; at: string }): number {
    const database = this.#database;
    const { change } = this.state();
    inTransaction(database, () => {
      const put = database.prepare('INSERT INTO vectors VALUES (?, ?, ?, ?, ?)');
      const remove = database.prepare('DELETE FROM vectors WHERE slot = ?');
      try {
        work({
          put: ({ slot, id, namespace, metadata }) => {
            put.run([slot, Buffer.from(id), bytesOf(namespace), metadata ?? null, change + 1]);
          },
          remove: (slot) => {
            remove.run([slot]);
          },
          addProperty: (path, type) => {
            database.run('INSERT INTO properties VALUES (?, ?, ?)', [Buffer.from(path), type, change]);
          },
          removeProperty: (path) => {
            database.run('DELETE FROM properties WHERE path = ?', [Buffer.from(path)]);
          },
        });
      } finally {
        put.finalize();
        remove.finalize();
      }
      database.run('UPDATE state SET change = ?, mutation = ?, changed_at = ?', [
        change + 1,
        now.mutation,
        now.at,
      ]);
    });
    return change + 1;
  }

  /** Also after a fault, of which the library may complain again. */
  close(): void {
    try {
      this.#byId.finalize();
      this.#bySlot.finalize();
      this.#database.close();
    } finally {
      closeSync(this.#values);
    }
  }
}

/** What a change may do. */
export interface Change {
  put(row: Omit<StoredRow, 'put'>): void;
  remove(slot: number): void;
  addProperty(path: string, type: PropertyType): void;
  removeProperty(path: string): void;
}

function openRows(folder: string, dimensions: number): Database {
  const path = join(folder, ROWS_FILE);
  // The lock of the index is another: so this one was left by a process that was killed.
  removeLibraryLock(path);
  const database = openDatabase(path, SCHEMA);
  try {
    keepDimensions(database, dimensions);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** By a wrong number of dimensions the file of values would be read askew, and then be cut. Files of old have none. */
function keepDimensions(database: Database, dimensions: number): void {
  const kept = Number(database.get('PRAGMA user_version')?.['user_version']);
  if (kept === 0) database.exec(`PRAGMA user_version = ${dimensions}`);
  else if (kept !== dimensions) {
    throw new EngineError('internal', `it has ${kept} dimensions, and its configuration ${dimensions}`);
  }
}

function toRow({ slot, id, namespace, metadata, put }: Record<string, unknown>): StoredRow {
  return {
    slot: Number(slot),
    id: textOf(id) ?? '',
    namespace: textOf(namespace),
    metadata: typeof metadata === 'string' ? metadata : undefined,
    put: Number(put),
  };
}

const bytesOf = (text: string | undefined): Uint8Array | null =>
  text === undefined ? null : Buffer.from(text);

const textOf = (bytes: unknown): string | undefined =>
  bytes instanceof Uint8Array ? Buffer.from(bytes).toString() : undefined;
