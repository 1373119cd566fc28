import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EngineError } from '../errors.ts';
import { takeFileLock } from '../process/file-lock.ts';
import { PARTIAL } from './staging.ts';

/** Beside the staging folders, none of which is called so. */
const LOCKS = 'locks';

/**
 * Takes the lock file of a model: one process changes it at a time.
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
  const lock = await takeFileLock(path);
  if (lock.isTaken) return () => lock.release();
  throw new EngineError(
    'conflict',
    `${id} is being pulled by process ${lock.holder} already; wait for it, or end it and pull again`,
  );
}
