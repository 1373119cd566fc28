import { generationEosTokenIds } from '../../model/generation-config.ts';
import { endTokenIds, type EndTokenSources } from '../../tokenizer/end-tokens.ts';
import { readOptionalJson } from '../../tokenizer/read-optional-json.ts';
import { isGgufPath } from '../../weights/gguf/gguf-header.ts';

/** Of a generation_config.json, which has some hundred: it is read in the HTTP thread. */
const MAX_BYTES = 2 ** 20;

/** What a tokenizer names as ends, and which of its control tokens may be one. */
interface TokenizerEnds {
  readonly eosTokenIds: readonly number[];
  readonly controlTokens: NonNullable<EndTokenSources['controlTokens']>;
}

/**
 * The tokens that end a sequence, by all that a model's files say.
 * @param configIds those of config.json, or of a GGUF file's metadata
 * @throws EngineError `weights_invalid` or `config_invalid` when generation_config.json is there and cannot be read
 */
export async function loadEndTokens(
  modelPath: string,
  configIds: readonly number[],
  { eosTokenIds, controlTokens }: TokenizerEnds,
): Promise<readonly number[]> {
  const json = isGgufPath(modelPath)
    ? undefined
    : await readOptionalJson(modelPath, 'generation_config.json', MAX_BYTES);
  const generationConfig = json === undefined ? undefined : generationEosTokenIds(json);
  return endTokenIds({ generationConfig, config: configIds, tokenizer: eosTokenIds, controlTokens });
}
