import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { readModelText } from '../model-files.ts';

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
