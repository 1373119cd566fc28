import type { Prompt } from '../engine/client/texts/encode-prompts.ts';
import { PLAIN_PARAMS, type GenerationParams } from '../engine/generation-params.ts';
import type { ChatMessage } from '../engine/engine.ts';
import type { GrammarSpec } from '../grammar/grammar-spec.ts';
import type { ToolChoice, ToolDefinition } from './tools.ts';

/**
 * What a client asks for, whatever API it speaks: the one shape between the wire and the engine. A route makes it of the
 * fields that came, and `startGeneration` makes the engine's request of it.
 */
export interface GenerationRequest {
  readonly input: Texts | Conversation;
  readonly params: GenerationParams;
  /** False where `params.maxTokens` is the API's default: then it yields to a prompt that leaves less room. */
  readonly asksForMaxTokens: boolean;
  /** Most tokens kept from the end of each prompt, `fit`: as many as the context leaves room for. */
  readonly truncateTo: number | 'fit' | undefined;
  /** What the texts must look like, calls of tools apart; undefined: any text. */
  readonly format: GrammarSpec | undefined;
  /** It is refused where it could not start at once. */
  readonly rejectsIfBusy: boolean;
}

/** Prompts to go on with. */
export interface Texts {
  readonly prompts: readonly Prompt[];
  /** Who wrote the texts wrote the special tokens, too. */
  readonly isRendered: boolean;
}

/** Messages to answer. The model's chat template makes one prompt of them. */
export interface Conversation {
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ToolDefinition[];
  readonly toolChoice: ToolChoice;
  /** False: at most one call. */
  readonly allowsParallelCalls: boolean;
  readonly reasoning: ReasoningWish;
  /** The last message is the assistant's, and the answer goes on with it. */
  readonly continuesFinal: boolean;
  /** Further variables for the model's template (`chat_template_kwargs`). */
  readonly templateArguments: Readonly<Record<string, unknown>>;
}

export interface ReasoningWish {
  /** Undefined: as the template has it. */
  readonly isEnabled: boolean | undefined;
  /** Most tokens of it; then the model goes on with its answer. Undefined: no bound of its own. */
  readonly maxTokens: number | undefined;
}

export const isConversation = (input: Texts | Conversation): input is Conversation => 'messages' in input;

/** A conversation; what an API has no field for has the value that changes nothing. */
export const conversation = (
  parts: Pick<Conversation, 'messages'> & Partial<Conversation>,
): Conversation => ({
  tools: [],
  toolChoice: { type: 'auto' },
  allowsParallelCalls: true,
  reasoning: { isEnabled: undefined, maxTokens: undefined },
  continuesFinal: false,
  templateArguments: {},
  ...parts,
});

type GivenParams = Pick<GenerationParams, 'maxTokens' | 'timeoutMs'> &
  Partial<Omit<GenerationParams, 'sampling'>> & { sampling?: Partial<GenerationParams['sampling']> };

/** A request; what an API has no field for has the value that changes nothing. */
export const generationRequest = (
  input: Texts | Conversation,
  params: GivenParams,
  parts: Partial<Omit<GenerationRequest, 'input' | 'params'>> = {},
): GenerationRequest => ({
  input,
  params: withDefaults(params),
  asksForMaxTokens: parts.asksForMaxTokens ?? true,
  truncateTo: parts.truncateTo,
  format: parts.format,
  rejectsIfBusy: parts.rejectsIfBusy ?? false,
});

/** Field by field, since every request comes here: to spread one object over another takes ten times as long. */
function withDefaults(given: GivenParams): GenerationParams {
  const { sampling } = given;
  const plain = PLAIN_PARAMS.sampling;
  return {
    n: given.n ?? PLAIN_PARAMS.n,
    maxTokens: given.maxTokens,
    minTokens: given.minTokens ?? PLAIN_PARAMS.minTokens,
    ignoreEos: given.ignoreEos ?? PLAIN_PARAMS.ignoreEos,
    stopTokenIds: given.stopTokenIds,
    stop: given.stop ?? PLAIN_PARAMS.stop,
    includesStopString: given.includesStopString,
    skipsSpecialTokens: given.skipsSpecialTokens,
    reportsEveryToken: given.reportsEveryToken,
    sampling: {
      temperature: sampling?.temperature ?? plain.temperature,
      topP: sampling?.topP ?? plain.topP,
      topK: sampling?.topK ?? plain.topK,
      minP: sampling?.minP ?? plain.minP,
      seed: sampling?.seed,
      logitBias: sampling?.logitBias ?? plain.logitBias,
      frequencyPenalty: sampling?.frequencyPenalty ?? plain.frequencyPenalty,
      presencePenalty: sampling?.presencePenalty ?? plain.presencePenalty,
      repetitionPenalty: sampling?.repetitionPenalty ?? plain.repetitionPenalty,
    },
    numLogprobs: given.numLogprobs,
    promptLogprobs: given.promptLogprobs ?? PLAIN_PARAMS.promptLogprobs,
    cacheSalt: given.cacheSalt,
    priority: given.priority,
    timeoutMs: given.timeoutMs,
  };
}
