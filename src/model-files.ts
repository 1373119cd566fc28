import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { EngineError } from './errors.ts';
import { messageOf } from './values.ts';

/** Some three times the largest tokenizer.json there is. */
const MAX_TEXT_BYTES = 100_000_000;

/**
 * A file of a model's directory: its path, or why it is not read, or undefined where there is none. Links are followed
 * as long as they stay in the directory, since the service may read more than the maker of the model may; the one way
 * out is that of the hub's cache, whose `snapshots/REVISION` links to the `blobs` beside it.
 */
export async function findModelFile(
  directory: string,
  name: string,
): Promise<{ path: string } | { problem: string } | undefined> {
  const path = join(directory, name);
  const root = await realpath(directory).catch(() => undefined);
  const target = await realpath(path).catch(() => undefined);
  if (root === undefined || target === undefined) return undefined;
  if (![root, ...blobsOf(root)].some((folder) => isInside(folder, target)))
    return { problem: 'is a link out of the directory; put the file itself there' };
  // Asked first: to open a pipe waits for its writer, for good perhaps.
  if (!(await stat(target)).isFile()) return { problem: 'is not a file' };
  return { path };
}

/**
 * A text of a model's directory; undefined where there is none.
 * @throws EngineError `weights_invalid` for one that cannot be read, or is longer than `maxBytes`
 */
export async function readModelText(
  directory: string,
  name: string,
  maxBytes = MAX_TEXT_BYTES,
): Promise<string | undefined> {
  const found = await findModelFile(directory, name);
  if (found === undefined) return undefined;
  const path = join(directory, name);
  if ('problem' in found) throw new EngineError('weights_invalid', `${path} ${found.problem}`);
  try {
    const { size } = await stat(path);
    if (size <= maxBytes) return await readFile(path, 'utf8');
    throw new EngineError('weights_invalid', `it has ${size} bytes; at most ${maxBytes} are read`);
  } catch (cause) {
    throw new EngineError('weights_invalid', `${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/**
 * A parsed file of a model's directory, or undefined where there is none.
 * @throws EngineError `weights_invalid` for one that cannot be read, or holds no object
 */
export async function readOptionalJson(
  directory: string,
  name: string,
  maxBytes?: number,
): Promise<object | undefined> {
  const text = await readModelText(directory, name, maxBytes);
  if (text === undefined) return undefined;
  const path = join(directory, name);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new EngineError('weights_invalid', `${path} is not JSON`, { cause });
  }
  if (typeof json === 'object' && json !== null) return json;
  throw new EngineError('weights_invalid', `${path} must hold an object`);
}

export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function blobsOf(root: string): string[] {
  return basename(dirname(root)) === 'snapshots' ? [join(root, '..', '..', 'blobs')] : [];
}
