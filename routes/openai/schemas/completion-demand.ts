import type { ModelInfo } from '../../../src/engine/engine.ts';
import type { SamplingParams } from '../../../src/sampling/sampling-params.ts';
import { checkVocabulary } from '../../../src/engine/check-input.ts';
import { invalidField } from '../../../src/errors.ts';
import type { CompletionDemand } from '../../../src/engine/client/start-completion.ts';
import type { CompletionInput } from './completions.ts';
import { toOutputFormat } from './output-format.ts';
import type { PromptInput } from '../../shared/schemas/prompt.ts';
import { totalTimeoutMs } from '../../shared/schemas/total-timeout.ts';

/** Most sequences (prompts times `n`) in one request. */
export const MAX_SEQUENCES = 128;

const DEFAULT_MAX_TOKENS = 16;

/**
 * The one conversion from OpenAI's fields to the engine's.
 *
 * @throws EngineError `invalid_request` where fields contradict each other or the model
 */
export function toCompletionDemand(
  input: CompletionInput,
  model: ModelInfo,
  timeoutMs: number,
): CompletionDemand {
  const demand: CompletionDemand = {
    prompts: input.prompt,
    n: input.n ?? 1,
    maxTokens: input.max_tokens ?? DEFAULT_MAX_TOKENS,
    asksForMaxTokens: typeof input.max_tokens === 'number',
    minTokens: input.min_tokens ?? 0,
    ignoreEos: input.ignore_eos ?? false,
    stop: typeof input.stop === 'string' ? [input.stop] : (input.stop ?? []),
    stopTokenIds: input.stop_token_ids ?? [],
    includesStopString: input.include_stop_str_in_output ?? false,
    skipsSpecialTokens: input.skip_special_tokens ?? true,
    reportsEveryToken: input.stream_options?.every_token ?? false,
    isRendered: input.add_special_tokens === false,
    rejectsIfBusy: input.options?.rejectIfBusy ?? false,
    grammar: toOutputFormat(input),
    sampling: toSampling(input, model),
    numLogprobs: input.logprobs ?? undefined,
    promptLogprobs: input.echo === true && typeof input.logprobs === 'number',
    cacheSalt: input.cache_salt ?? undefined,
    timeoutMs: totalTimeoutMs(input.timeout_ms, timeoutMs),
    truncateTo: input.truncate_prompt_tokens === -1 ? 'fit' : (input.truncate_prompt_tokens ?? undefined),
  };
  checkFields(input, demand);
  checkTokenIds(input.prompt, demand, model);
  return demand;
}

/** Where the client says nothing, the model's files do; where these do not, OpenAI's defaults hold. */
function toSampling(
  input: CompletionInput,
  { generationDefaults: defaults = {} }: ModelInfo,
): SamplingParams {
  const { repetition_penalty: repetitionPenalty, repeat_penalty: otherName } = input;
  return {
    temperature: input.temperature ?? defaults.temperature ?? 1,
    topP: input.top_p ?? defaults.topP ?? 1,
    topK: Math.max(input.top_k ?? defaults.topK ?? 0, 0),
    minP: input.min_p ?? defaults.minP ?? 0,
    seed: input.seed ?? undefined,
    logitBias: new Map(Object.entries(input.logit_bias ?? {}).map(([id, bias]) => [Number(id), bias])),
    frequencyPenalty: input.frequency_penalty ?? 0,
    presencePenalty: input.presence_penalty ?? 0,
    repetitionPenalty: repetitionPenalty ?? otherName ?? defaults.repetitionPenalty ?? 1,
  };
}

function checkFields(input: CompletionInput, demand: CompletionDemand): void {
  const { n, maxTokens, minTokens, prompts } = demand;
  const bestOf = input.best_of ?? n;
  check(bestOf === n, 'best_of', `must equal n (${n}), not ${bestOf}: ranking completions is not supported`);
  check(minTokens <= maxTokens, 'min_tokens', `must be at most max_tokens (${maxTokens}), not ${minTokens}`);
  const { repetition_penalty: penalty, repeat_penalty: otherName } = input;
  check(
    (penalty ?? otherName) === (otherName ?? penalty),
    'repeat_penalty',
    `is another name of repetition_penalty: send one of them, not ${otherName} and ${penalty}`,
  );
  const numSequences = prompts.length * n;
  check(
    numSequences <= MAX_SEQUENCES,
    'n',
    `times ${prompts.length} prompts makes ${numSequences} completions; at most ${MAX_SEQUENCES} are taken`,
  );
}

function checkTokenIds(prompts: readonly PromptInput[], demand: CompletionDemand, model: ModelInfo): void {
  for (const [index, prompt] of prompts.entries()) {
    if (typeof prompt === 'string') continue;
    checkVocabulary(prompt, model, prompts.length === 1 ? 'prompt' : `prompt[${index}]`, 'item');
  }
  checkVocabulary([...demand.sampling.logitBias.keys()], model, 'logit_bias', 'key');
  checkVocabulary(demand.stopTokenIds ?? [], model, 'stop_token_ids', 'item');
}

function check(holds: boolean, param: string, complaint: string): void {
  if (!holds) throw invalidField(param, complaint);
}
