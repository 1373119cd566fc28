import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLogId, type GatewayLog } from '../../../src/gateway/logs/gateway-log.ts';
import { LogDatabase } from '../../../src/gateway/logs/log-database.ts';
import { openDatabase } from '../../../src/sqlite/database.ts';
import { IN_MEMORY } from '../../../src/sqlite/sqlite-file.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

const expectNone = (text: string): never => {
  throw new Error(text);
};
const BOUNDS = { maxBytes: 2 ** 20, maxRows: 100_000 };

const logOf = (ownerId: string, fields: Partial<GatewayLog> = {}): GatewayLog => ({
  id: createLogId(),
  ownerId,
  gateway: 'a',
  provider: 'openai',
  model: 'm',
  path: 'v1/chat/completions',
  statusCode: 200,
  durationMs: 1,
  tokensIn: 1,
  tokensOut: 2,
  isCached: false,
  step: 0,
  createdAt: '2026-01-01T00:00:00.000Z',
  eventId: undefined,
  metadata: undefined,
  cost: undefined,
  requestContentType: 'application/json',
  responseContentType: 'application/json',
  requestBytes: 10,
  responseBytes: 20,
  requestHead: undefined,
  responseHead: undefined,
  ...fields,
});

const count = (database: LogDatabase, ownerId: string): number =>
  database.list({ ownerId, gateway: undefined, limit: 1, offset: 0 }).numLogs;

describe('the ids of logs', () => {
  it('are in the order of time, and no two are the same', () => {
    const ids = [1, 2, 1_800_000_000_000, 1_800_000_000_001].map((ms) => createLogId(ms));
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(Array.from({ length: 100 }, () => createLogId(5))).size).toBe(100);
    for (const id of ids) expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  });
});

describe('LogDatabase', () => {
  it('gives logs back to their owner alone, whatever their names are', () => {
    const database = new LogDatabase(IN_MEMORY, BOUNDS, expectNone);
    const log = logOf("net/o'brien", { metadata: { a: "'" } });
    database.add([log]);
    const key = { id: log.id, gateway: 'a', ownerId: "net/o'brien" };
    expect(database.find(key)).toEqual(JSON.parse(JSON.stringify(log)));
    expect(database.find({ ...key, ownerId: undefined })?.id).toBe(log.id);
    expect(database.find({ ...key, ownerId: 'net/other' })).toBeUndefined();
    expect(database.find({ ...key, gateway: 'b' })).toBeUndefined();
    expect(database.patch({ ...key, ownerId: 'net/other' }, { score: 1 })).toBe(false);
    expect(database.patch(key, { score: 1, metadata: undefined })).toBe(true);
    expect(database.find(key)).toMatchObject({ score: 1 });
    expect(database.find(key)?.metadata).toBeUndefined();
    expect(database.find({ ...key, id: "' OR 1=1 --" })).toBeUndefined();
    database.close();
  });

  it('drops the oldest of the owner that has most, in the group that has most', () => {
    const database = new LogDatabase(IN_MEMORY, BOUNDS, expectNone);
    database.add([logOf('mine/'), logOf('mine/')]);
    database.add(Array.from({ length: 50 }, () => logOf('other/small')));
    // One address that invents keys: many owners, and a large one.
    const text = { text: 'x'.repeat(5000), isWhole: true };
    for (let index = 0; index < 20; index++) {
      database.add(Array.from({ length: 20 }, () => logOf(`greedy/${index % 10}`, { requestHead: text })));
      database.add([logOf('greedy/large', { requestHead: text })]);
    }
    expect(count(database, 'mine/')).toBe(2);
    expect(count(database, 'other/small')).toBe(50);
    const numGreedy = Array.from({ length: 10 }, (_, index) => count(database, `greedy/${index}`));
    expect(numGreedy.reduce((sum, number) => sum + number, 0)).toBeLessThan(200);
    database.close();
  });

  it('holds the bound in rows, too', () => {
    const database = new LogDatabase(IN_MEMORY, { maxBytes: 2 ** 30, maxRows: 1000 }, expectNone);
    for (let batch = 0; batch < 40; batch++) {
      database.add(Array.from({ length: 50 }, () => logOf('one/')));
      expect(count(database, 'one/')).toBeLessThanOrEqual(1000);
    }
    expect(count(database, 'one/')).toBeGreaterThan(500);
    database.close();
  });

  it('keeps a file, which two may share', () => {
    const directory = tempDirectory();
    const path = join(directory, 'deep', 'logs.sqlite');
    const [one, other] = [
      new LogDatabase(path, BOUNDS, expectNone),
      new LogDatabase(path, BOUNDS, expectNone),
    ];
    one.add([logOf('a/')]);
    other.add([logOf('a/')]);
    expect([count(one, 'a/'), count(other, 'a/')]).toEqual([2, 2]);
    one.close();
    other.close();
    const later = new LogDatabase(path, BOUNDS, expectNone);
    expect(count(later, 'a/')).toBe(2);
    later.close();
  });

  it('keeps its bound against 65,000 owners of one log each, within the time of a few calls', () => {
    const bounds = { maxBytes: 64 * 2 ** 20, maxRows: 65_000 };
    const database = new LogDatabase(IN_MEMORY, bounds, expectNone);
    database.add([logOf('mine/')]);
    for (let first = 0; first < 65_000; first += 5000)
      database.add(Array.from({ length: 5000 }, (_, index) => logOf(`greedy/${first + index}`)));
    const startedAt = performance.now();
    for (let batch = 0; batch < 20; batch++)
      database.add(Array.from({ length: 64 }, (_, index) => logOf(`greedy/new-${batch}-${index}`)));
    // Deleting by the largest owner took a scan of all owners a log: minutes.
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    const { numLogs } = database.list({ ownerId: undefined, gateway: undefined, limit: 1, offset: 0 });
    expect(numLogs).toBeGreaterThan(60_000);
    expect(numLogs).toBeLessThanOrEqual(65_000);
    expect(count(database, 'mine/')).toBe(1);
    database.close();
  });

  it('goes on from a file of an older version, which had no sums of groups', () => {
    const path = join(tempDirectory(), 'logs.sqlite');
    const before = new LogDatabase(path, BOUNDS, expectNone);
    const text = { text: 'x'.repeat(5000), isWhole: true };
    before.add(Array.from({ length: 150 }, () => logOf('greedy/', { requestHead: text })));
    before.add([logOf('mine/')]);
    const file = openDatabase(path, '');
    file.exec('DROP TABLE client_groups; DROP TRIGGER share_added; DROP TRIGGER share_changed;');
    file.exec('DROP TRIGGER share_removed; DROP INDEX shares_by_size; DROP INDEX logs_by_age;');
    file.close();
    const database = new LogDatabase(path, BOUNDS, expectNone);
    for (let batch = 0; batch < 10; batch++)
      database.add(Array.from({ length: 20 }, () => logOf('greedy/', { requestHead: text })));
    expect(count(database, 'mine/')).toBe(1);
    expect(count(database, 'greedy/')).toBeLessThan(200);
    database.close();
  });

  it('leaves a damaged log out, tells of it once, and gives the others', () => {
    const path = join(tempDirectory(), 'logs.sqlite');
    const told: string[] = [];
    const database = new LogDatabase(path, BOUNDS, (what) => told.push(what));
    const logs = Array.from({ length: 4 }, () => logOf('a/'));
    database.add(logs);
    const file = openDatabase(path, '');
    for (const [index, text] of ['{"id":', 'null', '{}'].entries())
      file.run('UPDATE logs SET log = ? WHERE id = ?', [text, logs[index]!.id]);
    file.close();
    for (let times = 0; times < 2; times++) {
      const page = database.list({ ownerId: 'a/', gateway: undefined, limit: 9, offset: 0 });
      expect(page.logs.map(({ id }) => id)).toEqual([logs[3]!.id]);
    }
    expect(database.find({ id: logs[0]!.id, gateway: 'a', ownerId: 'a/' })).toBeUndefined();
    expect(told).toHaveLength(1);
    database.close();
  });

  it('counts again where the sums name an owner that has nothing', () => {
    const path = join(tempDirectory(), 'logs.sqlite');
    const database = new LogDatabase(path, BOUNDS, expectNone);
    database.add([logOf('mine/')]);
    const file = openDatabase(path, '');
    file.run('INSERT INTO shares VALUES (?, ?, ?, ?)', ['ghost/', 'ghost', 1, 2 ** 40]);
    file.close();
    database.add([logOf('mine/')]);
    expect(count(database, 'mine/')).toBe(2);
    database.close();
  });
});
