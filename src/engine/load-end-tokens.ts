import { generationEosTokenIds } from '../model/generation-config.ts';
import { endTokenIds } from '../tokenizer/end-tokens.ts';
import { readOptionalJson } from '../tokenizer/optional-file.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { isGgufPath } from '../weights/gguf/gguf-header.ts';

/**
 * The tokens that end a sequence, by all that a model's files say.
 * @param configIds those of config.json, or of a GGUF file's metadata
 * @throws EngineError `weights_invalid` or `config_invalid` when generation_config.json is there and cannot be read
 */
export async function loadEndTokens(
  modelPath: string,
  configIds: readonly number[],
  { eosTokenIds, controlTokens }: Pick<Tokenizer, 'eosTokenIds' | 'controlTokens'>,
): Promise<readonly number[]> {
  const json = isGgufPath(modelPath)
    ? undefined
    : await readOptionalJson(modelPath, 'generation_config.json');
  const generationConfig = json === undefined ? undefined : generationEosTokenIds(json);
  return endTokenIds({ generationConfig, config: configIds, tokenizer: eosTokenIds, controlTokens });
}
