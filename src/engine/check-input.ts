import { EngineError } from '../errors.ts';
import { MAX_LOGPROBS, type SamplingParams } from '../sampling/sampling-params.ts';
import type { CompletionRequest, ModelInfo } from './engine.ts';

/**
 * What the engine takes. The routes' schemas say the same to clients in their own words; this holds for whatever calls
 * the engine, since a value outside these bounds would break an invariant in the middle of a step, and take the other
 * sequences of that step with it.
 */
export type InputBounds = Pick<ModelInfo, 'vocabSize' | 'contextLength'>;

/** @throws EngineError `invalid_request`, or `context_length_exceeded` for what the context cannot hold */
export function checkCompletion(request: CompletionRequest, bounds: InputBounds): void {
  const { prompts, n, maxTokens, minTokens, numLogprobs, sampling } = request;
  if (prompts.length === 0) throw invalid('prompt', 'prompt is an empty list; a completion needs one');
  for (const prompt of prompts) checkIds(prompt, bounds, 'prompt');
  checkInteger('n', n, 1);
  checkInteger('max_tokens', maxTokens, 0);
  checkInteger('min_tokens', minTokens, 0);
  if (numLogprobs !== undefined) checkInteger('logprobs', numLogprobs, 0, MAX_LOGPROBS);
  checkSampling(sampling);
  checkLength(request, bounds);
}

/**
 * A list of token ids that is computed by itself: to be embedded, or to be inspected.
 * @throws EngineError `invalid_request`, or `context_length_exceeded` for what the context cannot hold
 */
export function checkTokenIds(tokenIds: readonly number[], bounds: InputBounds, param: string): void {
  checkIds(tokenIds, bounds, param);
  const { contextLength } = bounds;
  if (tokenIds.length <= contextLength) return;
  throw new EngineError(
    'context_length_exceeded',
    `${param} has ${tokenIds.length} tokens, more than the context of ${contextLength} tokens`,
    { param, details: { numTokens: tokenIds.length, contextLength } },
  );
}

/** @throws EngineError `invalid_request` for a list that is empty or holds what is no token of the vocabulary */
export function checkIds(
  tokenIds: readonly number[],
  { vocabSize }: Pick<InputBounds, 'vocabSize'>,
  param: string,
): void {
  if (tokenIds.length === 0) throw invalid(param, `${param} has no tokens; at least one is needed`);
  for (const id of tokenIds) {
    if (Number.isInteger(id) && id >= 0 && id < vocabSize) continue;
    throw invalid(param, `${param} holds token id ${id}, outside the vocabulary (0 to ${vocabSize - 1})`);
  }
}

/** @throws EngineError `invalid_request` for no layer, or one that the model does not have */
export function checkLayers(layers: readonly number[], numLayers: number): void {
  if (layers.length === 0) throw new EngineError('invalid_request', 'layers is empty', { param: 'layers' });
  for (const layer of layers) checkInteger('layers', layer, 0, numLayers - 1);
}

function checkLength({ prompts, maxTokens }: CompletionRequest, { contextLength }: InputBounds): void {
  const numPromptTokens = prompts.reduce((longest, prompt) => Math.max(longest, prompt.length), 0);
  if (numPromptTokens + maxTokens <= contextLength) return;
  throw new EngineError(
    'context_length_exceeded',
    `the prompt has ${numPromptTokens} tokens and max_tokens is ${maxTokens}: together more than the context of ` +
      `${contextLength} tokens; shorten one of them, or set truncate_prompt_tokens`,
    { param: 'max_tokens', details: { numPromptTokens, maxTokens, contextLength } },
  );
}

function checkSampling(sampling: SamplingParams): void {
  const { temperature, topP, topK, minP, frequencyPenalty, presencePenalty, repetitionPenalty } = sampling;
  checkNumber('temperature', temperature, 0);
  checkNumber('top_p', topP, 0, 1);
  checkInteger('top_k', topK, 0);
  checkNumber('min_p', minP, 0, 1);
  checkNumber('frequency_penalty', frequencyPenalty);
  checkNumber('presence_penalty', presencePenalty);
  checkNumber('repetition_penalty', repetitionPenalty, 0.01);
  if (sampling.seed !== undefined) checkInteger('seed', sampling.seed, -Infinity);
  for (const bias of sampling.logitBias.values()) checkNumber('logit_bias', bias);
}

function checkInteger(param: string, value: number, minimum: number, maximum = Infinity): void {
  if (Number.isSafeInteger(value) && value >= minimum && value <= maximum) return;
  throw invalid(param, `${param} is ${value}; it must be a whole number${range(minimum, maximum)}`);
}

function checkNumber(param: string, value: number, minimum = -Infinity, maximum = Infinity): void {
  if (Number.isFinite(value) && value >= minimum && value <= maximum) return;
  throw invalid(param, `${param} is ${value}; it must be a finite number${range(minimum, maximum)}`);
}

function range(minimum: number, maximum: number): string {
  if (maximum < Infinity) return ` from ${minimum} to ${maximum}`;
  return minimum > -Infinity ? ` of at least ${minimum}` : '';
}

const invalid = (param: string, message: string): EngineError =>
  new EngineError('invalid_request', message, { param });
