import { checkVocabulary } from '../../../src/engine/check-input.ts';
import type { Completion, ModelInfo, Usage } from '../../../src/engine/engine.ts';
import type { GenerationParams } from '../../../src/engine/generation-params.ts';
import { invalidField } from '../../../src/errors.ts';
import { generationRequest, type GenerationRequest } from '../../../src/generation/generation-request.ts';
import type { SamplingParams } from '../../../src/sampling/sampling-params.ts';
import type { PromptInput } from '../../shared/schemas/prompt.ts';
import { totalTimeoutMs } from '../../shared/schemas/bounds.ts';
import type { CompletionInput } from './completions.ts';
import { toOutputFormat } from './output-format.ts';
import { toSamplingFields } from '../../shared/schemas/sampling-fields.ts';

/** Most sequences (prompts times `n`) in one request. */
export const MAX_SEQUENCES = 128;

const DEFAULT_MAX_TOKENS = 16;

/** Fields that completions and chats both have, with one meaning. */
export type GenerationInput = Omit<
  CompletionInput,
  | 'prompt'
  | 'max_tokens'
  | 'logprobs'
  | 'echo'
  | 'best_of'
  | 'suffix'
  | 'add_special_tokens'
  | 'include_stop_str_in_output'
  | 'prompt_embeds'
>;

/** What only completions have, or what each says in fields of its own. */
type OwnParams = Pick<GenerationParams, 'maxTokens' | 'numLogprobs'> &
  Partial<Pick<GenerationParams, 'promptLogprobs' | 'includesStopString'>>;

/**
 * The one conversion from OpenAI's fields to a request of this service.
 *
 * @throws EngineError `invalid_request` where fields contradict each other or the model
 */
export function toGeneration(
  input: GenerationInput,
  source: GenerationRequest['input'],
  own: OwnParams & Pick<GenerationRequest, 'asksForMaxTokens'>,
  model: ModelInfo,
  timeoutMs: number,
): GenerationRequest {
  const request = generationRequest(
    source,
    {
      n: input.n ?? 1,
      maxTokens: own.maxTokens,
      minTokens: input.min_tokens ?? 0,
      ignoreEos: input.ignore_eos ?? false,
      stop: typeof input.stop === 'string' ? [input.stop] : (input.stop ?? []),
      stopTokenIds: input.stop_token_ids ?? [],
      includesStopString: own.includesStopString,
      skipsSpecialTokens: input.skip_special_tokens ?? true,
      reportsEveryToken: input.stream_options?.every_token ?? false,
      sampling: toSampling(input, model),
      numLogprobs: own.numLogprobs,
      promptLogprobs: own.promptLogprobs ?? false,
      cacheSalt: input.cache_salt ?? undefined,
      priority: input.priority ?? 0,
      timeoutMs: totalTimeoutMs(input.timeout_ms, timeoutMs),
    },
    {
      asksForMaxTokens: own.asksForMaxTokens,
      truncateTo: input.truncate_prompt_tokens === -1 ? 'fit' : (input.truncate_prompt_tokens ?? undefined),
      format: toOutputFormat(input),
      rejectsIfBusy: input.options?.rejectIfBusy ?? false,
    },
  );
  checkFields(input, request.params);
  checkVocabulary([...request.params.sampling.logitBias.keys()], model, 'logit_bias', 'key');
  checkVocabulary(request.params.stopTokenIds ?? [], model, 'stop_token_ids', 'item');
  return request;
}

/** Most tokens of an answer, as llama.cpp and clients of LangChain say it: -1 is all the room that the prompt leaves. */
export function maxTokensOf(
  asked: number | undefined,
  byDefault: number,
  { contextLength }: ModelInfo,
): Pick<GenerationParams, 'maxTokens'> & Pick<GenerationRequest, 'asksForMaxTokens'> {
  if (asked === -1) return { maxTokens: contextLength, asksForMaxTokens: false };
  return { maxTokens: asked ?? byDefault, asksForMaxTokens: asked !== undefined };
}

function toSampling(input: GenerationInput, model: ModelInfo): SamplingParams {
  const { temperature, top_p, top_k, min_p } = input;
  const repetition_penalty = input.repetition_penalty ?? input.repeat_penalty;
  return {
    seed: input.seed ?? undefined,
    logitBias: new Map(Object.entries(input.logit_bias ?? {}).map(([id, bias]) => [Number(id), bias])),
    frequencyPenalty: input.frequency_penalty ?? 0,
    presencePenalty: input.presence_penalty ?? 0,
    ...toSamplingFields({ temperature, top_p, top_k, min_p, repetition_penalty }, model),
  };
}

function checkFields(
  { repetition_penalty: penalty, repeat_penalty: otherName }: GenerationInput,
  { maxTokens, minTokens }: GenerationParams,
): void {
  check(minTokens <= maxTokens, 'min_tokens', `must be at most max_tokens (${maxTokens}), not ${minTokens}`);
  check(
    (penalty ?? otherName) === (otherName ?? penalty),
    'repeat_penalty',
    `is another name of repetition_penalty: send one of them, not ${otherName} and ${penalty}`,
  );
}

/** @throws EngineError `invalid_request` where fields contradict each other or the model */
export function toCompletion(input: CompletionInput, model: ModelInfo, timeoutMs: number): GenerationRequest {
  const { prompt: prompts, best_of: bestOf } = input;
  const n = input.n ?? 1;
  check(
    (bestOf ?? n) === n,
    'best_of',
    `must equal n (${n}), not ${bestOf}: ranking completions is not supported`,
  );
  const numSequences = prompts.length * n;
  check(
    numSequences <= MAX_SEQUENCES,
    'n',
    `times ${prompts.length} prompts makes ${numSequences} completions; at most ${MAX_SEQUENCES} are taken`,
  );
  checkPrompts(prompts, model);
  const own = {
    includesStopString: input.include_stop_str_in_output ?? false,
    numLogprobs: input.logprobs ?? undefined,
    promptLogprobs: input.echo === true && typeof input.logprobs === 'number',
    ...maxTokensOf(input.max_tokens ?? undefined, DEFAULT_MAX_TOKENS, model),
  };
  const texts = { prompts, isRendered: input.add_special_tokens === false };
  return toGeneration(input, texts, own, model, timeoutMs);
}

/** What a stream tells of its usage in every chunk, where vLLM's field asks for it. */
export const usageSoFarOf = (
  { stream_options: options }: Pick<GenerationInput, 'stream_options'>,
  completion: Pick<Completion, 'record'>,
): (() => Usage) | undefined =>
  options?.continuous_usage_stats === true ? () => completion.record().usage : undefined;

function checkPrompts(prompts: readonly PromptInput[], model: ModelInfo): void {
  for (const [index, prompt] of prompts.entries()) {
    if (typeof prompt === 'string') continue;
    checkVocabulary(prompt, model, prompts.length === 1 ? 'prompt' : `prompt[${index}]`, 'item');
  }
}

function check(holds: boolean, param: string, complaint: string): void {
  if (!holds) throw invalidField(param, complaint);
}
