import { open, rm, utimes, type FileHandle } from 'node:fs/promises';
import { hasCode } from '../values.ts';
import { describeHolder, forgetHolder, judgeHolder, writeHolder, type SeenLock } from './lock-holder.ts';

/** Of locks whose holder cannot be looked up: how often one that lives touches its lock, and when one is dead. */
export interface LockTiming {
  readonly touchEveryMs: number;
  /** Older versions touch theirs every 10 s; a holder that computes may be late. */
  readonly stillAfterMs: number;
}

export const LOCK_TIMING: LockTiming = { touchEveryMs: 3000, stillAfterMs: 30_000 };

/**
 * One that another process has: `holder`, for people. Where it is not sure that this process lives, asking again tells,
 * within `stillAfterMs`.
 */
interface HeldLock {
  isTaken: false;
  holder: string;
  isSure: boolean;
}

/** What asking for a lock came to. */
export type FileLock = { isTaken: true; release(): Promise<void> } | HeldLock;

/**
 * Takes a lock file, in a folder that there is: one process holds it at a time, among all that share the disk. One whose
 * holder died is taken over.
 */
export async function takeFileLock(path: string, timing = LOCK_TIMING): Promise<FileLock> {
  const text = writeHolder();
  while (!(await created(path, text))) {
    const other = await findOther(path, timing);
    if (other !== undefined) return other;
  }
  forgetHolder(path);
  const touching = setInterval(() => {
    void touch(path, text).catch(() => undefined);
  }, timing.touchEveryMs);
  touching.unref();
  return {
    isTaken: true,
    release: async () => {
      clearInterval(touching);
      await removeIf(path, (lock) => lock.text === text);
    },
  };
}

async function created(path: string, text: string): Promise<boolean> {
  let file: FileHandle;
  try {
    file = await open(path, 'wx');
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
  try {
    await file.writeFile(text);
    return true;
  } catch (error) {
    // A full disk leaves it empty.
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Who holds the lock, or is about to; undefined when there is nobody any more. */
async function findOther(path: string, timing: LockTiming): Promise<HeldLock | undefined> {
  const lock = await readLock(path, timing);
  if (lock === undefined) return undefined;
  const verdict = judgeHolder(lock);
  if (verdict === 'dead') return removeDead(lock, timing);
  return { isTaken: false, holder: describeHolder(lock.text), isSure: verdict === 'alive' };
}

/**
 * Removes the lock of one that died. One at a time, who looks once more: else of two that found it dead the second would
 * remove the new lock of the first. It takes a moment, unless who was at it died as well: so it is a lock of the same kind.
 */
async function removeDead(dead: SeenLock, timing: LockTiming): Promise<HeldLock | undefined> {
  const takeover = `${dead.path}.takeover`;
  const own = writeHolder();
  if (await created(takeover, own)) {
    try {
      await removeIf(dead.path, isSame(dead));
    } finally {
      await removeIf(takeover, ({ text }) => text === own);
    }
    return undefined;
  }
  const other = await readLock(takeover, timing);
  if (other === undefined) return undefined;
  const verdict = judgeHolder(other);
  if (verdict !== 'dead')
    return { isTaken: false, holder: describeHolder(other.text), isSure: verdict === 'alive' };
  await removeIf(takeover, isSame(other));
  return undefined;
}

/** Of locks that are empty, the time tells one from the next. */
const isSame =
  (dead: SeenLock) =>
  ({ text, mark }: SeenLock): boolean =>
    text === dead.text && mark === dead.mark;

/** A process that was stopped for long may find that another one has taken its lock. */
async function touch(path: string, text: string): Promise<void> {
  const now = new Date();
  if ((await readLock(path, LOCK_TIMING))?.text === text) await utimes(path, now, now);
}

async function removeIf(path: string, isMeant: (lock: SeenLock) => boolean): Promise<void> {
  const lock = await readLock(path, LOCK_TIMING);
  if (lock === undefined || !isMeant(lock)) return;
  await rm(path, { force: true });
  forgetHolder(path);
}

/** Undefined where there is none. It is opened, since file systems of networks keep times of a file that is not. */
async function readLock(path: string, { stillAfterMs }: LockTiming): Promise<SeenLock | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const text = await file.readFile('utf8');
      const { mtimeNs } = await file.stat({ bigint: true });
      return { path, text, mark: String(mtimeNs), stillAfterMs };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
