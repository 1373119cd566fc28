import type { FileHandle } from 'node:fs/promises';
import { EngineError } from '../errors.ts';

/**
 * Fills `target` from the file; one read call returns at most 2 GiB and may return less than asked for.
 * @throws EngineError `weights_invalid` when the file ends before
 */
export async function readFully(file: FileHandle, target: Uint8Array, position: number): Promise<void> {
  let filled = 0;
  while (filled < target.length) {
    const { bytesRead } = await file.read(
      target,
      filled,
      Math.min(target.length - filled, 1 << 30),
      position + filled,
    );
    if (bytesRead === 0)
      throw new EngineError('weights_invalid', `the file ends at byte ${position + filled}`);
    filled += bytesRead;
  }
}
