import { z } from 'zod';
import type { Architecture, GgufMetadata, ModelPlan, TensorShapes } from '../architecture.ts';
import { invalidConfig } from '../model-config.ts';
import { gpt2 } from './gpt2.ts';

/** Every architecture that can be served. */
const ARCHITECTURES: readonly Architecture[] = [gpt2];

/**
 * The plan of a model by its config.json, already parsed.
 * @throws EngineError `config_invalid` naming the field, or for an architecture that is not supported
 */
export function planByConfigJson(json: unknown): ModelPlan {
  const modelType = z.object({ model_type: z.string() }).safeParse(json);
  if (!modelType.success)
    throw invalidConfig('config.json has no "model_type"; it must name the architecture, such as "gpt2"');
  const { model_type: name } = modelType.data;
  const architecture = ARCHITECTURES.find((one) => one.modelType === name);
  if (architecture !== undefined) return architecture.fromConfigJson(json);
  const supported = ARCHITECTURES.map((one) => one.modelType).join(', ');
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
