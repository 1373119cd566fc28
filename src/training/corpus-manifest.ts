import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { fieldOf } from '../field-of.ts';
import { hasCode } from '../has-code.ts';
import { isRecord } from '../is-record.ts';

/** What the maker of a corpus says of it. */
export interface CorpusManifest {
  /** A sentence or two for the model card. */
  readonly description: string | undefined;
  /** Names of things that were counted, and how many there are. */
  readonly counts: ReadonlyMap<string, number>;
}

/**
 * `description` and the numbers of `counts` in the `manifest.json` of a directory; undefined where there is none.
 * @throws EngineError `config_invalid` for one that is not an object in JSON
 */
export async function readCorpusManifest(directory: string): Promise<CorpusManifest | undefined> {
  const path = join(directory, 'manifest.json');
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined;
    throw new EngineError('config_invalid', `${path} cannot be read as JSON`, { cause });
  }
  if (!isRecord(json)) throw new EngineError('config_invalid', `${path} must hold an object`);
  const description = fieldOf(json, 'description');
  const counts = Object.entries(fieldOf(json, 'counts') ?? {}).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
  return {
    description: typeof description === 'string' ? description.trim() : undefined,
    counts: new Map(counts),
  };
}
