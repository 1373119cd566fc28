import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { join, posix, dirname } from 'node:path';
import { hasCode } from '../values.ts';
import type { HubFile } from './hub-repository.ts';
import { MANIFEST_NAME, type Manifest } from './manifest.ts';
import { modelIdOfFolder } from './model-id.ts';
import { EngineError } from '../errors.ts';
import { takeFileLock } from '../process/file-lock.ts';

/** Under MODELS_DIR, and so on its file system: one rename brings a model from here to its place. */
const PARTIAL = '.partial';
const TRASH = 'removed-';
/** Sixteen digits tell two contents of one name apart; what counts is the whole checksum, when the file is there. */
const PART_DIGITS = 16;

/** The folder in which a model's files gather. */
export function stagingFolder(modelsDir: string, folder: string): string {
  return join(modelsDir, PARTIAL, folder);
}

/** The name on disk of a file of a model: files lie side by side. */
export function nameOnDisk({ path }: Pick<HubFile, 'path'>): string {
  return posix.basename(path);
}

/** Named after the content as well, so that what is left of another revision is never taken for this one. */
export function partName(file: HubFile): string {
  return `${nameOnDisk(file)}.${file.checksum.hex.slice(0, PART_DIGITS)}.part`;
}

/**
 * Makes the folder ready for these files: those that were complete when a process died on its last steps are parts
 * again, and what belongs to none of them is deleted.
 */
export async function prepareStaging(staging: string, files: readonly HubFile[]): Promise<void> {
  await mkdir(staging, { recursive: true });
  const present = new Set(await readdir(staging));
  const parts = new Set(files.map(partName));
  for (const file of files) {
    const name = nameOnDisk(file);
    if (!present.has(name) || present.has(partName(file))) continue;
    await rename(join(staging, name), join(staging, partName(file)));
    present.delete(name);
  }
  for (const name of present) {
    if (!parts.has(name)) await rm(join(staging, name), { recursive: true, force: true });
  }
}

/**
 * Brings a complete staging folder to its place: the files get their names, the manifest is written, and all is on the
 * disk before one rename shows it. What was there before is moved away first, whole.
 */
export async function publish(
  modelsDir: string,
  folder: string,
  files: readonly HubFile[],
  manifest: Manifest,
): Promise<void> {
  const staging = stagingFolder(modelsDir, folder);
  const destination = join(modelsDir, folder);
  for (const file of files) await rename(join(staging, partName(file)), join(staging, nameOnDisk(file)));
  const text = `${JSON.stringify(manifest, undefined, 2)}\n`;
  await writeFile(join(staging, MANIFEST_NAME), text, { flag: 'wx', flush: true });
  await flushFolder(staging);
  const removed = await moveToTrash(modelsDir, destination);
  await rename(staging, destination);
  await flushFolder(modelsDir);
  if (removed !== undefined) await rm(removed, { recursive: true, force: true });
}

/** Takes what is there out of its place in one step, and returns where it is now; undefined when nothing was. */
export async function moveToTrash(modelsDir: string, location: string): Promise<string | undefined> {
  const trash = join(modelsDir, PARTIAL, TRASH + randomUUID());
  await mkdir(join(modelsDir, PARTIAL), { recursive: true });
  try {
    await rename(location, trash);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  return trash;
}

/** Deletes what a process left that died while it was deleting. */
export async function emptyTrash(modelsDir: string): Promise<void> {
  const partial = join(modelsDir, PARTIAL);
  const names = await readdir(partial).catch(() => []);
  for (const name of names.filter((candidate) => candidate.startsWith(TRASH)))
    await rm(join(partial, name), { recursive: true, force: true });
}

/** A rename is on the disk when its folder is; systems that cannot flush a folder do it in their own way. */
async function flushFolder(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    if (!hasCode(error, 'EISDIR', 'EPERM', 'EINVAL', 'EACCES')) throw error;
  }
}

/** The ids of models whose pull broke off, or is under way. */
export async function listStaged(modelsDir: string): Promise<string[]> {
  const entries = await readdir(join(modelsDir, PARTIAL), { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory() && entry.name.includes('--'));
  return folders.map(({ name }) => modelIdOfFolder(name)).toSorted();
}

const LOOK_AGAIN_MS = 200;

/** A folder beside the staging folders; their names are never this one. */
const LOCKS = 'locks';

/**
 * Takes the lock file of a model: one process changes it at a time.
 * @returns gives it back
 * @throws EngineError `conflict` naming the process that holds it
 */
export async function takePullLock(modelsDir: string, folder: string, id: string): Promise<() => void> {
  const path = join(modelsDir, PARTIAL, LOCKS, folder);
  await mkdir(dirname(path), { recursive: true });
  let lock = takeFileLock(path);
  // Of another container, say: it takes a while to see whether that process lives.
  for (; !lock.isTaken && !lock.isSure; lock = takeFileLock(path)) await sleep(LOOK_AGAIN_MS);
  if (lock.isTaken) return () => lock.release();
  throw new EngineError(
    'conflict',
    `${id} is being pulled by process ${lock.holder} already; wait for it, or end it and pull again`,
  );
}
