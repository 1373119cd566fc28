import { posix } from 'node:path';
import { clip } from '../values.ts';
import { EngineError } from '../errors.ts';
import { isSafePath } from './safe-path.ts';

/** A model of the hub: a repository, or one GGUF file of it. */
export interface HubModel {
  /** `owner/name`. */
  readonly repository: string;
  /** Path of the GGUF file in its repository; undefined for a repository in safetensors. */
  readonly file: string | undefined;
}

/** What the hub allows an owner and a repository to be called; neither may hold `--`, which separates them on disk. */
const NAME = /^(?!.*(?:--|\.\.))\w(?:[\w.-]*\w)?$/;
const MAX_NAME_LENGTH = 96;

/** `owner/name`, by the hub's own rules (huggingface_hub, `validate_repo_id`). */
export function isRepository(text: string): boolean {
  const parts = text.split('/');
  return parts.length === 2 && parts.every((part) => part.length <= MAX_NAME_LENGTH && NAME.test(part));
}

/** `owner/name`, or `owner/name:FILE.gguf`. */
export function modelIdOf({ repository, file }: HubModel): string {
  return file === undefined ? repository : `${repository}:${file}`;
}

/**
 * The folder of a hub's model under MODELS_DIR: `owner--name`, or `owner--name--FILE.gguf` with the file's path
 * percent-encoded. `modelIdOfFolder` takes it back.
 */
export function folderOfHubModel({ repository, file }: HubModel): string {
  const folder = repository.replace('/', '--');
  return file === undefined ? folder : `${folder}--${encodeURIComponent(file)}`;
}

/** The folder that has this id; `modelIdOfFolder` the other way. */
export function folderOfId(id: string): string {
  const [repository, file] = splitId(id);
  return isRepository(repository) ? folderOfHubModel({ repository, file }) : id;
}

/** The id of the model in a folder; a folder that nothing was pulled into is called by its own name. */
export function modelIdOfFolder(folder: string): string {
  const model = hubModelOfFolder(folder);
  return model === undefined ? folder : modelIdOf(model);
}

function hubModelOfFolder(folder: string): HubModel | undefined {
  const [owner = '', name = '', ...rest] = folder.split('--');
  const encoded = rest.length === 0 ? undefined : rest.join('--');
  const model = { repository: `${owner}/${name}`, file: decoded(encoded) };
  const isHubModel = isRepository(model.repository) && (model.file === undefined || isSafePath(model.file));
  // Two folders must never have one id: what does not lead back to the folder is its own name.
  return isHubModel && folderOfHubModel(model) === folder ? model : undefined;
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * Whether the text after the colon means this GGUF file: its path, its name, or the end of its name that
 * tells its format, in any case: `Q4_K_M` is `SmolLM2-Q4_K_M.gguf` (as Ollama and llama.cpp have it). Of a file in parts it
 * is the first, `SmolLM2-Q4_K_M-00001-of-00003.gguf`.
 */
export function selectsFile(selector: string, path: string): boolean {
  const name = posix.basename(path);
  if (selector === path || selector === name) return true;
  const stem = name.replace(/(?:-00001-of-\d{5})?\.gguf$/i, '').toLowerCase();
  const tag = selector.toLowerCase();
  return stem === tag || ['-', '.', '_'].some((separator) => stem.endsWith(separator + tag));
}

/**
 * The one id among these that a user means: itself; or `owner/name` for the only file of it, or `owner/name:Q4_K_M` for
 * the only one whose name ends so; undefined when there is none.
 * @throws EngineError `model_not_found` naming them when there are several
 */
export function matchId(ids: readonly string[], id: string): string | undefined {
  if (ids.includes(id)) return id;
  const [repository, selector] = splitId(id);
  const candidates = ids.filter((candidate) => {
    const [ofRepository, file] = splitId(candidate);
    if (ofRepository !== repository || file === undefined) return false;
    return selector === undefined || selectsFile(selector, file);
  });
  if (candidates.length > 1) {
    throw new EngineError(
      'model_not_found',
      `'${clip(id)}' may mean several models: ${candidates.join(', ')}; name one of them`,
    );
  }
  return candidates[0];
}

/** Without the tag that Ollama's clients put behind a name that has none. */
export const withoutTag = (name: string): string => name.replace(/:latest$/, '');

function splitId(id: string): [string, string | undefined] {
  const at = id.indexOf(':');
  return at < 0 ? [id, undefined] : [id.slice(0, at), id.slice(at + 1)];
}

/** What a user asks to be pulled. */
export interface PullRequest {
  readonly repository: string;
  /** After the colon: a GGUF file, or the end of its name. */
  readonly selector: string | undefined;
  /** A branch, a tag or a commit. */
  readonly revision: string;
}

/**
 * Reads `owner/name[:FILE.gguf][@REVISION]`; without a revision `main`.
 * @throws EngineError `invalid_request` with the form that is wanted
 */
export function parsePullRequest(text: string): PullRequest {
  const [, repository = '', selector, revision = 'main'] =
    /^([^:@]+)(?::([^@]+))?(?:@(\S+))?$/.exec(text) ?? [];
  const isRevision = /^[\w][\w./-]*$/.test(revision) && !revision.includes('..');
  if (isRepository(repository) && isRevision) return { repository, selector, revision };
  throw new EngineError(
    'invalid_request',
    `${JSON.stringify(text)} names no model of the hub: write owner/name, owner/name:FILE.gguf or owner/name:Q4_K_M, ` +
      'and @REVISION after it for another revision than main',
  );
}
