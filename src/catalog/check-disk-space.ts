import { statfs } from 'node:fs/promises';
import { EngineError } from '../errors.ts';
import { hasCode } from '../values.ts';
import { formatBytes } from './byte-progress.ts';

/**
 * Asks before anything is fetched whether it fits.
 * @throws EngineError `download_failed` with both numbers when it does not
 */
export async function checkDiskSpace(directory: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const freeBytes = bavail * bsize;
  if (neededBytes <= freeBytes) return;
  throw new EngineError(
    'download_failed',
    `${formatBytes(neededBytes)} are to be fetched, and ${directory} has ${formatBytes(freeBytes)} free; ` +
      'make room, or name another directory with MODELS_DIR',
  );
}

/** A write that failed, in words that say what to do; anything else as it is. */
export function diskError(error: unknown): unknown {
  if (!hasCode(error, 'ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS', 'EACCES', 'EIO')) return error;
  const isFull = hasCode(error, 'ENOSPC', 'EDQUOT');
  return new EngineError(
    'download_failed',
    isFull
      ? 'the disk is full; what came so far is kept: make room in MODELS_DIR and run the same command again'
      : `the file cannot be written: ${String(error)}`,
    { cause: error },
  );
}
