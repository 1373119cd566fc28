import { assertInvariant, EngineError, invalidField } from '../errors.ts';
import { fieldName } from '../field-names.ts';
import { MAX_LOGPROBS, MAX_REPORTED_LOGPROBS, type SamplingParams } from '../sampling/sampling-params.ts';
import type { CompletionRequest, ModelInfo } from './engine.ts';

/**
 * Checks of a request against its model, each of them once: routes, the client's half of the engine and EngineCore call
 * them. The routes' schemas check ranges as well, in words for clients. The checks here hold for every caller of the
 * engine: a value outside these bounds would break an invariant in the middle of a step, and end the other sequences of
 * that step.
 */
export type InputBounds = Pick<ModelInfo, 'vocabSize' | 'contextLength'>;
type Vocabulary = Pick<InputBounds, 'vocabSize'>;
type Context = Pick<InputBounds, 'contextLength'>;

/** The field that has a long prompt cut. */
const TRUNCATE = 'truncate_prompt_tokens';

/** @throws EngineError `invalid_request`, or `context_length_exceeded` for what the context cannot hold */
export function checkCompletion(request: CompletionRequest, bounds: InputBounds): void {
  const { prompts, n, maxTokens, minTokens, numLogprobs, scoredTokenIds, sampling } = request;
  if (prompts.length === 0) throw invalidField('prompt', 'is an empty list; a completion needs one');
  for (const prompt of prompts) checkTokenIds(prompt, bounds, 'prompt');
  if (request.prefixTokenIds !== undefined) checkTokenIds(request.prefixTokenIds, bounds, 'prompt');
  checkInteger('n', n, 1);
  checkInteger('max_tokens', maxTokens, 0);
  checkInteger('min_tokens', minTokens, 0);
  if (numLogprobs !== undefined) checkInteger('logprobs', numLogprobs, 0, MAX_LOGPROBS);
  const { maxTokens: maxReasoningTokens } = request.reasoningSpan ?? {};
  if (maxReasoningTokens !== undefined) checkInteger('max_reasoning_tokens', maxReasoningTokens, 0);
  checkVocabulary(request.stopTokenIds ?? [], bounds, 'stop_token_ids', 'item');
  if (scoredTokenIds !== undefined) {
    assertInvariant(maxTokens === 0, 'a request that scores tokens draws none');
    checkTokenIds(scoredTokenIds, bounds, 'scored_token_ids');
  }
  checkSampling(sampling);
  checkCompletionLength(request, bounds);
  checkReportedLogprobs(request);
}

/** Known before anything is computed: an answer that is sent whole keeps all of them to its end. */
function checkReportedLogprobs({
  prompts,
  n,
  maxTokens,
  numLogprobs,
  promptLogprobs,
}: CompletionRequest): void {
  if (numLogprobs === undefined) return;
  const numPromptTokens = promptLogprobs ? prompts.reduce((sum, { length }) => sum + length, 0) : 0;
  const numTokens = n * (prompts.length * maxTokens + numPromptTokens);
  const numReported = numTokens * (1 + numLogprobs);
  if (numReported <= MAX_REPORTED_LOGPROBS) return;
  throw invalidField(
    'logprobs',
    `of ${numTokens} tokens (${prompts.length * n} choices of up to ${maxTokens} tokens, and ${n * numPromptTokens} of ` +
      `prompts) with ${numLogprobs} alternatives are ${numReported} numbers; at most ${MAX_REPORTED_LOGPROBS} are ` +
      'reported: ask for fewer choices, tokens or alternatives',
  );
}

/**
 * A list of token ids that is computed by itself: to be embedded, or to be inspected.
 * @throws EngineError `invalid_request`, or `context_length_exceeded` for what the context cannot hold
 */
export function checkText(tokenIds: readonly number[], bounds: InputBounds, param: string): void {
  checkTokenIds(tokenIds, bounds, param);
  checkTextLength(tokenIds.length, bounds, param);
}

/** @throws EngineError `invalid_request` for a list that is empty or holds what is no token of the vocabulary */
export function checkTokenIds(tokenIds: readonly number[], vocabulary: Vocabulary, param: string): void {
  if (tokenIds.length === 0) throw invalidField(param, 'has no tokens; at least one is needed');
  checkVocabulary(tokenIds, vocabulary, param, 'list');
}

/** What a message names: the list that holds a token id, the id's place in its list, or the id as the key of a map. */
type Naming = 'list' | 'item' | 'key';

/** @throws EngineError `invalid_request` for the first id that is no token of the vocabulary */
export function checkVocabulary(
  tokenIds: readonly number[],
  { vocabSize }: Vocabulary,
  param: string,
  naming: Naming,
): void {
  const index = indexOutside(tokenIds, vocabSize);
  if (index === tokenIds.length) return;
  const id = tokenIds[index];
  const range = `outside the vocabulary (0 to ${vocabSize - 1})`;
  if (naming === 'list') throw invalidField(param, `holds token id ${id}, ${range}`);
  if (naming === 'key') throw invalidField(`${param}.${id}`, `names a token id ${range}`);
  throw invalidField(`${param}[${index}]`, `is ${id}, a token id ${range}`);
}

/** The index of the first id outside the vocabulary, or the list's length. A loop, since a list may have half a million. */
function indexOutside(tokenIds: readonly number[], vocabSize: number): number {
  let index = 0;
  for (; index < tokenIds.length; index++) {
    const id = tokenIds[index] ?? -1;
    if (!(Number.isInteger(id) && id >= 0 && id < vocabSize)) break;
  }
  return index;
}

/** @throws EngineError `invalid_request` for no layer, or one that the model does not have */
export function checkLayers(layers: readonly number[], numLayers: number): void {
  if (layers.length === 0) throw invalidField('layers', 'is empty');
  const index = layers.findIndex((layer) => !(Number.isInteger(layer) && layer >= 0 && layer < numLayers));
  if (index === -1) return;
  throw invalidField(`layers[${index}]`, `is ${layers[index]}; the model has ${numLayers} layers`);
}

/** In OpenAI's words: by these clients know that a conversation is to be shortened (LiteLLM, CrewAI, Pydantic AI). */
export const tooMany = (contextLength: number): string =>
  `: this model's maximum context length is ${contextLength} tokens`;

/**
 * A text without a completion.
 * @param name the text's in the message
 * @throws EngineError `context_length_exceeded`
 */
export function checkTextLength(
  numTokens: number,
  { contextLength }: Context,
  param: string,
  name = param,
): void {
  if (numTokens <= contextLength) return;
  throw new EngineError(
    'context_length_exceeded',
    `${name} has at least ${numTokens} tokens${tooMany(contextLength)}; shorten it${fieldName(TRUNCATE, ', or set ')}`,
    { param, details: { numTokens, contextLength } },
  );
}

/**
 * A prompt that is not encoded yet, and has at least so many tokens. Its completion may turn out shorter than
 * `maxTokens`, so the prompt alone must exceed the context.
 * @throws EngineError `context_length_exceeded`
 */
export function checkLeastPromptLength(
  { minNumTokens, maxTokens }: { minNumTokens: number; maxTokens: number },
  { contextLength }: Context,
  param: string,
): void {
  if (minNumTokens <= contextLength) return;
  throw promptTooLong(`at least ${minNumTokens}`, { minNumTokens, maxTokens, contextLength }, param);
}

function checkCompletionLength(
  { prompts, prefixTokenIds = [], maxTokens }: CompletionRequest,
  { contextLength }: Context,
): void {
  const numOwnTokens = prompts.reduce((longest, prompt) => Math.max(longest, prompt.length), 0);
  const numPromptTokens = prefixTokenIds.length + numOwnTokens;
  if (numPromptTokens + maxTokens <= contextLength) return;
  checkPromptLength(numPromptTokens, maxTokens, { contextLength }, 'prompt');
  const details = { numPromptTokens, maxTokens, contextLength };
  throw new EngineError(
    'context_length_exceeded',
    `the prompt has ${numPromptTokens} tokens and ${fieldName('max_tokens')} is ${maxTokens}` +
      `${tooMany(contextLength)}; shorten one of them${fieldName(TRUNCATE, ', or set ')}`,
    { param: 'max_tokens', details },
  );
}

/**
 * A prompt beside which there is no room for a token. No max_tokens would help then, and the client may not have sent one.
 * @throws EngineError `context_length_exceeded`
 */
export function checkPromptLength(
  numPromptTokens: number,
  maxTokens: number,
  { contextLength }: Context,
  param: string,
): void {
  if (numPromptTokens + Math.min(maxTokens, 1) <= contextLength) return;
  throw promptTooLong(`${numPromptTokens}`, { numPromptTokens, maxTokens, contextLength }, param);
}

const promptTooLong = (
  numTokens: string,
  details: Context & Record<string, number>,
  param: string,
): EngineError =>
  new EngineError(
    'context_length_exceeded',
    `the prompt has ${numTokens} tokens, which leaves no room for an answer${tooMany(details.contextLength)}; ` +
      `shorten it${fieldName(TRUNCATE, ', or set ')}`,
    { param, details },
  );

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
  throw invalidField(param, `is ${value}; it must be a whole number${range(minimum, maximum)}`);
}

function checkNumber(param: string, value: number, minimum = -Infinity, maximum = Infinity): void {
  if (Number.isFinite(value) && value >= minimum && value <= maximum) return;
  throw invalidField(param, `is ${value}; it must be a finite number${range(minimum, maximum)}`);
}

function range(minimum: number, maximum: number): string {
  if (maximum < Infinity) return ` from ${minimum} to ${maximum}`;
  return minimum > -Infinity ? ` of at least ${minimum}` : '';
}
