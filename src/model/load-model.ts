import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assertInvariant, EngineError } from '../errors.ts';
import type { Parameter } from '../runtime/ops.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { mapGgufGpt2Tensors } from '../weights/gguf/gguf-gpt2-tensor-map.ts';
import { isGgufPath } from '../weights/gguf/gguf-header.ts';
import { GgufReader } from '../weights/gguf/gguf-reader.ts';
import { mapGpt2Tensors } from '../weights/gpt2-tensor-map.ts';
import type { StoredTensor } from '../weights/match-tensors.ts';
import { openSafetensors } from '../weights/open-safetensors.ts';
import { numElements } from '../weights/safetensors-header.ts';
import type { TensorSource } from '../weights/tensor-source.ts';
import { transpose } from '../weights/transpose.ts';
import type { CausalLm } from './causal-lm.ts';
import { ggufModelConfig } from './gguf-model-config.ts';
import { createGpt2Parameters, gpt2ParameterShapes } from './gpt2-parameters.ts';
import { Gpt2 } from './gpt2.ts';
import { parseModelConfig, type ModelConfig } from './model-config.ts';

export interface LoadedModel {
  readonly model: CausalLm;
  readonly config: ModelConfig;
  /** Trained numbers; a tied head counts once. */
  readonly numParameters: number;
  /** Bytes of the trained tensors as stored in the file. */
  readonly weightBytes: number;
  /** For people: file format and number formats, the one with most bytes first, as in `GGUF Q8_0, F32`. */
  readonly weightFormat: string;
}

/** Weights that are open, and where in them each parameter is. */
interface OpenModel {
  readonly config: ModelConfig;
  readonly source: TensorSource;
  readonly fileFormat: 'safetensors' | 'GGUF';
  readonly mapTensors: typeof mapGpt2Tensors;
}

/**
 * Loads a GPT-2 onto a runtime: a directory in Hugging Face's layout (`config.json`, `model.safetensors` in one file or
 * sharded), or a GGUF file. Tensors are read, widened, transposed and handed over one by one: at most one is in memory
 * beside the runtime's own.
 * @param path of the directory, or of a file that ends in `.gguf`
 * @throws EngineError `config_invalid` or `weights_invalid` naming the file and the field or tensors at fault
 */
export async function loadModel(
  path: string,
  runtime: Pick<Runtime, 'createParameter'>,
): Promise<LoadedModel> {
  const { config, source, fileFormat, mapTensors } = await openModel(path);
  try {
    const parameters = new Map<string, Parameter>();
    const bytesByFormat = new Map<string, number>();
    let numParameters = 0;
    for (const tensor of mapTensors(source.entries, gpt2ParameterShapes(config))) {
      const values = await readParameter(source, tensor); // tensor.shape, flat
      parameters.set(tensor.name, runtime.createParameter(tensor.name, tensor.shape, values));
      numParameters += numElements(tensor.shape);
      const entry = source.entries.get(tensor.storedName);
      assertInvariant(entry, `tensor ${tensor.storedName} is listed`);
      const bytes = entry.byteEnd - entry.byteStart;
      bytesByFormat.set(entry.dtype, (bytesByFormat.get(entry.dtype) ?? 0) + bytes);
    }
    const gpt2Parameters = createGpt2Parameters(config, (name) => {
      const parameter = parameters.get(name);
      assertInvariant(parameter, `parameter ${name} was loaded`);
      return parameter;
    });
    return {
      model: new Gpt2(config, gpt2Parameters),
      config,
      numParameters,
      weightBytes: [...bytesByFormat.values()].reduce((sum, bytes) => sum + bytes, 0),
      weightFormat: describeFormat(fileFormat, bytesByFormat),
    };
  } finally {
    await source.close();
  }
}

async function openModel(path: string): Promise<OpenModel> {
  if (!isGgufPath(path)) {
    const config = await readModelConfig(path);
    return {
      config,
      source: await openSafetensors(path),
      fileFormat: 'safetensors',
      mapTensors: mapGpt2Tensors,
    };
  }
  const source = await GgufReader.open(path);
  try {
    const config = ggufModelConfig(source.metadata, source.entries);
    return { config, source, fileFormat: 'GGUF', mapTensors: mapGgufGpt2Tensors };
  } catch (error) {
    await source.close();
    throw error;
  }
}

function describeFormat(fileFormat: string, bytesByFormat: ReadonlyMap<string, number>): string {
  const largestFirst = [...bytesByFormat].toSorted(([, a], [, b]) => b - a).map(([dtype]) => dtype);
  return `${fileFormat} ${largestFirst.join(', ')}`;
}

/**
 * Reads and checks the config.json of a model directory.
 * @throws EngineError `config_invalid` when it is missing, not JSON, or of a model that cannot be served
 */
export async function readModelConfig(directory: string): Promise<ModelConfig> {
  const path = join(directory, 'config.json');
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new EngineError('config_invalid', `cannot read ${path}: ${String(cause)}`, { cause });
  }
  return parseModelConfig(json);
}

async function readParameter(source: TensorSource, tensor: StoredTensor): Promise<Float32Array> {
  const values = await source.read(tensor.storedName); // as stored, flat
  if (!tensor.transposed) return values;
  const [outDim = 0, inDim = 0] = tensor.shape;
  return transpose(values, inDim, outDim); // [out, in]
}
