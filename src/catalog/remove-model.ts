import { basename, join } from 'node:path';
import { folderOfId, matchId } from './model-id.ts';
import { findEntry } from './model-store.ts';
import { takePullLock } from './pull-lock.ts';
import { emptyTrash, listStaged, moveToTrash, stagingFolder } from './staging.ts';

/**
 * Removes a model, sound or not, and what is left of a pull of it that broke off. It is moved away in one step, then
 * deleted: no reader sees half of it.
 * @returns the id of what was removed; undefined when there is nothing of that name
 * @throws EngineError `conflict` while it is being pulled; as `findModel` when several are meant
 */
export async function removeModel(modelsDir: string, id: string): Promise<string | undefined> {
  const entry = await findEntry(modelsDir, id);
  const found = entry?.id ?? matchId(await listStaged(modelsDir), id);
  if (found === undefined) return undefined;
  const folder = entry === undefined ? folderOfId(found) : basename(entry.location);
  const release = await takePullLock(modelsDir, folder, found);
  try {
    await moveToTrash(modelsDir, join(modelsDir, folder));
    await moveToTrash(modelsDir, stagingFolder(modelsDir, folder));
    await emptyTrash(modelsDir);
  } finally {
    await release();
  }
  return found;
}
