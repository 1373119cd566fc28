import { EngineError } from '../../errors.ts';
import type { ServedTokenizer } from '../../text/served-tokenizer.ts';
import type { ModelInfo } from '../engine.ts';
import { loadEndTokens } from './load-end-tokens.ts';

/**
 * Checks that a tokenizer is that of the model, and finds the tokens that end a text by all files together.
 * @throws EngineError `weights_invalid` for a tokenizer with more tokens than the model embeds, or as `loadEndTokens`
 */
export function matchTokenizer(
  modelPath: string,
  { id, vocabSize, eosTokenIds }: ModelInfo,
  tokenizer: ServedTokenizer,
): Promise<readonly number[]> {
  if (tokenizer.vocabSize <= vocabSize) return loadEndTokens(modelPath, eosTokenIds, tokenizer);
  const message = `the tokenizer of ${id} has ${tokenizer.vocabSize} tokens, but the model embeds ${vocabSize}`;
  return Promise.reject(new EngineError('weights_invalid', message));
}
