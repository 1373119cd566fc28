import { createHash } from 'node:crypto';
import type { EngineClientOptions } from '../engine-client-options.ts';
import { loadGenerationDefaults } from './load-generation-defaults.ts';
import type { ModelInfo } from '../../engine.ts';
import { EngineError } from '../../../errors.ts';
import { generationEosTokenIds } from '../../../model/generation-config.ts';
import type { ServedTokenizer } from '../../../text/served-tokenizer.ts';
import { endTokenIds, type EndTokenSources } from '../../../tokenizer/end-tokens.ts';
import { readOptionalJson } from '../../../model-files.ts';
import { isGgufPath } from '../../../weights/gguf/gguf-header.ts';

/** What the files beside the weights say of a model. */
export type ModelFileInfo = Pick<
  ModelInfo,
  | 'eosTokenIds'
  | 'tokenizer'
  | 'chatTemplate'
  | 'chatTemplateDigest'
  | 'generationDefaults'
  | 'generationSource'
>;

/** @throws EngineError as `matchTokenizer` and `loadGenerationDefaults` */
export async function readModelFiles(
  { settings: { modelPath }, givenDefaults }: EngineClientOptions,
  model: ModelInfo,
  tokenizer: ServedTokenizer,
): Promise<ModelFileInfo> {
  const { kind, vocabSize, chatTemplate, generalMetadata } = tokenizer;
  const { architecture } = model;
  const hasOwnTemplate = chatTemplate?.origin === 'own';
  const described = { modelPath, architecture, hasOwnTemplate, generalMetadata };
  return {
    eosTokenIds: await matchTokenizer(modelPath, model, tokenizer),
    tokenizer: { kind, vocabSize },
    ...(chatTemplate === undefined
      ? {}
      : { chatTemplate: chatTemplate.origin, chatTemplateDigest: digestOf(chatTemplate.template) }),
    ...(givenDefaults ?? (await loadGenerationDefaults(described))),
  };
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Checks that a tokenizer is that of the model, and finds the tokens that end a text by all files together.
 * @throws EngineError `weights_invalid` for a tokenizer with more tokens than the model embeds, or as `loadEndTokens`
 */
function matchTokenizer(
  modelPath: string,
  { id, vocabSize, eosTokenIds }: ModelInfo,
  tokenizer: ServedTokenizer,
): Promise<readonly number[]> {
  if (tokenizer.vocabSize <= vocabSize) return loadEndTokens(modelPath, eosTokenIds, tokenizer);
  const message = `the tokenizer of ${id} has ${tokenizer.vocabSize} tokens, but the model embeds ${vocabSize}`;
  return Promise.reject(new EngineError('weights_invalid', message));
}

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
