import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { EngineError } from '../errors.ts';
import type { HubFile } from './hub-repository.ts';
import { partName } from './staging.ts';

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/**
 * Makes sure that every shard that a fetched index names is among the files of the model.
 * @throws EngineError `weights_invalid` naming the shards that are not
 */
export async function checkShardIndex(staging: string, files: readonly HubFile[]): Promise<void> {
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
