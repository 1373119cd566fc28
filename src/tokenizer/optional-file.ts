import { readFile } from 'node:fs/promises';
import { EngineError } from '../errors.ts';

/**
 * A text file, or undefined where there is none.
 * @throws EngineError `weights_invalid` for one that cannot be read
 */
export async function readOptionalText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new EngineError('weights_invalid', `${path} cannot be read`, { cause });
  }
}

/**
 * The parsed file, or undefined where there is none.
 * @throws EngineError `weights_invalid` for one that cannot be read, or holds no object
 */
export async function readOptionalJson(path: string): Promise<object | undefined> {
  const text = await readOptionalText(path);
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new EngineError('weights_invalid', `${path} is not JSON`, { cause });
  }
  if (typeof json === 'object' && json !== null) return json;
  throw new EngineError('weights_invalid', `${path} must hold an object`);
}
