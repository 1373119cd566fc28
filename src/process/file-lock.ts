import { closeSync, fstatSync, openSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hasCode } from '../values.ts';
import { describeHolder, forgetHolder, judgeHolder, writeHolder, type SeenLock } from './lock-holder.ts';

/** How long a lock may stay the same, on our own clock. */
export interface LockTiming {
  /** A holder that lives touches its lock so often. */
  readonly touchEveryMs: number;
  /** A holder that cannot be looked up is dead then. Older versions touch theirs every 10 s; one that computes may be late. */
  readonly stillAfterMs: number;
  /** A holder that lives has lost its lock then: its thread may have ended while its process goes on. */
  readonly lostAfterMs: number;
}

export const LOCK_TIMING: LockTiming = { touchEveryMs: 3000, stillAfterMs: 30_000, lostAfterMs: Infinity };

/**
 * One that another process has: `holder`, for people. Where it is not sure that this process lives, asking again tells,
 * within `stillAfterMs`.
 */
export interface HeldLock {
  isTaken: false;
  holder: string;
  isSure: boolean;
}

export interface TakenLock {
  isTaken: true;
  release(): void;
}

/** What asking for a lock came to. */
export type FileLock = TakenLock | HeldLock;

/**
 * Takes a lock file, in a folder that there is: one process holds it at a time, among all that share the disk. One whose
 * holder died is taken over. It does not wait, but for the disk.
 */
export function takeFileLock(path: string, timing = LOCK_TIMING): FileLock {
  const text = writeHolder();
  while (!create(path, text)) {
    const other = findOther(path, timing);
    if (other !== undefined) return other;
  }
  forgetHolder(path);
  const touching = setInterval(() => touch(path, text), timing.touchEveryMs);
  touching.unref();
  return {
    isTaken: true,
    release: () => {
      clearInterval(touching);
      removeIf(path, (lock) => lock.text === text);
    },
  };
}

/** False where there is one. */
function create(path: string, text: string): boolean {
  let file: number;
  try {
    file = openSync(path, 'wx');
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
  try {
    writeFileSync(file, text);
    return true;
  } catch (error) {
    // A full disk leaves it empty.
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

/** Who holds the lock, or is about to; undefined when there is nobody any more. */
function findOther(path: string, timing: LockTiming): HeldLock | undefined {
  const lock = readLock(path, timing);
  if (lock === undefined) return undefined;
  const verdict = judgeHolder(lock);
  if (verdict === 'dead') return removeDead(lock, timing);
  return { isTaken: false, holder: describeHolder(lock.text), isSure: verdict === 'alive' };
}

/**
 * Removes the lock of one that died. One at a time, who looks once more: else of two that found it dead the second would
 * remove the new lock of the first. It takes a moment, unless who was at it died as well: so it is a lock of the same kind.
 */
function removeDead(dead: SeenLock, timing: LockTiming): HeldLock | undefined {
  const takeover = `${dead.path}.takeover`;
  const own = writeHolder();
  if (create(takeover, own)) {
    try {
      removeIf(dead.path, isSame(dead));
    } finally {
      removeIf(takeover, ({ text }) => text === own);
    }
    return undefined;
  }
  const other = readLock(takeover, timing);
  if (other === undefined) return undefined;
  const verdict = judgeHolder(other);
  if (verdict !== 'dead')
    return { isTaken: false, holder: describeHolder(other.text), isSure: verdict === 'alive' };
  removeIf(takeover, isSame(other));
  return undefined;
}

/** Of locks that are empty, the time tells one from the next. */
const isSame =
  (dead: SeenLock) =>
  ({ text, mark }: SeenLock): boolean =>
    text === dead.text && mark === dead.mark;

/** A process that was stopped for long may find that another one has taken its lock. What fails now may work the next time. */
function touch(path: string, text: string): void {
  const now = new Date();
  try {
    if (readLock(path, LOCK_TIMING)?.text === text) utimesSync(path, now, now);
  } catch {
    // The disk is full, or there is no more file handle.
  }
}

function removeIf(path: string, isMeant: (lock: SeenLock) => boolean): void {
  const lock = readLock(path, LOCK_TIMING);
  if (lock === undefined || !isMeant(lock)) return;
  rmSync(path, { force: true });
  forgetHolder(path);
}

/** Undefined where there is none. It is opened, since file systems of networks keep times of a file that is not. */
function readLock(path: string, { stillAfterMs, lostAfterMs }: LockTiming): SeenLock | undefined {
  try {
    const file = openSync(path, 'r');
    try {
      const text = readFileSync(file, 'utf8');
      const { mtimeNs } = fstatSync(file, { bigint: true });
      return { path, text, mark: String(mtimeNs), stillAfterMs, lostAfterMs };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
