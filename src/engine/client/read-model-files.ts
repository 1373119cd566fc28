import type { ServedTokenizer } from '../../text/served-tokenizer.ts';
import type { ModelInfo } from '../engine.ts';
import type { EngineClientOptions } from './engine-client-options.ts';
import { loadGenerationDefaults } from './load-generation-defaults.ts';
import { matchTokenizer } from './match-tokenizer.ts';

/** What the files beside the weights say of a model. */
export type ModelFileInfo = Pick<
  ModelInfo,
  'eosTokenIds' | 'tokenizer' | 'chatTemplate' | 'generationDefaults' | 'generationSource'
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
    ...(chatTemplate === undefined ? {} : { chatTemplate: chatTemplate.origin }),
    ...(givenDefaults ?? (await loadGenerationDefaults(described))),
  };
}
