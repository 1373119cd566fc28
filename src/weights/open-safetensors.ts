import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { findModelFile } from '../model-files.ts';
import { SafetensorsReader } from './safetensors-reader.ts';
import { ShardedSafetensors } from './sharded-safetensors.ts';
import type { TensorSource } from './tensor-source.ts';

const INDEX = 'model.safetensors.index.json';

/**
 * Opens the weights of a directory in Hugging Face's layout: `model.safetensors`, or where there is none the shards
 * that `model.safetensors.index.json` lists, in the order in which transformers looks.
 * @throws EngineError `weights_invalid` when neither is there or sound
 */
export async function openSafetensors(directory: string): Promise<TensorSource> {
  const path = join(directory, 'model.safetensors');
  const single = await findModelFile(directory, 'model.safetensors');
  if (single === undefined) {
    if ((await findModelFile(directory, INDEX)) !== undefined)
      return ShardedSafetensors.open(join(directory, INDEX));
    throw new EngineError('weights_invalid', `there is neither ${path} nor ${INDEX} beside it`);
  }
  if ('problem' in single) throw new EngineError('weights_invalid', `${path} ${single.problem}`);
  return SafetensorsReader.open(path);
}
