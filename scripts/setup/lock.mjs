/** Of several set-ups of one checkout one works at a time: `npm start` beside `npm test`, say. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { modifiedAt } from './files.mjs';

const LOOK_AGAIN_MS = 200;
/** No set-up takes so long: its number is another process's by now. */
const GIVEN_UP_MS = 15 * 60_000;
/** A takeover takes a moment: the process of an older one was killed. */
const TAKEN_OVER_WITHIN_MS = 10_000;

/** @returns whether it is held. A checkout that cannot be written to needs no lock, since nothing is built there. */
function take(path) {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    if (['EROFS', 'EACCES', 'EPERM'].includes(error.code)) return true;
    throw error;
  }
}

/** A process that was killed left its lock. */
function isLeft(path) {
  const takenAt = modifiedAt(path);
  // It was let go this moment.
  if (takenAt === 0) return false;
  if (Date.now() - takenAt > GIVEN_UP_MS) return true;
  try {
    process.kill(Number(readFileSync(path, 'utf8')), 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/**
 * Removes a lock that was left. One process at a time, which looks once more: of two that found it left, the second would
 * remove the new lock of the first.
 *
 * @returns false while another process is at it
 */
function removeLeft(path) {
  const takeover = `${path}.takeover`;
  if (!take(takeover)) {
    if (Date.now() - modifiedAt(takeover) > TAKEN_OVER_WITHIN_MS) rmSync(takeover, { force: true });
    return false;
  }
  if (isLeft(path)) rmSync(path, { force: true });
  rmSync(takeover, { force: true });
  return true;
}

/**
 * Waits until no other process holds the lock, and holds it until this process ends or lets it go.
 *
 * @param path a file that is there while the lock is held
 * @returns what lets it go
 */
export async function takeLock(path, say) {
  let hasSaid = false;
  while (!take(path)) {
    if (isLeft(path) && removeLeft(path)) continue;
    if (!hasSaid) say('waiting for another process that builds this checkout …');
    hasSaid = true;
    await sleep(LOOK_AGAIN_MS);
  }
  const release = () => {
    process.removeListener('exit', release);
    rmSync(path, { force: true });
  };
  process.once('exit', release);
  return release;
}
