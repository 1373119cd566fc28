import { DEFAULT_SAMPLING_PARAMS } from '../sampling/sampling-params.ts';
import type { CompletionRequest } from './engine.ts';

/**
 * A request that asks for nothing but tokens: one choice of each prompt, any text, by the model's own distribution. A
 * field that an API or a caller does not have keeps the value that it has here.
 */
export const PLAIN_REQUEST: Readonly<
  Omit<CompletionRequest, 'id' | 'ownerId' | 'prompts' | 'grammar' | 'maxTokens' | 'timeoutMs'>
> = {
  n: 1,
  minTokens: 0,
  ignoreEos: false,
  stop: [],
  sampling: DEFAULT_SAMPLING_PARAMS,
  numLogprobs: undefined,
  promptLogprobs: false,
  cacheSalt: undefined,
};
