import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { EngineError } from '../errors.ts';
import { hasCode } from './error-codes.ts';
import { PARTIAL } from './staging.ts';

/** A lock of another machine or container, which shares the disk and not our processes, is dead after so long. */
const STALE_AFTER_MS = 60_000;
const TOUCH_EVERY_MS = 10_000;
/** Beside the staging folders, none of which is called so. */
const LOCKS = 'locks';
/** Locks that this process holds: its own process id in a file may be that of one before it. */
const held = new Set<string>();

/**
 * Takes the lock file of a model: one holds it at a time, among all processes that share the disk. One whose holder
 * died is taken over.
 * @returns gives it back
 * @throws EngineError `conflict` naming the process that holds it
 */
export async function takePullLock(
  modelsDir: string,
  folder: string,
  id: string,
): Promise<() => Promise<void>> {
  const path = join(modelsDir, PARTIAL, LOCKS, folder);
  await mkdir(dirname(path), { recursive: true });
  const content = `${process.pid} ${hostname()} ${randomUUID()}\n`;
  while (!(await created(path, content))) {
    const holder = await liveHolder(path);
    if (holder !== undefined) {
      throw new EngineError(
        'conflict',
        `${id} is being pulled by process ${holder} already; wait for it, or end it and pull again`,
      );
    }
  }
  held.add(path);
  const touching = setInterval(
    () => void utimes(path, new Date(), new Date()).catch(() => undefined),
    TOUCH_EVERY_MS,
  );
  touching.unref();
  return async () => {
    clearInterval(touching);
    held.delete(path);
    await rm(path, { force: true });
  };
}

async function created(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    // A full disk leaves it empty.
    await rm(path, { force: true });
    throw error;
  }
}

/** The process that holds the lock; undefined when there is none any more, and the lock is gone then. */
async function liveHolder(path: string): Promise<string | undefined> {
  const content = await readLock(path);
  if (content === undefined) return undefined;
  if (await isAlive(path, content)) return describeHolder(content);
  // Of two that found it dead one may have its own lock there by now: what was moved away is looked at again.
  const moved = `${path}.${randomUUID()}`;
  try {
    await rename(path, moved);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    const current = await readFile(moved, 'utf8');
    if (current === content) return undefined;
    await created(path, current);
    return describeHolder(current);
  } finally {
    await rm(moved, { force: true });
  }
}

async function isAlive(path: string, content: string): Promise<boolean> {
  const [pidText = '', host] = content.trim().split(' ');
  const pid = Number(pidText);
  // One without a name was made this moment, or by who died before the name was in it.
  if (host !== hostname() || !(pid > 0)) {
    const touchedAt = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
    return Date.now() - touchedAt < STALE_AFTER_MS;
  }
  if (pid === process.pid) return held.has(path);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

function readLock(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
}

function describeHolder(content: string): string {
  const [pid = '', host = '?'] = content.trim().split(' ');
  return host === hostname() ? pid : `${pid || '?'} on ${host}`;
}
