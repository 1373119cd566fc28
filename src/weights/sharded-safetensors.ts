import { basename, dirname, isAbsolute, join } from 'node:path';
import { EngineError } from '../errors.ts';
import { findModelFile, isInside, readModelText } from '../model-files.ts';
import { SafetensorsReader } from './safetensors-reader.ts';
import type { TensorEntry, TensorSource } from './tensor-source.ts';

/** The weights of a directory whose `model.safetensors.index.json` spreads them over several files, all open. */
class ShardedSafetensors implements TensorSource {
  readonly path: string;
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly #shardOf: ReadonlyMap<string, SafetensorsReader>;
  readonly #shards: readonly SafetensorsReader[];

  private constructor(
    path: string,
    shards: readonly SafetensorsReader[],
    shardOf: ReadonlyMap<string, SafetensorsReader>,
    entries: ReadonlyMap<string, TensorEntry>,
  ) {
    this.path = path;
    this.#shards = shards;
    this.#shardOf = shardOf;
    this.entries = entries;
  }

  /**
   * @param path of the index, which lies beside its shards
   * @throws EngineError `weights_invalid` naming shard and tensor when the index is no index, or does not fit the
   * files: a shard that is missing, broken or outside the directory, a tensor that its shard lacks, or one that no
   * line of the index names
   */
  static async open(path: string): Promise<ShardedSafetensors> {
    const shardNames = parseIndex(path, await readIndex(path));
    const shards = new Map<string, SafetensorsReader>();
    try {
      for (const [tensorName, shardName] of shardNames) {
        if (shards.has(shardName)) continue;
        const shardPath = await shardInside(path, tensorName, shardName);
        shards.set(shardName, await SafetensorsReader.open(shardPath));
      }
      const shardOf = new Map<string, SafetensorsReader>();
      const entries = new Map<string, TensorEntry>();
      for (const [tensorName, shardName] of shardNames) {
        const shard = shards.get(shardName);
        const entry = shard?.entries.get(tensorName);
        if (shard === undefined || entry === undefined)
          throw invalid(path, `tensor "${tensorName}" is not in "${shardName}"`);
        shardOf.set(tensorName, shard);
        entries.set(tensorName, entry);
      }
      checkAllNamed(path, shards, shardNames);
      return new ShardedSafetensors(path, [...shards.values()], shardOf, entries);
    } catch (error) {
      await closeAll([...shards.values()]);
      throw error;
    }
  }

  async read(name: string): Promise<Float32Array> {
    return this.#shard(name).read(name);
  }

  readBytes(name: string, target: Uint8Array, start: number): Promise<void> {
    return this.#shard(name).readBytes(name, target, start);
  }

  #shard(name: string): SafetensorsReader {
    const shard = this.#shardOf.get(name);
    if (shard === undefined) throw invalid(this.path, `there is no tensor "${name}"`);
    return shard;
  }

  async close(): Promise<void> {
    await closeAll(this.#shards);
  }
}

async function readIndex(path: string): Promise<unknown> {
  const text = await readModelText(dirname(path), basename(path));
  if (text === undefined) throw invalid(path, 'it is missing');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(path, `it cannot be read: ${String(cause)}`, cause);
  }
}

/** Tensor name to file name: the index's `weight_map`. */
function parseIndex(path: string, index: unknown): Map<string, string> {
  const weightMap =
    typeof index === 'object' && index !== null && 'weight_map' in index ? index.weight_map : undefined;
  if (typeof weightMap !== 'object' || weightMap === null || Array.isArray(weightMap))
    throw invalid(path, 'there is no "weight_map" object in it');
  const shardNames = new Map<string, string>();
  for (const [tensorName, shardName] of Object.entries(weightMap) as [string, unknown][]) {
    if (typeof shardName !== 'string' || shardName === '')
      throw invalid(path, `the shard of tensor "${tensorName}" is not a file name`);
    shardNames.set(tensorName, shardName);
  }
  if (shardNames.size === 0) throw invalid(path, 'its "weight_map" names no tensor');
  return shardNames;
}

/** The path of a shard, made sure to lie, links followed, in the directory of the index. */
async function shardInside(path: string, tensorName: string, shardName: string): Promise<string> {
  const directory = dirname(path);
  const what = `the shard of tensor "${tensorName}", "${shardName}",`;
  // Before the file system is asked: the error must not tell whether a file elsewhere exists.
  if (isAbsolute(shardName) || !isInside(directory, join(directory, shardName)))
    throw invalid(path, `${what} lies outside the directory`);
  const found = await findModelFile(directory, shardName);
  if (found === undefined) throw invalid(path, `${what} is missing`);
  if ('problem' in found) throw invalid(path, `${what} ${found.problem}`);
  return found.path;
}

function checkAllNamed(
  path: string,
  shards: ReadonlyMap<string, SafetensorsReader>,
  shardNames: ReadonlyMap<string, string>,
): void {
  for (const [shardName, shard] of shards) {
    for (const tensorName of shard.entries.keys()) {
      if (shardNames.get(tensorName) !== shardName)
        throw invalid(
          path,
          `"${shardName}" holds tensor "${tensorName}", which the index does not place there`,
        );
    }
  }
}

async function closeAll(shards: readonly SafetensorsReader[]): Promise<void> {
  await Promise.all(shards.map((shard) => shard.close()));
}

function invalid(path: string, problem: string, cause?: unknown): EngineError {
  return new EngineError('weights_invalid', `${path}: ${problem}`, { cause });
}

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
