import { parseArgs } from 'node:util';
import { toSnakeCase } from '../src/bench/snake-case.ts';
import { ByteProgress } from '../src/catalog/byte-progress.ts';
import { describeModel } from '../src/catalog/describe-model.ts';
import { openHub } from '../src/catalog/hub.ts';
import { parsePullRequest } from '../src/catalog/model-id.ts';
import { findEntry, scanStore, type StoredModel, type StoreEntry } from '../src/catalog/model-store.ts';
import { formatModel, formatModelList, type ListedModel } from '../src/catalog/format-model-list.ts';
import { pullModel } from '../src/catalog/pull-model.ts';
import { removeModel } from '../src/catalog/remove-model.ts';
import { listStaged } from '../src/catalog/staging.ts';
import { verifyModel, type Verification } from '../src/catalog/verify-model.ts';
import { DEFAULT_RETRIES } from '../src/catalog/with-retries.ts';
import { readConfig } from '../src/config/config.ts';
import { EngineError } from '../src/errors.ts';

const USAGE = `npm run models -- COMMAND [--json] [--models-dir DIR]

  pull owner/name[:FILE.gguf][@REVISION]   fetch a model from the Hugging Face hub; again, to go on where it broke off
  list                                     the models that are there
  show ID                                  what one is, and its files
  rm ID                                    remove one
  verify [ID]                              hash the files again, of one model or all

A repository in safetensors is taken with its tokenizer; of one in GGUF, the file named by :FILE.gguf or by the end of
its name, as in :Q4_K_M. MODEL=ID npm start serves one.

  MODELS_DIR    where they lie (~/.local/share/tokenflare/models)
  HF_ENDPOINT   a mirror of the hub (https://huggingface.co)
  HF_TOKEN      for private and gated models; sent to that address alone
`;

const OPTIONS = {
  json: { type: 'boolean', default: false },
  'models-dir': { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

interface Invocation {
  readonly modelsDir: string;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

const COMMANDS: Record<string, (args: readonly string[], invocation: Invocation) => Promise<void>> = {
  pull,
  list,
  show,
  rm: remove,
  verify,
};

async function main(signal: AbortSignal): Promise<void> {
  const { values, positionals } = readArguments();
  const [name, ...args] = positionals;
  if (values.help || name === undefined) {
    process.stdout.write(USAGE);
    if (!values.help) process.exitCode = 1;
    return;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw usageError(`there is no command '${name}'`);
  const flags = values['models-dir'] === undefined ? [] : ['--models-dir', values['models-dir']];
  const { modelsDir } = readConfig(process.env, flags);
  await command(args, { modelsDir, json: values.json, signal });
}

async function pull(args: readonly string[], { modelsDir, json, signal }: Invocation): Promise<void> {
  const request = parsePullRequest(oneOf(args, 'pull'));
  const hub = openHub(process.env, signal);
  let progress: ByteProgress | undefined;
  try {
    const { model, wasThere } = await pullModel(request, {
      hub,
      modelsDir,
      signal,
      retries: {
        ...DEFAULT_RETRIES,
        onRetry: ({ message }, delayMs) => {
          const text = printable(`${message}; again in ${Math.round(delayMs / 1000)} s`);
          if (progress === undefined) say(text);
          else progress.note(text);
        },
      },
      listener: {
        onPlan: ({ id, revision, files, totalBytes }) => {
          say(`${id} at ${revision}, ${files.length} file${files.length === 1 ? '' : 's'}`);
          progress = new ByteProgress(totalBytes);
        },
        onFile: ({ path, size }) => progress?.name(path, size),
        onBytes: (count) => progress?.advance(count),
      },
    });
    progress?.stop();
    if (json) printJson({ ...jsonOf(model), wasThere });
    else
      print(
        `${model.id} ${wasThere ? 'is there already' : 'is there'}: MODEL=${model.id} npm start serves it`,
      );
  } finally {
    progress?.stop();
  }
}

async function list(args: readonly string[], { modelsDir, json }: Invocation): Promise<void> {
  if (args.length > 0) throw usageError('list takes no argument');
  const entries = await scanStore(modelsDir);
  const models: ListedModel[] = [];
  for (const { model } of entries) if (model !== undefined) models.push(await listed(model));
  if (json) printJson(models.map((model) => ({ ...model, ...jsonOf(model) })));
  else if (models.length > 0) print(formatModelList(models).trimEnd());
  else say(`there is no model in ${modelsDir}`);
  for (const { id, problem } of entries) if (problem !== undefined) say(`${id} is not served: ${problem}`);
  for (const { id, problem } of models) if (problem !== undefined) say(`${id} cannot be read: ${problem}`);
  const isThere = new Set(entries.map(({ id }) => id));
  for (const id of await listStaged(modelsDir))
    if (!isThere.has(id)) say(`${id} is not whole yet: pull it again to go on, or rm it`);
}

async function show(args: readonly string[], { modelsDir, json }: Invocation): Promise<void> {
  const { model, manifest, problem } = await entryOf(modelsDir, oneOf(args, 'show'));
  if (model === undefined) throw new EngineError('weights_invalid', problem ?? 'it is no model');
  const description = await describeModel(model.path);
  if (json) printJson({ ...jsonOf(model), ...description, files: manifest?.files ?? [] });
  else print(formatModel(model, description, manifest?.files).trimEnd());
}

async function remove(args: readonly string[], { modelsDir, json }: Invocation): Promise<void> {
  const id = oneOf(args, 'rm');
  const removed = await removeModel(modelsDir, id);
  if (removed === undefined) throw notFound(modelsDir, id);
  if (json) printJson({ id: removed, removed: true });
  else print(`${removed} is removed`);
}

async function verify(args: readonly string[], { modelsDir, json }: Invocation): Promise<void> {
  const isOne = args.length > 0;
  const entries = isOne ? [await entryOf(modelsDir, oneOf(args, 'verify'))] : await scanStore(modelsDir);
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
  if (!isSound || (isOne && !results.every(({ isPulled }) => isPulled))) process.exitCode = 1;
}

function describeVerification({ id, isPulled, differences }: Verification): string {
  if (differences.length > 0) {
    const lines = differences.map(({ path, problem }) => `\n  ${path}: ${problem}`);
    return `${id} is not as it was pulled; rm it and pull it again:${lines.join('')}`;
  }
  return isPulled ? `${id} is as it was pulled` : `${id} was not pulled; there is nothing to compare it with`;
}

async function listed(model: StoredModel): Promise<ListedModel> {
  try {
    return { ...model, description: await describeModel(model.path) };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { ...model, problem: error.message };
  }
}

async function entryOf(modelsDir: string, id: string): Promise<StoreEntry> {
  const entry = await findEntry(modelsDir, id);
  if (entry === undefined) throw notFound(modelsDir, id);
  return entry;
}

/** The time as JSON has it. */
function jsonOf(model: StoredModel): object {
  const { pulledAt, ...fields } = model;
  return { ...fields, ...(pulledAt === undefined ? {} : { pulledAt: new Date(pulledAt).toISOString() }) };
}

function readArguments() {
  try {
    return parseArgs({ options: OPTIONS, strict: true, allowPositionals: true });
  } catch (cause) {
    throw usageError(cause instanceof Error ? cause.message : String(cause));
  }
}

function oneOf(args: readonly string[], command: string): string {
  const [id, ...others] = args;
  if (id === undefined || others.length > 0) throw usageError(`${command} takes one model`);
  return id;
}

function usageError(problem: string): EngineError {
  return new EngineError('invalid_request', `${problem}\n\n${USAGE}`);
}

function notFound(modelsDir: string, id: string): EngineError {
  return new EngineError(
    'model_not_found',
    `there is no model '${id}' in ${modelsDir}; 'npm run models -- list' says which are`,
  );
}

/** What a file or a server says may hold what a terminal obeys. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is taken out
  return text.replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
}

function print(text: string): void {
  process.stdout.write(`${printable(text)}\n`);
}

function say(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify(toSnakeCase(value), undefined, 2)}\n`);
}

const stop = new AbortController();
// The second one means it: `once` leaves it to Node, which ends the process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

try {
  await main(stop.signal);
} catch (error) {
  if (stop.signal.aborted) {
    say('stopped; the same command goes on from here');
    process.exitCode = 130;
  } else {
    if (!(error instanceof EngineError) || error.code === 'internal') throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
