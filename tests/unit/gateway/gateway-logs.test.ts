import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createLogId, type GatewayLog } from '../../../src/gateway/logs/gateway-log.ts';
import { GatewayLogs } from '../../../src/gateway/logs/gateway-logs.ts';
import { IN_MEMORY } from '../../../src/sqlite/sqlite-file.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

const logOf = (ownerId: string): GatewayLog =>
  ({
    id: createLogId(),
    ownerId,
    gateway: 'a',
    provider: 'p',
    model: 'm',
    statusCode: 200,
    isCached: false,
  }) as GatewayLog;
const all = (ownerId: string) => ({ ownerId, gateway: 'a', limit: 1, offset: 0 });
const callerOf = (clientId: string, { signal } = new AbortController()) => ({ clientId, signal });

it('finds at once what was added, and keeps it when it is closed', async () => {
  const directory = tempDirectory();
  const path = join(directory, 'logs.sqlite');
  const logs = new GatewayLogs(path);
  const log = logOf('a/');
  logs.add(log);
  expect(await logs.find({ id: log.id, ownerId: 'a/', gateway: 'a' }, callerOf('a/'))).toMatchObject({
    id: log.id,
  });
  logs.add(logOf('a/'));
  await logs.close();
  const later = new GatewayLogs(path);
  expect((await later.list(all('a/'), callerOf('a/'))).numLogs).toBe(2);
  await later.close();
});

it('a client that has too many logs under way loses its own, and no other', async () => {
  let numLost = 0;
  const logs = new GatewayLogs(IN_MEMORY, { onLost: (number) => (numLost += number) });
  for (let index = 0; index < 4000; index++) logs.add(logOf('greedy/'));
  for (let index = 0; index < 3; index++) logs.add(logOf(`mine/${index}`));
  const [greedy, mine] = [
    await logs.list(all('greedy/'), callerOf('greedy/')),
    await logs.list(all('mine/0'), callerOf('mine/0')),
  ];
  expect([greedy.numLogs + numLost, mine.numLogs]).toEqual([4000, 1]);
  expect(numLost).toBeGreaterThan(0);
  await logs.close();
});

it('answers clients in turns, and not those who left', async () => {
  const logs = new GatewayLogs(IN_MEMORY);
  const answered: string[] = [];
  const list = async (ownerId: string, controller?: AbortController): Promise<void> => {
    await logs.list(all(ownerId), callerOf(ownerId, controller));
    answered.push(ownerId);
  };
  const gone = new AbortController();
  const asked = [
    ...Array.from({ length: 20 }, (_, index) => list(`greedy/${index}`)),
    list('greedy/gone', gone),
    list('mine/'),
  ];
  gone.abort();
  const outcomes = await Promise.allSettled(asked);
  expect(outcomes.map(({ status }) => status).filter((status) => status === 'rejected')).toHaveLength(1);
  expect(answered).toHaveLength(21);
  // Behind the one that was there before any other waited.
  expect(answered.indexOf('mine/')).toBe(1);
  expect(answered).not.toContain('greedy/gone');
  await logs.close();
});

it('says what it cannot keep, and where', async () => {
  const directory = tempDirectory();
  const path = join(directory, 'no-database');
  writeFileSync(path, 'x'.repeat(1000));
  const lost: string[] = [];
  const logs = new GatewayLogs(path, { onLost: (_, reason) => lost.push(reason) });
  logs.add(logOf('a/'));
  await expect(logs.list(all('a/'), callerOf('a/'))).rejects.toThrow(/GATEWAY_LOGS/);
  expect(lost).toHaveLength(1);
  await logs.close();
});

it('begins a new file where its own is damaged, and says so', async () => {
  const path = join(tempDirectory(), 'logs.sqlite');
  const told: string[] = [];
  const logs = new GatewayLogs(path, { onDamaged: (text) => told.push(text) });
  logs.add(logOf('a/'));
  await logs.list(all('a/'), callerOf('a/'));
  truncateSync(path, 5000);
  logs.add(logOf('a/'));
  expect((await logs.list(all('a/'), callerOf('a/'))).numLogs).toBe(1);
  expect(told).toEqual([expect.stringContaining('logs.sqlite.damaged')]);
  await logs.close();
});

it('gives up a thread that does not answer, and starts another', async () => {
  const lost: string[] = [];
  // No thread starts so fast.
  const logs = new GatewayLogs(IN_MEMORY, { answerMs: 1, onLost: (_, reason) => lost.push(reason) });
  for (const ownerId of ['a/', 'b/']) {
    logs.add(logOf(ownerId));
    await expect(logs.list(all(ownerId), callerOf(ownerId))).rejects.toThrow(/did not answer within 1 ms/);
  }
  expect(lost).toHaveLength(2);
  await logs.close();
});
