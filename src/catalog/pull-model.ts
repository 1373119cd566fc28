import { constants } from 'node:fs';
import { copyFile, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { checkDiskSpace, diskError } from './check-disk-space.ts';
import { downloadFile, DEFAULT_RETRIES, type RetryPolicy, withRetries } from './download-file.ts';
import { type HubFile, listRepository, openFile, resolveCommit } from './hub-repository.ts';
import { firstContactError, type Hub } from './hub.ts';
import { type Manifest, MANIFEST_NAME } from './manifest.ts';
import { folderOfHubModel, type HubModel, modelIdOf, type PullRequest } from './model-id.ts';
import { readEntry, type StoredModel, type StoreEntry } from './model-store.ts';
import {
  takePullLock,
  emptyTrash,
  nameOnDisk,
  partName,
  prepareStaging,
  publish,
  stagingFolder,
} from './staging.ts';
import { selectFiles } from './select-files.ts';
import { EngineError } from '../errors.ts';
import { hasCode } from '../values.ts';

/** What file systems allow, less what a lock's name has beside it. Percent-encoded, and so of one byte a character. */
const MAX_FOLDER_BYTES = 200;

/** Told how a pull goes. */
export interface PullListener {
  /** Before the first byte: which files of which commit will be there, and how many bytes they have together. */
  onPlan(plan: { id: string; revision: string; files: readonly HubFile[]; totalBytes: number }): void;
  /** A file is next. */
  onFile(file: HubFile): void;
  /** Bytes that are on disk now, those of an earlier try included; less than 0 when some were thrown away. */
  onBytes(count: number): void;
}

export interface PullOptions {
  readonly hub: Hub;
  readonly modelsDir: string;
  readonly listener: PullListener;
  readonly signal: AbortSignal;
  readonly retries?: RetryPolicy;
}

export interface PullResult {
  readonly model: StoredModel;
  /** True when this revision was there already, and nothing was fetched. */
  readonly wasThere: boolean;
}

/** What one pull is about, once the hub has said what there is. */
interface PullPlan {
  readonly id: string;
  readonly hubModel: HubModel;
  readonly folder: string;
  readonly revision: string;
  readonly files: readonly HubFile[];
}

/**
 * Fetches a model of the hub into MODELS_DIR. Its files gather in a folder of their own, are checked against the hub's
 * checksums, and come to their place by one rename: what is there is whole. A pull that was broken off, in whatever
 * way, is taken up by the next one where it stopped.
 * @throws EngineError `forbidden`, `model_not_found`, `download_failed`, `weights_invalid` or `conflict`, each with
 * what to do; what the signal was aborted with
 */
export async function pullModel(request: PullRequest, options: PullOptions): Promise<PullResult> {
  const plan = await planPull(request, options);
  const { modelsDir } = options;
  const present = await readEntry(modelsDir, plan.folder);
  if (present?.model !== undefined && present.model.revision === plan.revision)
    return { model: present.model, wasThere: true };
  try {
    const release = await takePullLock(modelsDir, plan.folder, plan.id);
    try {
      await fetchAndPublish(plan, options);
    } finally {
      release();
    }
  } catch (error) {
    throw diskError(error);
  }
  const model = (await readEntry(modelsDir, plan.folder))?.model;
  if (model === undefined) throw new EngineError('internal', `${plan.id} was pulled and is not there`);
  return { model, wasThere: false };
}

async function planPull(request: PullRequest, { hub, signal, retries }: PullOptions): Promise<PullPlan> {
  const { repository, selector, revision } = request;
  const ask = <T>(question: () => Promise<T>): Promise<T> =>
    withRetries(retries ?? DEFAULT_RETRIES, signal, question);
  const commit = await ask(() =>
    resolveCommit(hub, repository, revision).catch((error: unknown) => {
      throw firstContactError(error, hub.endpoint);
    }),
  );
  const listing = await ask(() => listRepository(hub, repository, commit));
  const { file, files } = selectFiles(repository, listing, selector);
  const hubModel = { repository, file };
  const folder = folderOfHubModel(hubModel);
  if (folder.length > MAX_FOLDER_BYTES)
    throw new EngineError('weights_invalid', `${modelIdOf(hubModel)} is too long a name for a folder`);
  return {
    id: modelIdOf(hubModel),
    hubModel,
    folder,
    revision: commit,
    // Small ones first: what is wrong with a repository shows before gigabytes are fetched.
    files: files.toSorted((a, b) => a.size - b.size),
  };
}

/** Needs the lock. What is there is looked at only now: a pull that just ended may have brought it. */
async function fetchAndPublish(plan: PullPlan, options: PullOptions): Promise<void> {
  const { hub, modelsDir, listener, signal, retries = DEFAULT_RETRIES } = options;
  const present = await readEntry(modelsDir, plan.folder);
  if (present?.model?.revision === plan.revision) return;
  await refuseForeign(modelsDir, plan);
  const { files, folder, hubModel, revision, id } = plan;
  const staging = stagingFolder(modelsDir, folder);
  await emptyTrash(modelsDir);
  await prepareStaging(staging, files);
  if (present !== undefined) await copyUnchanged(present, staging, files);
  const totalBytes = files.reduce((sum, { size }) => sum + size, 0);
  await checkDiskSpace(staging, totalBytes - (await bytesIn(staging)));
  listener.onPlan({ id, revision, files, totalBytes });
  const stored: Manifest['files'] = [];
  for (const file of files) {
    listener.onFile(file);
    const sha256 = await downloadFile({
      file,
      partPath: join(staging, partName(file)),
      open: (start) => openFile(hub, hubModel.repository, revision, file.path, start),
      retries,
      signal,
      onBytes: (count) => listener.onBytes(count),
    });
    stored.push({ path: nameOnDisk(file), size: file.size, sha256 });
  }
  await checkShardIndex(staging, files);
  const pulledAt = new Date().toISOString();
  await publish(modelsDir, folder, files, {
    version: 1,
    repository: hubModel.repository,
    revision,
    ...(hubModel.file === undefined ? {} : { file: hubModel.file }),
    pulled_at: pulledAt,
    files: stored,
  });
}

/** A file that a user put there by hand is never replaced; a pulled file that is damaged is. */
async function refuseForeign(modelsDir: string, { folder, id }: PullPlan): Promise<void> {
  const location = join(modelsDir, folder);
  const names = await readdir(location).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (names === undefined || names.includes(MANIFEST_NAME)) return;
  throw new EngineError(
    'conflict',
    `${location} was not pulled, and would be replaced: move it away, and pull ${id} again`,
  );
}

/** Files that another revision has too, by their SHA-256; they are hashed again like any part. */
async function copyUnchanged(
  { manifest, location }: StoreEntry,
  staging: string,
  files: readonly HubFile[],
): Promise<void> {
  const pathOf = new Map(manifest?.files.map(({ sha256, path }) => [sha256, path]));
  for (const file of files) {
    const path = pathOf.get(file.checksum.hex);
    const target = join(staging, partName(file));
    if (path === undefined || (await stat(target).catch(() => undefined)) !== undefined) continue;
    await copyFile(join(location, path), target, constants.COPYFILE_FICLONE).catch(() => undefined);
  }
}

async function bytesIn(folder: string): Promise<number> {
  const names = await readdir(folder);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/**
 * Makes sure that every shard that a fetched index names is among the files of the model.
 * @throws EngineError `weights_invalid` naming the shards that are not
 */
async function checkShardIndex(staging: string, files: readonly HubFile[]): Promise<void> {
  const index = files.find(({ path }) => path.endsWith('.safetensors.index.json'));
  if (index === undefined) return;
  const names = new Set(files.map(({ path }) => path));
  const missing = (await shardsOf(join(staging, partName(index)))).filter((name) => !names.has(name));
  if (missing.length === 0) return;
  throw new EngineError(
    'weights_invalid',
    `${index.path} names shards that the repository does not have: ${missing.join(', ')}`,
  );
}

async function shardsOf(path: string): Promise<string[]> {
  try {
    const { weight_map } = indexSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    return [...new Set(Object.values(weight_map))];
  } catch (cause) {
    throw new EngineError('weights_invalid', 'model.safetensors.index.json is no index of shards', { cause });
  }
}
