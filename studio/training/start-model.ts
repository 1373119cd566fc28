import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { assertInvariant, EngineError } from '../../src/errors.ts';
import { isRecord } from '../../src/values.ts';
import { readModelText } from '../../src/model-files.ts';
import type { Gpt2Config } from '../../src/model/gpt2-config.ts';
import { OpenModel } from '../../src/model/load-model.ts';
import { BytePairEncoder } from './byte-pair-encoder.ts';
import type { Merge } from './train-merges.ts';

/** A model of this trainer that another run begins from: its shape, its vocabulary, its weights. */
export interface StartModel {
  readonly config: Gpt2Config;
  readonly encoder: BytePairEncoder;
  /** By Hugging Face's names; a matrix is [out, in]. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** SHA-256 of the weights. */
  readonly digest: string;
}

/**
 * @param path its directory
 * @throws EngineError `config_invalid` for a directory that is no model of this trainer, `weights_invalid` for its weights
 */
export async function readStartModel(path: string): Promise<StartModel> {
  const open = await OpenModel.open(path);
  try {
    const { config } = open;
    if (!isOfTrainer(config)) {
      throw new EngineError('config_invalid', `--from ${path}: the trainer trains a GPT-2 with a tied head`);
    }
    const weights = new Map<string, Float32Array>();
    await open.load({
      createParameter: (name, shape, values) => {
        weights.set(name, Float32Array.from(values));
        return { name, shape };
      },
    });
    return { config, encoder: await readEncoder(path), weights, digest: digestOf(weights) };
  } finally {
    await open.close();
  }
}

const isOfTrainer = (config: OpenModel['config']): config is Gpt2Config =>
  config.architecture === 'gpt2' && 'tiedHead' in config && config.tiedHead;

/** The vocabulary of tokenizer.json, which must be one that this trainer wrote. */
async function readEncoder(path: string): Promise<BytePairEncoder> {
  const text = await readModelText(path, 'tokenizer.json');
  const json = text === undefined ? undefined : parseJson(text);
  const encoder = encoderOf(json);
  if (encoder !== undefined && isDeepStrictEqual(encoder.toTokenizerJson(), json)) return encoder;
  throw new EngineError(
    'config_invalid',
    `--from ${path}: its tokenizer.json is none that this trainer made`,
  );
}

/** Undefined for a text that is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function encoderOf(json: unknown): BytePairEncoder | undefined {
  if (!isRecord(json) || !isRecord(json['model']) || !Array.isArray(json['added_tokens'])) return undefined;
  const { vocab, merges } = json['model'];
  if (!isRecord(vocab) || !Array.isArray(merges)) return undefined;
  const pairs = merges.map((merge): Merge => {
    const [left = '', right = ''] = String(merge).split(' ');
    return [Number(vocab[left]), Number(vocab[right])];
  });
  const specialTokens = json['added_tokens'].map((token) =>
    isRecord(token) ? String(token['content']) : '',
  );
  return new BytePairEncoder(pairs, specialTokens.slice(1));
}

/**
 * The mean of two models, which is often better than either where one was trained from the other.
 *
 * @param path directory of the other
 * @throws EngineError as `readStartModel`, and `config_invalid` where it has another shape or vocabulary
 */
export async function meanWithModel(start: StartModel, path: string): Promise<StartModel> {
  const other = await readStartModel(path);
  const isAlike =
    isDeepStrictEqual(other.config, start.config) &&
    isDeepStrictEqual(other.encoder.toTokenizerJson(), start.encoder.toTokenizerJson());
  if (!isAlike) {
    throw new EngineError(
      'config_invalid',
      `--mean-with ${path}: it has another shape or vocabulary than the model that --from names`,
    );
  }
  const weights = new Map<string, Float32Array>();
  for (const [name, values] of start.weights) {
    const others = other.weights.get(name);
    assertInvariant(others?.length === values.length, 'models of one shape have the same weights');
    weights.set(
      name,
      values.map((value, i) => (value + (others[i] ?? 0)) / 2),
    ); // its shape
  }
  return { ...start, weights, digest: digestOf(weights) };
}

function digestOf(weights: ReadonlyMap<string, Float32Array>): string {
  const hash = createHash('sha256');
  for (const [name, values] of weights) hash.update(name).update(values);
  return hash.digest('hex');
}
