import type { Caller } from '../engine/caller.ts';
import type { EncodedPrompt } from '../engine/client/texts/encode-prompts.ts';
import { withinDeadline } from '../engine/client/queue/waits.ts';
import type { Completion, CompletionEvent, Engine, Reservation } from '../engine/engine.ts';
import { EngineError, invalidField } from '../errors.ts';
import type { AnswerReader } from './answer-reader.ts';
import type { GenerationEvent } from './generation-event.ts';
import { type GenerationRequest, isConversation } from './generation-request.ts';
import { numPromptsOf, preparePrompts, type PromptPlan } from './prepare-prompts.ts';
import { checkConversation } from './render-conversation.ts';
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
 * `request_timeout`, `queue_full` for one that is not started by its `startBy`, or what `reserve` of engine and budget and
 * `submit` throw
 */
export async function startGeneration(
  engine: Engine,
  request: GenerationRequest,
  { id, ownerId, clientId, budget, gone, startBy }: Caller,
): Promise<Generation> {
  const { input, params } = request;
  const { n, timeoutMs } = params;
  if (isConversation(input)) checkConversation(engine, input);
  checkStartBy(startBy);
  const reservation = reserveSlots(engine, request, numPromptsOf(request) * n, clientId);
  const generation = withinDeadline({ clientId, gone, timeoutMs }, async (textCaller) => {
    const { plan, prompts, maxTokens } = await preparePrompts(engine, request, reservation, textCaller);
    const { shownTokenIds, reasoningSpan } = plan;
    const grammar = plan.format && (await engine.tokenizer.compileGrammar(plan.format, textCaller));
    if (grammar !== undefined && plan.needsRoom) checkRoom(grammar, maxTokens);
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
  if (startBy === undefined) return generation;
  const started = await generation;
  await waitForStart(started.completion, startBy, gone);
  return started;
}

/** A client that has asked for its first token by then would get it too late. */
function checkStartBy(startBy: number | undefined): void {
  if (startBy !== undefined && startBy <= performance.now()) throw notStarted();
}

/** Gives a request up that still waits for a seat when its client wants the first token: it costs no step then. */
async function waitForStart(completion: Completion, startBy: number, gone: AbortSignal): Promise<void> {
  const onGone = (): void => completion.cancel('disconnect');
  gone.addEventListener('abort', onGone, { once: true });
  const isStarted = await completion.startedWithin(startBy - performance.now());
  gone.removeEventListener('abort', onGone);
  if (isStarted) return;
  completion.cancel('timeout');
  throw notStarted();
}

const notStarted = (): EngineError =>
  new EngineError('queue_full', 'the first token would come later than x-llm-d-slo-ttft-ms asks for', {
    param: 'x-llm-d-slo-ttft-ms',
  });

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
