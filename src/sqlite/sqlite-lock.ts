import { existsSync } from 'node:fs';
import { EngineError } from '../errors.ts';
import { takeFileLock, type LockTiming, type TakenLock } from '../process/file-lock.ts';
import { libraryLockOf, removeLibraryLock } from './database.ts';

/** A call takes milliseconds. One that takes as long as this is given up by whoever waits for its thread. */
const TIMING: LockTiming = { touchEveryMs: 1000, stillAfterMs: 10_000, lostAfterMs: 60_000 };
const LOOK_EVERY_MS = 5;

/** Lets one process at a time use a file of SQLite. The lock names its holder, and is taken from one that died. */
export class SqliteLock {
  readonly #path: string;
  readonly #busyMs: number;

  /**
   * @param path of the file of SQLite
   * @param busyMs so long `whileHeld` waits for others
   */
  constructor(path: string, busyMs: number) {
    this.#path = path;
    this.#busyMs = busyMs;
  }

  /** @throws EngineError `conflict` that names the holder, after `busyMs` */
  whileHeld<T>(work: () => T): T {
    const endsAt = performance.now() + this.#busyMs;
    const lock = this.#take(endsAt);
    try {
      this.#waitForLibrary(endsAt);
      return work();
    } finally {
      lock.release();
    }
  }

  #take(endsAt: number): TakenLock {
    for (;;) {
      const lock = takeFileLock(`${this.#path}.lock-holder`, TIMING);
      if (lock.isTaken) return lock;
      if (performance.now() >= endsAt)
        throw new EngineError('conflict', `the file is locked by process ${lock.holder}`);
      sleepSync(LOOK_EVERY_MS);
    }
  }

  /**
   * The folder by which the library locks names nobody. Whoever holds this lock made none yet: it was left by a process that
   * was killed, or an older version of the service is at work, which takes milliseconds.
   */
  #waitForLibrary(endsAt: number): void {
    while (existsSync(libraryLockOf(this.#path)) && performance.now() < endsAt) sleepSync(LOOK_EVERY_MS);
    removeLibraryLock(this.#path);
  }
}

function sleepSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
