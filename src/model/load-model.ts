import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assertInvariant, EngineError } from '../errors.ts';
import type { Parameter } from '../runtime/ops.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { mapGpt2Tensors, type StoredTensor } from '../weights/gpt2-tensor-map.ts';
import { openSafetensors } from '../weights/open-safetensors.ts';
import { numElements } from '../weights/safetensors-header.ts';
import type { TensorSource } from '../weights/tensor-source.ts';
import { transpose } from '../weights/transpose.ts';
import type { CausalLm } from './causal-lm.ts';
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
}

/**
 * Loads a directory in Hugging Face's GPT-2 layout (`config.json`, `model.safetensors` in one file or sharded) onto a
 * runtime. Tensors are read, transposed and handed over one by one: at most one is in memory beside the runtime's own.
 * @throws EngineError `config_invalid` or `weights_invalid` naming the file and the field or tensors at fault
 */
export async function loadModel(
  directory: string,
  runtime: Pick<Runtime, 'createParameter'>,
): Promise<LoadedModel> {
  const config = await readModelConfig(directory);
  const source = await openSafetensors(directory);
  try {
    const parameters = new Map<string, Parameter>();
    let numParameters = 0;
    let weightBytes = 0;
    for (const tensor of mapGpt2Tensors(source.entries, gpt2ParameterShapes(config))) {
      const values = await readParameter(source, tensor); // tensor.shape, flat
      parameters.set(tensor.name, runtime.createParameter(tensor.name, tensor.shape, values));
      const entry = source.entries.get(tensor.storedName);
      numParameters += numElements(tensor.shape);
      weightBytes += entry === undefined ? 0 : entry.byteEnd - entry.byteStart;
    }
    const gpt2Parameters = createGpt2Parameters(config, (name) => {
      const parameter = parameters.get(name);
      assertInvariant(parameter, `parameter ${name} was loaded`);
      return parameter;
    });
    return { model: new Gpt2(config, gpt2Parameters), config, numParameters, weightBytes };
  } finally {
    await source.close();
  }
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
