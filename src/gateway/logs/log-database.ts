import { groupOf } from '../../fairness/client-id.ts';
import type { Database, Row } from '../../sqlite/database.ts';
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
/** Deleted by one statement. */
const ROWS_AT_ONCE = 256;
/** What SQLite takes for a row and its places in the indexes, beside the texts in it. */
const ROW_BYTES = 400;
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
`;

/**
 * Logs of gateways in a file of SQLite, which several services may share. When a bound is passed, the client group that
 * holds most gives way, in it the owner that holds most, and of its logs the oldest: as in a `BoundedStore`.
 */
export class LogDatabase {
  readonly #file: SqliteFile;
  readonly #bounds: LogBounds;

  /** @param onDamaged see `SqliteFileOptions` */
  constructor(path: string, bounds: LogBounds, onDamaged: (text: string) => void) {
    this.#file = new SqliteFile(path, { schema: SCHEMA, busyMs: BUSY_MS, onDamaged });
    this.#bounds = bounds;
  }

  add(logs: readonly GatewayLog[]): void {
    this.#file.change((database) => {
      for (const log of logs) {
        const text = JSON.stringify(log);
        database.run('INSERT OR REPLACE INTO logs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)', [
          ...[log.id, log.ownerId, groupOf(log.ownerId), log.gateway, log.provider, log.model],
          ...[Number(isSuccess(log)), Number(log.isCached), this.#bytesOf(text), text],
        ]);
      }
      this.#keepBounds(database);
    });
  }

  find({ id, ownerId, gateway }: LogKey): GatewayLog | undefined {
    const row = this.#file.use((database) =>
      database.get('SELECT log FROM logs WHERE id = ? AND gateway = ? AND owner = ifnull(?, owner)', [
        ...[id, gateway],
        ownerId ?? null,
      ]),
    );
    return row === null ? undefined : parse(row);
  }

  list({ limit, offset, oldestFirst = false, ...query }: LogQuery): LogPage {
    const [condition, values] = conditionOf(query);
    const order = oldestFirst ? 'ASC' : 'DESC';
    return this.#file.use((database) => {
      const rows = database.all(`SELECT log FROM logs ${condition} ORDER BY id ${order} LIMIT ? OFFSET ?`, [
        ...values,
        ...[limit, offset],
      ]);
      const count = database.get(`SELECT count(*) AS num_logs FROM logs ${condition}`, values);
      return { logs: rows.map(parse), numLogs: Number(count?.['num_logs'] ?? 0) };
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

  #keepBounds(database: Database): void {
    const { maxBytes } = this.#bounds;
    let numBytes = sumOf(database);
    if (numBytes <= maxBytes) return;
    while (numBytes > maxBytes * (1 - FREED_AT_ONCE)) {
      const owner = largestOwner(database);
      if (owner === undefined) return;
      database.run('DELETE FROM logs WHERE id IN (SELECT id FROM logs WHERE owner = ? ORDER BY id LIMIT ?)', [
        owner,
        ROWS_AT_ONCE,
      ]);
      numBytes = sumOf(database);
    }
  }
}

function sumOf(database: Database): number {
  return Number(database.get('SELECT ifnull(sum(num_bytes), 0) AS sum FROM shares')?.['sum'] ?? 0);
}

function largestOwner(database: Database): string | undefined {
  const row = database.get(`
    SELECT owner FROM shares WHERE client_group =
      (SELECT client_group FROM shares GROUP BY client_group ORDER BY sum(num_bytes) DESC LIMIT 1)
    ORDER BY num_bytes DESC LIMIT 1`);
  return row === null ? undefined : (row['owner'] as string);
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

const parse = (row: Row): GatewayLog => JSON.parse(row['log'] as string) as GatewayLog;
