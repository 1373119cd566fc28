import * as z from 'zod';
import type { Architecture, GgufMetadata, ModelPlan, TensorShapes } from '../architecture.ts';
import { invalidConfig } from '../model-config.ts';
import { gemma3 } from './gemma3.ts';
import { gpt2 } from './gpt2.ts';
import { llama } from './llama.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';

/** Every architecture that can be served. */
const ARCHITECTURES: readonly Architecture[] = [gpt2, llama, qwen2, qwen3, gemma3];

/**
 * The plan of a model by its config.json, already parsed.
 * @throws EngineError `config_invalid` naming the field, or for an architecture that is not supported
 */
export function planByConfigJson(json: unknown): ModelPlan {
  const modelType = z.object({ model_type: z.string() }).safeParse(json);
  if (!modelType.success)
    throw invalidConfig('config.json has no "model_type"; it must name the architecture, such as "gpt2"');
  const { model_type: name } = modelType.data;
  const architecture = ARCHITECTURES.find((one) => one.modelTypes.includes(name));
  if (architecture !== undefined) return architecture.fromConfigJson(json);
  const supported = ARCHITECTURES.flatMap((one) => one.modelTypes).join(', ');
  throw invalidConfig(`model_type "${name}" is not supported; supported: ${supported}`);
}

/**
 * The plan of a model by the metadata of its GGUF file.
 * @throws EngineError `config_invalid` naming the key, or for an architecture that is not supported
 */
export function planByGguf(metadata: GgufMetadata, tensors: TensorShapes): ModelPlan {
  const name = metadata.get('general.architecture');
  if (typeof name !== 'string')
    throw invalidConfig(
      'the metadata has no "general.architecture"; it must name the architecture, such as "gpt2"',
    );
  const architecture = ARCHITECTURES.find((one) => one.ggufName === name);
  if (architecture !== undefined) return architecture.fromGguf(metadata, tensors);
  const supported = ARCHITECTURES.map((one) => one.ggufName).join(', ');
  throw invalidConfig(`architecture "${name}" is not supported; supported: ${supported}`);
}
