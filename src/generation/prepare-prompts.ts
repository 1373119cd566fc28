import type { TextCaller } from '../chat-template/chat-template.ts';
import { checkLeastPromptLength, checkPromptLength } from '../engine/check-input.ts';
import {
  type EncodedPrompt,
  encodePrompts,
  minNumTokens,
  type Prompt,
} from '../engine/client/texts/encode-prompts.ts';
import type { CompletionRequest, Engine, Reservation } from '../engine/engine.ts';
import type { GrammarSpec } from '../grammar/grammar-spec.ts';
import type { AnswerReader } from './answer-reader.ts';
import {
  type Conversation,
  type GenerationRequest,
  isConversation,
  type Texts,
} from './generation-request.ts';
import { planAnswer } from './plan-answer.ts';
import { renderConversation } from './render-conversation.ts';

/** The prompts of a request as the engine gets them, and what it may write behind them. */
export interface PreparedPrompts {
  readonly plan: PromptPlan;
  readonly prompts: readonly EncodedPrompt[];
  readonly maxTokens: number;
}

export const numPromptsOf = ({ input }: GenerationRequest): number =>
  isConversation(input) ? 1 : input.prompts.length;

/**
 * Renders a conversation, and encodes the prompts.
 *
 * @throws EngineError `invalid_request`, `context_length_exceeded`, or what the template and `encodePrompts` throw
 */
export async function preparePrompts(
  engine: Engine,
  request: GenerationRequest,
  reservation: Reservation,
  textCaller: TextCaller,
): Promise<PreparedPrompts> {
  const { input, params } = request;
  const plan = isConversation(input)
    ? await planConversation(engine, request, input, textCaller)
    : planTexts(input, request.format);
  for (const prompt of plan.prompts) checkMinLength(engine, prompt, request, plan.param);
  const { contextLength } = engine.model;
  const { isRendered, param } = plan;
  const numKept = numKeptOf(request, contextLength);
  const texts = { prompts: plan.prompts, isRendered, n: params.n, numKept, param };
  const prompts = await encodePrompts(engine, texts, reservation, textCaller);
  const maxTokens = fittingMaxTokens(request, prompts, contextLength);
  for (const { tokenIds } of prompts) checkPromptLength(tokenIds.length, maxTokens, engine.model, param);
  return { plan, prompts, maxTokens };
}

/** What comes before the answer, and how that is held and read. */
export interface PromptPlan extends Texts, Pick<CompletionRequest, 'shownTokenIds' | 'reasoningSpan'> {
  /** The field that the prompts came from, for messages. */
  readonly param: 'prompt' | 'messages';
  readonly format: GrammarSpec | undefined;
  readonly needsRoom: boolean;
  readonly ownStops: readonly string[];
  readonly reader: AnswerReader | undefined;
}

const planTexts = ({ prompts, isRendered }: Texts, format: GrammarSpec | undefined): PromptPlan => ({
  prompts,
  isRendered,
  param: 'prompt',
  format,
  needsRoom: true,
  ownStops: [],
  reader: undefined,
});

async function planConversation(
  engine: Engine,
  request: GenerationRequest,
  conversation: Conversation,
  textCaller: TextCaller,
): Promise<PromptPlan> {
  const rendered = await renderConversation(engine, conversation, request.format !== undefined, textCaller);
  const plan = planAnswer(engine, request, conversation, rendered);
  return { ...plan, prompts: [rendered.prompt], isRendered: true, param: 'messages' };
}

/** Refuses a text that alone cannot fit before it is tokenised: a megabyte takes a second. */
function checkMinLength(
  engine: Engine,
  prompt: Prompt,
  { params: { maxTokens }, truncateTo }: GenerationRequest,
  param: string,
): void {
  if (typeof prompt !== 'string' || truncateTo !== undefined) return;
  const length = { minNumTokens: minNumTokens(engine, prompt), maxTokens };
  checkLeastPromptLength(length, engine.model, param);
}

/** Most tokens that are kept of each prompt; undefined: all. */
function numKeptOf(
  { params: { maxTokens }, truncateTo }: GenerationRequest,
  contextLength: number,
): number | undefined {
  return truncateTo === 'fit' ? Math.max(contextLength - maxTokens, 1) : truncateTo;
}

/** As many as were asked for, or those of an API's default that the context has room for. */
function fittingMaxTokens(
  { params: { maxTokens }, asksForMaxTokens }: GenerationRequest,
  prompts: readonly EncodedPrompt[],
  contextLength: number,
): number {
  if (asksForMaxTokens) return maxTokens;
  const room = contextLength - Math.max(...prompts.map(({ tokenIds }) => tokenIds.length));
  return Math.min(maxTokens, Math.max(room, 1));
}
