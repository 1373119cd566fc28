import { posix } from 'node:path';
import { EngineError } from '../errors.ts';
import { isGgufPath } from '../weights/gguf/gguf-header.ts';
import { ggufPartPaths, missingPart } from '../weights/gguf/gguf-parts.ts';
import { foreignWeights } from './foreign-weights.ts';
import { formatBytes } from './byte-progress.ts';
import type { HubFile } from './hub-repository.ts';
import { selectsFile } from './model-id.ts';
import { isSafePath } from './safe-path.ts';

export interface Selection {
  /** Path in the repository of the GGUF file that is the model, of parts the first; undefined for safetensors. */
  readonly file: string | undefined;
  readonly files: readonly HubFile[];
}

const INDEX = 'model.safetensors.index.json';
const SINGLE = 'model.safetensors';
const SHARD = /^model-\d+-of-\d+\.safetensors$/;
/** What describes a model in Hugging Face's layout: its shape, its tokens, its chat. */
const DESCRIPTIONS: ReadonlySet<string> = new Set([
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
  'tokenizer.model',
  'chat_template.jinja',
  'chat_template.json',
]);
/** The image half of a model that sees, which is no model by itself. */
const PROJECTOR = /^mmproj/i;
const MAX_LISTED = 40;

/**
 * Which files of a repository are the model: one GGUF file, or the parts of one, where one is asked for; else safetensors with what
 * describes them; else the only GGUF file there is.
 * @param selector what was written after the colon of the id: a file, or the end of its name
 * @throws EngineError `model_not_found` with what there is, when nothing or more than one is meant; `weights_invalid`
 * when a file's name leads out of a folder, or a part is missing
 */
export function selectFiles(
  repository: string,
  files: readonly HubFile[],
  selector: string | undefined,
): Selection {
  const ggufFiles = files.filter(({ path }) => isGgufPath(path));
  for (const { path } of ggufFiles) checkPath(repository, path);
  const ggufs = ggufModels(ggufFiles);
  if (selector !== undefined) return oneGguf(ggufs.filter(({ path }) => selectsFile(selector, path)));
  const safetensors = selectSafetensors(files);
  if (safetensors !== undefined) return { file: undefined, files: safetensors };
  return oneGguf(ggufs.filter(({ path }) => !PROJECTOR.test(posix.basename(path))));

  function oneGguf(candidates: readonly HubFile[]): Selection {
    const [found, ...others] = candidates;
    if (found === undefined) throw nothingFound(repository, files, ggufs, selector);
    if (others.length > 0) {
      throw new EngineError(
        'model_not_found',
        `${repository} has several GGUF files; name one, as in ${repository}:${posix.basename(found.path)}\n` +
          table(candidates),
      );
    }
    return { file: found.path, files: partsIn(repository, ggufFiles, found.path) };
  }
}

/** Each GGUF file, and for parts the first with the bytes of all. */
function ggufModels(files: readonly HubFile[]): HubFile[] {
  const byPath = new Map<string, HubFile>();
  for (const file of files) {
    const [path] = ggufPartPaths(file.path);
    byPath.set(path, { ...file, path, size: file.size + (byPath.get(path)?.size ?? 0) });
  }
  return [...byPath.values()];
}

function partsIn(repository: string, files: readonly HubFile[], first: string): HubFile[] {
  return ggufPartPaths(first).map((path) => {
    const file = files.find((one) => one.path === path);
    if (file !== undefined) return file;
    throw new EngineError('weights_invalid', `${repository}: ${missingPart(path)}`);
  });
}

/** As the loader looks: one file if there is one, else the shards and their index. */
function selectSafetensors(files: readonly HubFile[]): HubFile[] | undefined {
  const names = new Set(files.map(({ path }) => path));
  const isSingle = names.has(SINGLE);
  if (!names.has('config.json') || !(isSingle || names.has(INDEX))) return undefined;
  return files.filter(
    ({ path }) => DESCRIPTIONS.has(path) || (isSingle ? path === SINGLE : path === INDEX || SHARD.test(path)),
  );
}

function checkPath(repository: string, path: string): void {
  if (isSafePath(path)) return;
  throw new EngineError(
    'weights_invalid',
    `the listing of ${repository} names a file ${JSON.stringify(path)}, which is no plain path inside a folder; ` +
      'nothing was fetched',
  );
}

function nothingFound(
  repository: string,
  files: readonly HubFile[],
  ggufs: readonly HubFile[],
  selector: string | undefined,
): EngineError {
  if (ggufs.length > 0) {
    const wanted = selector === undefined ? 'is a model by itself' : `is called '${selector}'`;
    return new EngineError(
      'model_not_found',
      `no GGUF file of ${repository} ${wanted}; it has\n${table(ggufs)}`,
    );
  }
  const shown = files.filter(({ path }) => isSafePath(path));
  const foreign = foreignWeights(shown.map(({ path }) => path));
  return new EngineError(
    'model_not_found',
    `${repository} has no GGUF file` +
      (selector === undefined ? `, and no config.json with ${SINGLE} or its shards` : '') +
      `; it has\n${table(shown)}${foreign === undefined ? '' : `\n${foreign}`}`,
  );
}

/** Sizes and paths, a line each. */
function table(files: readonly HubFile[]): string {
  const lines = files
    .slice(0, MAX_LISTED)
    .map(({ path, size }) => `  ${formatBytes(size).padStart(10)}  ${path}`);
  const numMore = files.length - lines.length;
  return [...lines, ...(numMore > 0 ? [`  and ${numMore} more`] : [])].join('\n');
}
