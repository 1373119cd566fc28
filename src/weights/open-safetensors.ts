import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { SafetensorsReader } from './safetensors-reader.ts';
import { ShardedSafetensors } from './sharded-safetensors.ts';
import type { TensorSource } from './tensor-source.ts';

/**
 * Opens the weights of a directory in Hugging Face's layout: `model.safetensors`, or where there is none the shards
 * that `model.safetensors.index.json` lists, in the order in which transformers looks.
 * @throws EngineError `weights_invalid` when neither is there or sound
 */
export async function openSafetensors(directory: string): Promise<TensorSource> {
  const indexPath = join(directory, 'model.safetensors.index.json');
  const single = join(directory, 'model.safetensors');
  if (!(await exists(single)) && (await exists(indexPath))) return ShardedSafetensors.open(indexPath);
  return SafetensorsReader.open(single);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
