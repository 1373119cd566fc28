import {
  generationDefaults,
  ggufGenerationDefaults,
  type GenerationDefaults,
} from '../../model/generation-config.ts';
import { readOptionalJson } from '../../tokenizer/read-optional-json.ts';
import { isGgufPath } from '../../weights/gguf/gguf-header.ts';

/** Of a generation_config.json, which has some hundred: it is read in the HTTP thread. */
const MAX_BYTES = 2 ** 20;

/**
 * How a model's maker wants tokens drawn, by its generation_config.json or a GGUF file's metadata; empty where they do
 * not say.
 * @param samplingMetadata the keys `general.sampling.*` of a GGUF file
 * @throws EngineError `weights_invalid` or `config_invalid` for a file that is there and cannot be read
 */
export async function loadGenerationDefaults(
  modelPath: string,
  samplingMetadata: ReadonlyMap<string, unknown>,
): Promise<GenerationDefaults> {
  if (isGgufPath(modelPath)) return ggufGenerationDefaults(samplingMetadata);
  const json = await readOptionalJson(modelPath, 'generation_config.json', MAX_BYTES);
  return json === undefined ? {} : generationDefaults(json);
}
