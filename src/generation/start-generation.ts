import type { TextCaller } from '../chat-template/chat-template.ts';
import type { Caller } from '../engine/caller.ts';
import { checkLeastPromptLength } from '../engine/check-input.ts';
import {
  type EncodedPrompt,
  encodePrompts,
  minNumTokens,
  type Prompt,
} from '../engine/client/texts/encode-prompts.ts';
import { withinDeadline } from '../engine/client/queue/waits.ts';
import type {
  Completion,
  CompletionEvent,
  CompletionRequest,
  Engine,
  Reservation,
} from '../engine/engine.ts';
import { EngineError, invalidField } from '../errors.ts';
import type { AnswerReader } from './answer-reader.ts';
import type { GenerationEvent } from './generation-event.ts';
import {
  type Conversation,
  type GenerationRequest,
  isConversation,
  type Texts,
} from './generation-request.ts';
import { planAnswer } from './plan-answer.ts';
import { checkConversation, renderConversation } from './render-conversation.ts';
import type { GrammarSpec } from '../grammar/grammar-spec.ts';
import type { CompiledGrammar } from '../text/grammar-compiler.ts';

/** A request that the engine computes. */
export interface Generation {
  readonly completion: Completion;
  /** To be iterated once, in place of the completion. Throws what the completion throws. */
  readonly events: AsyncIterable<GenerationEvent>;
  readonly prompts: readonly EncodedPrompt[];
}

/**
 * Starts what a client asked for: takes its slots in the queue, renders a conversation, encodes the prompts, compiles the
 * format, takes the tokens of its key, and hands all of it to the engine. The slots come first, so that a burst that will
 * be refused costs nothing, and as many conversations wait for the template as the queue holds.
 *
 * @throws EngineError `invalid_request`, `format_too_complex`, `context_length_exceeded`, `weights_invalid`,
 * `request_timeout`, or what `reserve` of engine and budget and `submit` throw
 */
export async function startGeneration(
  engine: Engine,
  request: GenerationRequest,
  { id, ownerId, clientId, budget, gone }: Caller,
): Promise<Generation> {
  const { input, params } = request;
  const { n, timeoutMs } = params;
  if (isConversation(input)) checkConversation(engine, input);
  const numPrompts = isConversation(input) ? 1 : input.prompts.length;
  const reservation = reserveSlots(engine, request, numPrompts * n, clientId);
  return withinDeadline({ clientId, gone, timeoutMs }, async (textCaller) => {
    const plan = isConversation(input)
      ? await planConversation(engine, request, input, textCaller)
      : planTexts(input, request.format);
    for (const prompt of plan.prompts) checkMinLength(engine, prompt, request, plan.param);
    const { contextLength } = engine.model;
    const numKept = numKeptOf(request, contextLength);
    const { isRendered, param, shownTokenIds, reasoningSpan } = plan;
    const texts = { prompts: plan.prompts, isRendered, n, numKept, param };
    const prompts = await encodePrompts(engine, texts, reservation, textCaller);
    const maxTokens = fittingMaxTokens(request, prompts, contextLength);
    const grammar = plan.format && (await engine.tokenizer.compileGrammar(plan.format, textCaller));
    if (grammar !== undefined) checkRoom(grammar, maxTokens);
    await budget.reserve(mostTokens(prompts, n, maxTokens));
    const tokenIds = prompts.map((prompt) => prompt.tokenIds);
    const stop = [...params.stop, ...plan.ownStops];
    const completion = engine.submit(
      // Own keys come first: V8 of Node 20 takes 1 us for each key behind a spread.
      { id, ownerId, prompts: tokenIds, grammar, shownTokenIds, reasoningSpan, ...params, maxTokens, stop },
      reservation,
    );
    return { completion, prompts, events: readEvents(completion, plan) };
  }).finally(() => reservation.release());
}

/** What comes before the answer, and how that is held and read. */
interface PromptPlan extends Texts, Pick<CompletionRequest, 'shownTokenIds' | 'reasoningSpan'> {
  /** The field that the prompts came from, for messages. */
  readonly param: 'prompt' | 'messages';
  readonly format: GrammarSpec | undefined;
  readonly ownStops: readonly string[];
  readonly reader: AnswerReader | undefined;
}

const planTexts = ({ prompts, isRendered }: Texts, format: GrammarSpec | undefined): PromptPlan => ({
  prompts,
  isRendered,
  param: 'prompt',
  format,
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

/** A text that ends by its tokens is still one of its format. */
function checkRoom({ minTokens }: CompiledGrammar, maxTokens: number): void {
  if (maxTokens >= minTokens) return;
  const complaint = `leaves room for ${maxTokens} tokens; the shortest text of the format takes ${minTokens}`;
  throw invalidField('max_tokens', complaint);
}

/** What a request can use at most: its prompts once, and all its completions in full. */
function mostTokens(prompts: readonly EncodedPrompt[], n: number, maxTokens: number): number {
  const numPromptTokens = prompts.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
  return numPromptTokens + prompts.length * n * maxTokens;
}

async function* readEvents(
  completion: Completion,
  { reader, ownStops }: PromptPlan,
): AsyncGenerator<GenerationEvent> {
  for await (const event of completion) {
    if (event.type === 'prompt') yield event;
    else yield* readChoice(withoutOwnStop(event, ownStops), reader);
  }
}

type ChoiceEvent = Exclude<CompletionEvent, { type: 'prompt' }>;

/** A stop string that the service added is the model's own end. */
function withoutOwnStop(event: ChoiceEvent, ownStops: readonly string[]): ChoiceEvent {
  if (event.type !== 'finish' || event.stopString === undefined) return event;
  if (!ownStops.includes(event.stopString)) return event;
  const told = { ...event };
  delete told.stopString;
  return told;
}

function* readChoice(event: ChoiceEvent, reader: AnswerReader | undefined): Generator<GenerationEvent> {
  if (reader !== undefined) {
    yield* reader.read(event);
  } else if (event.type === 'delta') {
    const { index, text, tokens } = event;
    yield { type: 'content', index, text, tokens };
  } else if (event.finishReason !== 'error') {
    const { index, finishReason: finish, stopString } = event;
    yield { type: 'finish', index, finish, ...(stopString === undefined ? {} : { stopString }) };
  }
}

/**
 * Takes a request's slots in the queue. One that may not wait must find a free seat that no other waits for.
 *
 * @throws EngineError `queue_full`, or what `Engine.reserve` throws
 */
function reserveSlots(
  engine: Engine,
  { rejectsIfBusy = false }: { rejectsIfBusy?: boolean | undefined },
  numSequences: number,
  clientId: string,
): Reservation {
  if (rejectsIfBusy && isBusy(engine)) {
    // Cloudflare's words, which clients look for.
    throw new EngineError('queue_full', 'Capacity temporarily exceeded, please try again.', {
      param: 'options.rejectIfBusy',
    });
  }
  return engine.reserve(numSequences, clientId);
}

function isBusy(engine: Engine): boolean {
  const { numSequencesWaiting, numSequencesRunning, maxNumSeqs } = engine.stats();
  return numSequencesWaiting > 0 || numSequencesRunning >= maxNumSeqs;
}
