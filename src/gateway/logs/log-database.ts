import { groupOf } from '../../fairness/client-id.ts';
import { inTransaction, type Database, type Row } from '../../sqlite/database.ts';
import { SqliteFile } from '../../sqlite/sqlite-file.ts';
import {
  isSuccess,
  type GatewayLog,
  type LogKey,
  type LogPage,
  type LogPatch,
  type LogQuery,
} from './gateway-log.ts';

/** How much is kept of all clients together. */
export interface LogBounds {
  readonly maxBytes: number;
  readonly maxRows: number;
}

/** Share of the bounds that is freed when one is passed. */
const FREED_AT_ONCE = 1 / 16;
/** Deleted by one transaction, so that a thread that is ended while it deletes has not done so in vain. */
const ROWS_AT_ONCE = 1024;
/** Deleted of an owner before it is asked again who holds most. */
const ROWS_OF_OWNER = 32;
/** What SQLite takes for a row and its places in the indexes, beside the texts in it. */
const ROW_BYTES = 450;
/** It has a thread of its own. */
const BUSY_MS = 1000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS logs (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    client_group TEXT NOT NULL,
    gateway TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    success INTEGER NOT NULL,
    cached INTEGER NOT NULL,
    num_bytes INTEGER NOT NULL,
    log TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS logs_by_owner ON logs (owner, gateway, id);
  CREATE INDEX IF NOT EXISTS logs_by_age ON logs (owner, id);
  CREATE TABLE IF NOT EXISTS shares (
    owner TEXT PRIMARY KEY,
    client_group TEXT NOT NULL,
    num_rows INTEGER NOT NULL,
    num_bytes INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TRIGGER IF NOT EXISTS log_added AFTER INSERT ON logs BEGIN
    INSERT INTO shares VALUES (new.owner, new.client_group, 1, new.num_bytes)
      ON CONFLICT (owner) DO UPDATE SET num_rows = num_rows + 1, num_bytes = num_bytes + excluded.num_bytes;
  END;
  CREATE TRIGGER IF NOT EXISTS log_changed AFTER UPDATE ON logs BEGIN
    UPDATE shares SET num_bytes = num_bytes + new.num_bytes - old.num_bytes WHERE owner = new.owner;
  END;
  CREATE TRIGGER IF NOT EXISTS log_removed AFTER DELETE ON logs BEGIN
    UPDATE shares SET num_rows = num_rows - 1, num_bytes = num_bytes - old.num_bytes WHERE owner = old.owner;
    DELETE FROM shares WHERE owner = old.owner AND num_rows = 0;
  END;
  CREATE INDEX IF NOT EXISTS shares_by_size ON shares (client_group, num_bytes);
  CREATE TABLE IF NOT EXISTS client_groups (
    client_group TEXT PRIMARY KEY,
    num_bytes INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS client_groups_by_size ON client_groups (num_bytes);
  CREATE TRIGGER IF NOT EXISTS share_added AFTER INSERT ON shares BEGIN
    INSERT INTO client_groups VALUES (new.client_group, new.num_bytes)
      ON CONFLICT (client_group) DO UPDATE SET num_bytes = num_bytes + excluded.num_bytes;
  END;
  CREATE TRIGGER IF NOT EXISTS share_changed AFTER UPDATE ON shares BEGIN
    UPDATE client_groups SET num_bytes = num_bytes + new.num_bytes - old.num_bytes
      WHERE client_group = new.client_group;
  END;
  CREATE TRIGGER IF NOT EXISTS share_removed AFTER DELETE ON shares BEGIN
    UPDATE client_groups SET num_bytes = num_bytes - old.num_bytes WHERE client_group = old.client_group;
    DELETE FROM client_groups WHERE client_group = old.client_group AND num_bytes <= 0;
  END;
  -- A file of an older version has no sums of groups.
  INSERT INTO client_groups SELECT client_group, sum(num_bytes) FROM shares
    WHERE NOT EXISTS (SELECT 1 FROM client_groups) GROUP BY client_group;
`;
/** Sums anew what each owner holds, of which the triggers sum what each group does. */
const COUNT_AGAIN = `
  DELETE FROM shares;
  DELETE FROM client_groups;
  INSERT INTO shares SELECT owner, client_group, count(*), sum(num_bytes) FROM logs GROUP BY owner;
`;
const LARGEST_OWNER = `
  SELECT owner FROM shares WHERE client_group =
    (SELECT client_group FROM client_groups ORDER BY num_bytes DESC LIMIT 1)
  ORDER BY num_bytes DESC LIMIT 1`;
const DELETE_OLDEST = `
  DELETE FROM logs WHERE id IN (SELECT id FROM logs WHERE owner = ? ORDER BY id LIMIT ?)
  RETURNING num_bytes`;

/**
 * Logs of gateways in a file of SQLite, which several services may share. When a bound is passed, the client group that
 * holds most gives way, in it the owner that holds most, and of its logs the oldest: as in a `BoundedStore`.
 */
export class LogDatabase {
  readonly #file: SqliteFile;
  readonly #bounds: LogBounds;
  readonly #onDamaged: (text: string) => void;
  #isDamageTold = false;

  /** @param onDamaged see `SqliteFileOptions`; also called for a damaged log in a file that is whole */
  constructor(path: string, bounds: LogBounds, onDamaged: (text: string) => void) {
    this.#file = new SqliteFile(path, { schema: SCHEMA, busyMs: BUSY_MS, onDamaged });
    this.#bounds = bounds;
    this.#onDamaged = onDamaged;
  }

  add(logs: readonly GatewayLog[]): void {
    this.#file.use((database) => {
      inTransaction(database, () => {
        for (const log of logs) this.#insert(database, log);
      });
      this.#keepBounds(database);
    });
  }

  find({ id, ownerId, gateway }: LogKey): GatewayLog | undefined {
    const row = this.#file.use((database) =>
      database.get('SELECT id, log FROM logs WHERE id = ? AND gateway = ? AND owner = ifnull(?, owner)', [
        ...[id, gateway],
        ownerId ?? null,
      ]),
    );
    return row === null ? undefined : this.#read(row);
  }

  list({ limit, offset, oldestFirst = false, ...query }: LogQuery): LogPage {
    const [condition, values] = conditionOf(query);
    const order = oldestFirst ? 'ASC' : 'DESC';
    return this.#file.use((database) => {
      const rows = database.all(
        `SELECT id, log FROM logs ${condition} ORDER BY id ${order} LIMIT ? OFFSET ?`,
        [...values, ...[limit, offset]],
      );
      const count = database.get(`SELECT count(*) AS num_logs FROM logs ${condition}`, values);
      const found = rows.map((row) => this.#read(row)).filter((log) => log !== undefined);
      return { logs: found, numLogs: Number(count?.['num_logs'] ?? 0) };
    });
  }

  /** False where there is none. */
  patch(key: LogKey, patch: LogPatch): boolean {
    const log = this.find(key);
    if (log === undefined) return false;
    const text = JSON.stringify({ ...log, ...patch });
    this.#file.change((database) => {
      database.run('UPDATE logs SET log = ?, num_bytes = ? WHERE id = ?', [
        text,
        this.#bytesOf(text),
        log.id,
      ]);
    });
    return true;
  }

  close(): void {
    this.#file.close();
  }

  /** At least its part of the bound in bytes, if there are as many rows as there may be: so one bound holds both. */
  #bytesOf(text: string): number {
    const { maxBytes, maxRows } = this.#bounds;
    return Math.max(ROW_BYTES + Buffer.byteLength(text), Math.ceil(maxBytes / maxRows));
  }

  #insert(database: Database, log: GatewayLog): void {
    const text = JSON.stringify(log);
    database.run('INSERT INTO logs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING', [
      ...[log.id, log.ownerId, groupOf(log.ownerId), log.gateway, log.provider, log.model],
      ...[Number(isSuccess(log)), Number(log.isCached), this.#bytesOf(text), text],
    ]);
  }

  /** In steps, each over an index: what was deleted stays so, whatever ends the thread. */
  #keepBounds(database: Database): void {
    const { maxBytes } = this.#bounds;
    let numBytes = sumOf(database);
    if (numBytes <= maxBytes) return;
    let isCountedAgain = false;
    while (numBytes > maxBytes * (1 - FREED_AT_ONCE)) {
      let numFreed = 0;
      inTransaction(database, () => {
        numFreed = deleteOfLargest(database, numBytes - maxBytes * (1 - FREED_AT_ONCE));
      });
      numBytes -= numFreed;
      if (numFreed > 0) continue;
      // The sums are not those of the logs: a byte of the file was damaged.
      if (isCountedAgain) return;
      isCountedAgain = true;
      inTransaction(database, () => database.exec(COUNT_AGAIN));
      numBytes = sumOf(database);
    }
  }

  /** Undefined for one that the disk has damaged; the first is told. */
  #read(row: Row): GatewayLog | undefined {
    const log = parse(row);
    if (log === undefined && !this.#isDamageTold) {
      this.#isDamageTold = true;
      this.#onDamaged(
        `the log ${JSON.stringify(row['id'])} of a gateway cannot be read, so lists leave it out`,
      );
    }
    return log;
  }
}

function sumOf(database: Database): number {
  return Number(database.get('SELECT ifnull(sum(num_bytes), 0) AS sum FROM client_groups')?.['sum'] ?? 0);
}

/**
 * Deletes the oldest logs of whoever holds most, then of whoever does then, and so on.
 * @returns how many bytes: `numBytes` or more, unless that takes more than one transaction's rows
 */
function deleteOfLargest(database: Database, numBytes: number): number {
  const largest = database.prepare(LARGEST_OWNER);
  const oldest = database.prepare(DELETE_OLDEST);
  let [numRows, numFreed] = [0, 0];
  try {
    while (numRows < ROWS_AT_ONCE && numFreed < numBytes) {
      const owner = largest.get();
      if (owner === null) break;
      const deleted = oldest.all([owner['owner'] as string, ROWS_OF_OWNER]);
      if (deleted.length === 0) break;
      numRows += deleted.length;
      for (const row of deleted) numFreed += Number(row['num_bytes']);
    }
    return numFreed;
  } finally {
    largest.finalize();
    oldest.finalize();
  }
}

function conditionOf(query: Omit<LogQuery, 'limit' | 'offset'>): [string, (string | number)[]] {
  const { ownerId, gateway, provider, model, isSuccess: success, isCached } = query;
  const parts = [
    ['owner', ownerId],
    ['gateway', gateway],
    ['provider', provider],
    ['model', model],
    ['success', success === undefined ? undefined : Number(success)],
    ['cached', isCached === undefined ? undefined : Number(isCached)],
  ] as const;
  const used = parts.flatMap(([column, value]) => (value === undefined ? [] : [{ column, value }]));
  const condition = used.map(({ column }) => `${column} = ?`).join(' AND ');
  return [condition === '' ? '' : `WHERE ${condition}`, used.map(({ value }) => value)];
}

function parse(row: Row): GatewayLog | undefined {
  try {
    const log = JSON.parse(row['log'] as string) as GatewayLog | null;
    return log?.id === row['id'] && typeof log?.statusCode === 'number' ? log : undefined;
  } catch {
    return undefined;
  }
}
