import { access, readdir, stat } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { EngineError } from '../errors.ts';
import { hasCode } from '../values.ts';
import { isGgufPath } from '../weights/gguf/gguf-header.ts';
import { ggufModelsAmong, ggufPartPaths, missingPart } from '../weights/gguf/gguf-parts.ts';
import { foreignWeights } from './foreign-weights.ts';
import { readManifest, type Manifest } from './manifest.ts';
import { matchId, modelIdOf, modelIdOfFolder, folderOfId } from './model-id.ts';
import { takePullLock, emptyTrash, listStaged, moveToTrash, stagingFolder } from './staging.ts';

export interface StoredModel {
  /** `owner/name`, `owner/name:FILE.gguf`, or of a model that was not pulled the name of its folder or file. */
  readonly id: string;
  /** What `loadModel` takes: a directory, or a `.gguf` file, of parts the first. */
  readonly path: string;
  readonly sizeBytes: number;
  /** The commit that was pulled; undefined for a model that was put there by hand. */
  readonly revision?: string;
  /** Milliseconds since 1970. */
  readonly pulledAt?: number;
}

/** What is in MODELS_DIR under one name: a model, or the reason why what looks like one is none. */
export interface StoreEntry {
  readonly id: string;
  /** The folder, or the file that lies in MODELS_DIR by itself, of parts the first: what `rm` removes. */
  readonly location: string;
  /** Of such a file the parts after the first, there or not: `rm` removes them, too. */
  readonly otherParts?: readonly string[];
  readonly model?: StoredModel;
  readonly manifest?: Manifest;
  readonly problem?: string;
}

/**
 * The sound models in MODELS_DIR, by id. A pulled one has a manifest, and its files the sizes it says; one put there
 * by hand is a folder with `config.json` and safetensors, a folder with one `.gguf`, or a `.gguf` by itself. The parts of
 * a `.gguf` that llama.cpp cut are one.
 * @throws EngineError `config_invalid` when MODELS_DIR cannot be read; one that does not exist holds no model
 */
export async function listModels(modelsDir: string): Promise<StoredModel[]> {
  const entries = await scanStore(modelsDir);
  return entries.flatMap(({ model }) => model ?? []);
}

/**
 * The model with this id; undefined when there is none. `owner/name` also finds the only GGUF file stored of it, and
 * `owner/name:Q4_K_M` the only one whose name ends so.
 * @throws EngineError `weights_invalid` when it is there and not sound, `model_not_found` when several are meant
 */
export async function findModel(modelsDir: string, id: string): Promise<StoredModel | undefined> {
  const entry = await findEntry(modelsDir, id);
  if (entry?.problem !== undefined) throw new EngineError('weights_invalid', entry.problem);
  return entry?.model;
}

/** As `findModel`, for one that is not sound too. */
export async function findEntry(modelsDir: string, id: string): Promise<StoreEntry | undefined> {
  const entries = await scanStore(modelsDir);
  const found = matchId(
    entries.map((entry) => entry.id),
    id,
  );
  return entries.find((entry) => entry.id === found);
}

/** Everything in MODELS_DIR that is a model or looks like one, by id. */
export async function scanStore(modelsDir: string): Promise<StoreEntry[]> {
  const names = await namesIn(modelsDir);
  const entries = await Promise.all(
    // Hidden ones are downloads under way, and what systems leave behind.
    names.filter((name) => !name.startsWith('.')).map((name) => readEntry(modelsDir, name)),
  );
  // Parts without a first one have an entry each, with one id and one problem.
  const byId = new Map(entries.flatMap((entry) => (entry === undefined ? [] : [[entry.id, entry]])));
  return [...byId.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * Refuses what can never hold a model, before the service says that it serves. A folder that is not there, or not readable,
 * may be so for a reason: the default one of a user without a home.
 * @throws EngineError `config_invalid`
 */
export async function checkModelsDir(modelsDir: string): Promise<void> {
  const found = await stat(modelsDir).catch(() => undefined);
  if (found === undefined || found.isDirectory()) return;
  throw new EngineError(
    'config_invalid',
    `MODELS_DIR is '${modelsDir}', which is a file and no folder; MODEL serves a file, MODELS_DIR the models in a folder`,
  );
}

async function namesIn(modelsDir: string): Promise<string[]> {
  try {
    return await readdir(modelsDir);
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return [];
    throw new EngineError('config_invalid', `MODELS_DIR ${modelsDir} cannot be read: ${String(cause)}`, {
      cause,
    });
  }
}

/** What lies in MODELS_DIR under this name; undefined when nothing does, or no model. */
export async function readEntry(modelsDir: string, name: string): Promise<StoreEntry | undefined> {
  const location = join(modelsDir, name);
  const id = modelIdOfFolder(name);
  let manifest: Manifest | undefined;
  try {
    const found = await stat(location);
    if (found.isFile()) return isGgufPath(name) ? await readLooseFile(modelsDir, name) : undefined;
    if (!found.isDirectory()) return undefined;
    manifest = await readManifest(location);
    const model = await (manifest === undefined
      ? localModel(id, location)
      : pulledModel(id, location, manifest));
    return model === undefined
      ? undefined
      : { id, location, model, ...(manifest === undefined ? {} : { manifest }) };
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined;
    const problem = cause instanceof EngineError ? cause.message : `${location}: ${String(cause)}`;
    return { id, location, problem, ...(manifest === undefined ? {} : { manifest }) };
  }
}

/**
 * A `.gguf` that lies in MODELS_DIR by itself, or beside the other parts of it; undefined for a part that the first one
 * stands for.
 */
async function readLooseFile(modelsDir: string, name: string): Promise<StoreEntry | undefined> {
  const [first, ...others] = ggufPartPaths(name);
  const location = join(modelsDir, first);
  if (name !== first && (await sizeOf(location)) !== undefined) return undefined;
  const otherParts = others.map((part) => join(modelsDir, part));
  const id = modelIdOfFolder(first);
  const entry = { id, location, ...(others.length === 0 ? {} : { otherParts }) };
  const sizes = await sizesOf([location, ...otherParts]);
  if (typeof sizes === 'number') return { ...entry, model: { id, path: location, sizeBytes: sizes } };
  // A file that was there a moment ago.
  if (others.length === 0) return undefined;
  return { ...entry, problem: `${location}: ${sizes}` };
}

/** The bytes of the parts of a file together, or what is wrong with one of them. */
async function sizesOf(paths: readonly string[]): Promise<number | string> {
  const sizes = await Promise.all(paths.map(sizeOf));
  const bad = paths.find((_, i) => sizes[i] === undefined);
  if (bad !== undefined) {
    const isThere = await access(bad).then(
      () => true,
      () => false,
    );
    return isThere ? `${basename(bad)} is not a file` : missingPart(bad);
  }
  return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
}

async function pulledModel(id: string, folder: string, manifest: Manifest): Promise<StoredModel> {
  if (modelIdOf({ repository: manifest.repository, file: manifest.file }) !== id) {
    throw unsound(folder, `its manifest is of ${manifest.repository}; the folder was renamed or copied`);
  }
  for (const { path, size } of manifest.files) {
    const found = await sizeOf(join(folder, path));
    if (found === size) continue;
    const what = found === undefined ? 'is missing' : `has ${found} bytes and not ${size}`;
    throw unsound(folder, `${path} ${what}; pull the model again`);
  }
  return {
    id,
    path: manifest.file === undefined ? folder : join(folder, posix.basename(manifest.file)),
    sizeBytes: manifest.files.reduce((sum, { size }) => sum + size, 0),
    revision: manifest.revision,
    pulledAt: Date.parse(manifest.pulled_at),
  };
}

async function localModel(id: string, folder: string): Promise<StoredModel | undefined> {
  const names = await readdir(folder);
  const hasWeights = ['model.safetensors', 'model.safetensors.index.json'].some((name) =>
    names.includes(name),
  );
  if (names.includes('config.json') && hasWeights) {
    const sizes = await Promise.all(names.map((name) => sizeOf(join(folder, name))));
    return { id, path: folder, sizeBytes: sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0) };
  }
  const foreign = foreignWeights(names);
  if (foreign !== undefined) throw unsound(folder, foreign);
  const [first, ...others] = ggufModelsAmong(names);
  if (first === undefined) return undefined;
  if (others.length > 0) throw unsound(folder, 'it holds several .gguf files; give each a folder of its own');
  const sizes = await sizesOf(ggufPartPaths(join(folder, first)));
  if (typeof sizes === 'string') throw unsound(folder, sizes);
  return { id, path: join(folder, first), sizeBytes: sizes };
}

/** In bytes; undefined for what is not a file. */
async function sizeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true ? found.size : undefined;
}

function unsound(folder: string, problem: string): EngineError {
  return new EngineError('weights_invalid', `${folder}: ${problem}`);
}

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
    for (const path of [join(modelsDir, folder), ...(entry?.otherParts ?? [])])
      await moveToTrash(modelsDir, path);
    await moveToTrash(modelsDir, stagingFolder(modelsDir, folder));
    await emptyTrash(modelsDir);
  } finally {
    release();
  }
  return found;
}
