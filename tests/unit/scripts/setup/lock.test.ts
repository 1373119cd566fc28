import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { takeLock } from '../../../../scripts/setup/lock.mjs';
import { tempDirectory } from '../../../support/temp-directory.ts';

const MODULE = new URL('../../../../scripts/setup/lock.mjs', import.meta.url).href;

/** A process that holds the lock for a while, says so, and ends as it is told to. */
function holder(path: string, ending: string): ChildProcessByStdio<null, Readable, null> {
  const code = `
    import { appendFileSync } from 'node:fs';
    import { takeLock } from '${MODULE}';
    const release = await takeLock(${JSON.stringify(path)}, console.log);
    appendFileSync(${JSON.stringify(`${path}.log`)}, 'in ');
    await new Promise((resolve) => setTimeout(resolve, 100));
    appendFileSync(${JSON.stringify(`${path}.log`)}, 'out ');
    ${ending}`;
  return spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

it('lets one process in at a time', async () => {
  const path = join(tempDirectory(), 'dist/lock');
  const release = await takeLock(path, () => undefined);
  const holders = ['release();', 'process.exit(1);', ''].map((ending) => holder(path, ending));
  const said = await Promise.all(holders.map(({ stdout }): Promise<unknown[]> => once(stdout, 'data')));
  for (const [line] of said) expect(String(line)).toContain('waiting for another process');
  expect(existsSync(`${path}.log`)).toBe(false);
  release();
  await Promise.all(holders.map((each): Promise<unknown[]> => once(each, 'exit')));
  expect(readFileSync(`${path}.log`, 'utf8')).toBe('in out in out in out ');
  expect(existsSync(path)).toBe(false);
});

it('takes the lock of a process that was killed', async () => {
  const path = join(tempDirectory(), 'lock');
  const killed = holder(path, "process.kill(process.pid, 'SIGKILL');");
  await once(killed, 'exit');
  expect(existsSync(path)).toBe(true);
  const release = await takeLock(path, () => undefined);
  expect(readFileSync(path, 'utf8')).toBe(String(process.pid));
  release();
  expect(existsSync(path)).toBe(false);
});

it('takes a lock that is older than any set-up, whoever has the number of its process now', async () => {
  const path = join(tempDirectory(), 'lock');
  writeFileSync(path, String(process.ppid));
  const anHourAgo = new Date(Date.now() - 3_600_000);
  utimesSync(path, anHourAgo, anHourAgo);
  (await takeLock(path, () => undefined))();
});

it('leaves the lock of a killed process to one at a time: who removed it may hold a new one', async () => {
  const path = join(tempDirectory(), 'lock');
  const killed = holder(path, "process.kill(process.pid, 'SIGKILL');");
  await once(killed, 'exit');
  writeFileSync(`${path}.takeover`, String(process.ppid));
  let isTaken = false;
  const taking = takeLock(path, () => undefined).finally(() => (isTaken = true));
  await sleep(500);
  expect(isTaken).toBe(false);
  expect(readFileSync(path, 'utf8')).toBe(String(killed.pid));
  // Who was at it was killed as well.
  const aMinuteAgo = new Date(Date.now() - 60_000);
  utimesSync(`${path}.takeover`, aMinuteAgo, aMinuteAgo);
  (await taking)();
  expect(existsSync(`${path}.takeover`)).toBe(false);
});
