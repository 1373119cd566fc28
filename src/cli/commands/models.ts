import type { Command } from 'commander';
import { ByteProgress } from '../../catalog/byte-progress.ts';
import { describeModel } from '../../catalog/describe-model.ts';
import { formatModel, formatModelList, type ListedModel } from '../../catalog/format-model-list.ts';
import {
  findEntry,
  scanStore,
  type StoredModel,
  type StoreEntry,
  removeModel,
} from '../../catalog/model-store.ts';
import { listStaged } from '../../catalog/staging.ts';
import { verifyModel, type Verification } from '../../catalog/verify-model.ts';
import { EngineError } from '../../errors.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { print, printJson, say } from '../terminal.ts';
import { addModelsDir, jsonOf, modelsDirOf } from './models-dir.ts';
import { configurePull } from './pull.ts';

interface ListOptions {
  readonly modelsDir: string;
  readonly json: boolean;
}

const listOptions = (command: Command): ListOptions => ({
  modelsDir: modelsDirOf(command),
  json: command.opts<{ json?: true }>().json === true,
});

/** `tokenflare models pull …`: the same commands below one name. */
export function configureModels(command: Command): void {
  configurePull(command.command('pull').description('Fetches a model from the Hugging Face hub.'));
  configureList(command.command('list').description('The models that are there.'));
  configureShow(command.command('show').description('What a model is, and its files.'));
  configureRemove(command.command('rm').description('Removes a model.'));
  configureVerify(command.command('verify').description('Hashes the files of models again.'));
}

export function configureList(command: Command): void {
  addModelsDir(command).action(() => list(listOptions(command)));
}

export function configureShow(command: Command): void {
  command.argument('<model>', 'its id, as list has it');
  addModelsDir(command).action((id: string) => show(id, listOptions(command)));
}

export function configureRemove(command: Command): void {
  command.argument('<model>', 'its id, as list has it');
  addModelsDir(command).action((id: string) => remove(id, listOptions(command)));
}

export function configureVerify(command: Command): void {
  command.argument('[model]', 'its id, as list has it; all without it');
  addModelsDir(command).action((id: string | undefined) => verify(id, listOptions(command)));
}

async function list({ modelsDir, json }: ListOptions): Promise<void> {
  const entries = await scanStore(modelsDir);
  const models: ListedModel[] = [];
  for (const { model } of entries) if (model !== undefined) models.push(await listed(model));
  if (json) printJson(models.map((model) => ({ ...model, ...jsonOf(model) })));
  else if (models.length > 0) print(formatModelList(models).trimEnd());
  else say(nothingIn(modelsDir));
  for (const { id, problem } of entries) if (problem !== undefined) say(`${id} is not served: ${problem}`);
  for (const { id, problem } of models) if (problem !== undefined) say(`${id} cannot be read: ${problem}`);
  const isThere = new Set(entries.map(({ id }) => id));
  for (const id of await listStaged(modelsDir))
    if (!isThere.has(id)) say(`${id} is not whole yet: pull it again to go on, or rm it`);
}

const nothingIn = (modelsDir: string): string =>
  `there is no model in ${modelsDir}; 'npx tokenflare pull owner/name' fetches one. ` +
  "The embedded model needs none: 'npx tokenflare chat'";

async function listed(model: StoredModel): Promise<ListedModel> {
  try {
    return { ...model, description: await describeModel(model.path) };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { ...model, problem: error.message };
  }
}

async function show(id: string, { modelsDir, json }: ListOptions): Promise<void> {
  const { model, manifest, problem } = await entryOf(modelsDir, id);
  if (model === undefined) throw new EngineError('weights_invalid', problem ?? 'it is no model');
  const description = await describeModel(model.path);
  if (json) printJson({ ...jsonOf(model), ...description, files: manifest?.files ?? [] });
  else print(formatModel(model, description, manifest?.files).trimEnd());
}

async function remove(id: string, { modelsDir, json }: ListOptions): Promise<void> {
  const removed = await removeModel(modelsDir, id);
  if (removed === undefined) throw notFound(modelsDir, id);
  if (json) printJson({ id: removed, removed: true });
  else print(`${removed} is removed`);
}

async function verify(id: string | undefined, { modelsDir, json }: ListOptions): Promise<void> {
  const entries = id === undefined ? await scanStore(modelsDir) : [await entryOf(modelsDir, id)];
  if (entries.length === 0 && !json) say(nothingIn(modelsDir));
  const sizes = entries.flatMap(({ manifest }) => manifest?.files.map(({ size }) => size) ?? []);
  const progress = new ByteProgress(sizes.reduce((sum, size) => sum + size, 0));
  const results: Verification[] = [];
  try {
    for (const entry of entries) results.push(await verifyModel(entry, (count) => progress.advance(count)));
  } finally {
    progress.stop();
  }
  if (json) printJson(results);
  else for (const result of results) print(describeVerification(result));
  const isSound = results.every(({ differences }) => differences.length === 0);
  // Who asks for one by name is not told that all is well when there is nothing to compare it with.
  const isCompared = id === undefined || results.every(({ isPulled }) => isPulled);
  if (!isSound || !isCompared) process.exitCode = EXIT_CODES.failed;
}

function describeVerification({ id, isPulled, differences }: Verification): string {
  if (differences.length > 0) {
    const lines = differences.map(({ path, problem }) => `\n  ${path}: ${problem}`);
    return `${id} is not as it was pulled; rm it and pull it again:${lines.join('')}`;
  }
  return isPulled ? `${id} is as it was pulled` : `${id} was not pulled; there is nothing to compare it with`;
}

async function entryOf(modelsDir: string, id: string): Promise<StoreEntry> {
  const entry = await findEntry(modelsDir, id);
  if (entry === undefined) throw notFound(modelsDir, id);
  return entry;
}

function notFound(modelsDir: string, id: string): EngineError {
  return new EngineError(
    'model_not_found',
    `there is no model '${id}' in ${modelsDir}; 'npx tokenflare list' says which are`,
  );
}
