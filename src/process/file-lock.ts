import { randomUUID } from 'node:crypto';
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode } from '../values.ts';

/** A lock of another machine or container, which shares the disk and not our processes, is dead after so long. */
const STALE_AFTER_MS = 60_000;
const TOUCH_EVERY_MS = 10_000;
const RETRY_AFTER_MS = 10;
/** What this process wrote into locks that it holds: its own process id in a file may be that of one before it. */
const held = new Set<string>();

/** What asking for a lock came to. */
export type FileLock =
  | { isTaken: true; release(): Promise<void> }
  /** For people: the process that has it. */
  | { isTaken: false; holder: string };

/**
 * Takes a lock file, in a folder that there is: one process holds it at a time, among all that share the disk. One whose
 * holder died is taken over.
 */
export async function takeFileLock(path: string): Promise<FileLock> {
  const content = `${process.pid} ${hostname()} ${randomUUID()}\n`;
  // Before the file is there: others in this process may read it at once.
  held.add(content);
  try {
    while (!(await created(path, content))) {
      const holder = await liveHolder(path);
      if (holder === undefined) continue;
      held.delete(content);
      return { isTaken: false, holder };
    }
  } catch (error) {
    held.delete(content);
    throw error;
  }
  const touching = setInterval(
    () => void utimes(path, new Date(), new Date()).catch(() => undefined),
    TOUCH_EVERY_MS,
  );
  touching.unref();
  return {
    isTaken: true,
    release: async () => {
      clearInterval(touching);
      await rm(path, { force: true });
      held.delete(content);
    },
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

/** The process that holds the lock; undefined when there is none any more, or was none. */
async function liveHolder(path: string): Promise<string | undefined> {
  const content = await readLock(path);
  if (content === undefined) return undefined;
  if (await isAlive(path, content)) return describeHolder(content);
  await removeDead(path, content);
  return undefined;
}

/**
 * Removes the lock of one that died. One at a time, who looks once more: else of two that found it dead the second would
 * remove the new lock of the first.
 */
async function removeDead(path: string, content: string): Promise<void> {
  const takeover = `${path}.takeover`;
  if (!(await created(takeover, ''))) {
    // It takes a moment, unless who was at it died as well.
    if (await isOld(takeover)) await rm(takeover, { force: true });
    await sleep(RETRY_AFTER_MS);
    return;
  }
  try {
    if ((await readLock(path)) === content) await rm(path, { force: true });
  } finally {
    await rm(takeover, { force: true });
  }
}

async function isAlive(path: string, content: string): Promise<boolean> {
  const [pidText = '', host] = content.trim().split(' ');
  const pid = Number(pidText);
  // One without a name was made this moment, or by who died before the name was in it.
  if (host !== hostname() || !(pid > 0)) return !(await isOld(path));
  if (pid === process.pid) return held.has(content);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

/** Whether a file was not touched for long; also true of one that is not there. */
async function isOld(path: string): Promise<boolean> {
  const touchedAt = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  return Date.now() - touchedAt >= STALE_AFTER_MS;
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
