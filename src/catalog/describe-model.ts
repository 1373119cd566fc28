import { join } from 'node:path';
import * as z from 'zod';
import { EngineError } from '../errors.ts';
import { fieldOf } from '../values.ts';
import { readModelText } from '../model-files.ts';
import { isGgufPath } from '../weights/gguf/gguf-header.ts';
import { openGguf } from '../weights/gguf/open-gguf.ts';
import { openSafetensors } from '../weights/sharded-safetensors.ts';
import { numElements } from '../weights/safetensors-header.ts';
import type { TensorEntry } from '../weights/tensor-source.ts';

/** What a model's files say of it, whether it can be served or not; undefined where they do not say it. */
export interface ModelDescription {
  /** `model_type` of config.json, `general.architecture` of GGUF. */
  readonly architecture: string | undefined;
  readonly contextLength: number | undefined;
  readonly dim: number | undefined;
  readonly numLayers: number | undefined;
  readonly numHeads: number | undefined;
  readonly numKvHeads: number | undefined;
  readonly vocabSize: number | undefined;
  readonly numParameters: number;
  /** File format and number formats, the one with most bytes first: `GGUF Q8_0, F32`. */
  readonly format: string;
  /** `tokenizer.json`, or the kind of tokenizer in a GGUF file. */
  readonly tokenizer: string | undefined;
  readonly hasChatTemplate: boolean;
}

type Shape = Omit<ModelDescription, 'numParameters' | 'format' | 'tokenizer' | 'hasChatTemplate'>;

/**
 * Reads the headers of a model.
 * @param path of a directory, or a `.gguf` file, of parts the first
 * @throws EngineError `weights_invalid` or `config_invalid` naming the file
 */
export async function describeModel(path: string): Promise<ModelDescription> {
  return isGgufPath(path) ? describeGguf(path) : describeDirectory(path);
}

async function describeGguf(path: string): Promise<ModelDescription> {
  const source = await openGguf(path);
  await source.close();
  const { metadata, entries } = source;
  const architecture = textOf(metadata.get('general.architecture'));
  const count = (key: string): number | undefined => countOf(metadata.get(`${architecture ?? ''}.${key}`));
  const tokens = metadata.get('tokenizer.ggml.tokens');
  const model = textOf(metadata.get('tokenizer.ggml.model'));
  const pre = textOf(metadata.get('tokenizer.ggml.pre'));
  return {
    architecture,
    contextLength: count('context_length'),
    dim: count('embedding_length'),
    numLayers: count('block_count'),
    numHeads: count('attention.head_count'),
    numKvHeads: count('attention.head_count_kv') ?? count('attention.head_count'),
    vocabSize: Array.isArray(tokens) ? tokens.length : undefined,
    ...describeWeights('GGUF', entries),
    tokenizer: model === undefined || pre === undefined ? model : `${model}, ${pre}`,
    hasChatTemplate: metadata.has('tokenizer.chat_template'),
  };
}

async function describeDirectory(path: string): Promise<ModelDescription> {
  const config = await readJson(path, 'config.json');
  if (config === undefined)
    throw new EngineError('config_invalid', `${join(path, 'config.json')} is missing`);
  const weights = await openSafetensors(path);
  await weights.close();
  const tokenizer = await readJson(path, 'tokenizer.json');
  const tokenizerConfig = await readJson(path, 'tokenizer_config.json');
  const jinja = await readModelText(path, 'chat_template.jinja');
  const template = fieldOf(tokenizerConfig, 'chat_template') ?? undefined;
  return {
    ...shapeOf(config),
    ...describeWeights('safetensors', weights.entries),
    tokenizer: tokenizer === undefined ? undefined : 'tokenizer.json',
    hasChatTemplate: jinja !== undefined || template !== undefined,
  };
}

/** The names that families of models have for the same numbers; one that also sees keeps its text's in `text_config`. */
function shapeOf(config: unknown): Shape {
  const text = fieldOf(config, 'text_config');
  const count = (...names: string[]): number | undefined =>
    names.flatMap((name) => countOf(fieldOf(config, name)) ?? countOf(fieldOf(text, name)) ?? []).at(0);
  const numHeads = count('num_attention_heads', 'n_head');
  return {
    architecture: textOf(fieldOf(config, 'model_type')),
    contextLength: count('max_position_embeddings', 'n_positions', 'n_ctx'),
    dim: count('hidden_size', 'n_embd', 'd_model'),
    numLayers: count('num_hidden_layers', 'n_layer', 'num_layers'),
    numHeads,
    numKvHeads: count('num_key_value_heads') ?? numHeads,
    vocabSize: count('vocab_size'),
  };
}

function describeWeights(
  fileFormat: string,
  tensors: ReadonlyMap<string, TensorEntry>,
): Pick<ModelDescription, 'format' | 'numParameters'> {
  const bytesByDtype = new Map<string, number>();
  let numParameters = 0;
  for (const { dtype, shape, byteStart, byteEnd } of tensors.values()) {
    bytesByDtype.set(dtype, (bytesByDtype.get(dtype) ?? 0) + byteEnd - byteStart);
    numParameters += numElements(shape);
  }
  const largestFirst = [...bytesByDtype].toSorted(([, a], [, b]) => b - a).map(([dtype]) => dtype);
  return { format: `${fileFormat} ${largestFirst.join(', ')}`, numParameters };
}

async function readJson(directory: string, name: string): Promise<unknown> {
  const text = await readModelText(directory, name);
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch (cause) {
    throw new EngineError('config_invalid', `${join(directory, name)} is not JSON: ${String(cause)}`, {
      cause,
    });
  }
}

const countSchema = z.union([z.int(), z.bigint().transform(Number)]).pipe(z.int().positive());

/** A whole number, or the largest of a list: some models count the heads of each layer. */
function countOf(value: unknown): number | undefined {
  const counts = [value].flat().flatMap((item) => countSchema.safeParse(item).data ?? []);
  return counts.length === 0 ? undefined : Math.max(...counts);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
