import { withinDeadline } from './within-deadline.ts';
import type { Completion, CompletionRequest, Engine, Reservation } from '../engine.ts';
import { checkLeastPromptLength } from '../check-input.ts';
import type { GrammarSpec } from '../../grammar/grammar-spec.ts';
import { invalidField } from '../../errors.ts';
import type { CompiledGrammar } from '../../text/grammar-compiler.ts';
import { encodePrompts, minNumTokens, type EncodedPrompt, type Prompt } from './encode-prompts.ts';
import { reservePlaces } from './reserve-places.ts';

/** What a route wants of the engine, in either API, before its prompts are token ids. */
export interface CompletionDemand extends Omit<CompletionRequest, 'id' | 'ownerId' | 'prompts' | 'grammar'> {
  prompts: readonly Prompt[];
  /** False where `maxTokens` is the API's default: then it yields to a prompt that leaves less room. */
  asksForMaxTokens: boolean;
  /** Most tokens kept from the end of each prompt, `fit`: as many as the context leaves room for. */
  truncateTo: number | 'fit' | undefined;
  /** The field that the prompts came from, for messages; `prompt` unless told otherwise. */
  promptField?: 'prompt' | 'messages';
  /** What the text must look like; undefined: any text. */
  grammar?: GrammarSpec | undefined;
  /** It is refused where it could not start at once. */
  rejectsIfBusy?: boolean;
  /** The texts were rendered by a chat template, which wrote the special tokens itself. */
  isRendered?: boolean;
}

/** The tokens that a request may use. */
export interface TokenAllowance {
  /** Takes as many as it may need, before it is computed; throws where they are not there. */
  reserve(numTokens: number): Promise<void>;
  /** Tokens that were computed. */
  spend(numPromptTokens: number, numGeneratedTokens: number): void;
}

/** Who asks. */
export interface Caller {
  /** Of the request. */
  readonly id: string;
  readonly clientId: string;
  readonly ownerId: string;
  readonly budget: Pick<TokenAllowance, 'reserve'>;
  /** Aborted when the client hangs up. */
  readonly gone: AbortSignal;
}

export interface StartedCompletion {
  completion: Completion;
  demand: CompletionDemand;
  prompts: readonly EncodedPrompt[];
}

/**
 * Admits a demand and starts it. Its places in the queue are taken before its prompts are tokenised, so that a
 * burst that will be refused costs nothing.
 *
 * @throws EngineError `request_timeout`, or whatever `reserve` of engine and budget, `encodePrompts` and `submit` throw
 */
export async function startCompletion(
  engine: Engine,
  demand: CompletionDemand,
  caller: Caller,
): Promise<StartedCompletion> {
  const reservation = reservePlaces(engine, demand, demand.prompts.length * demand.n, caller.clientId);
  try {
    return await admit(engine, demand, caller, reservation);
  } finally {
    reservation.release();
  }
}

/** Tokenises the prompts of a demand that has its places, and submits it. */
export async function admit(
  engine: Engine,
  demand: CompletionDemand,
  { id, ownerId, budget, gone }: Pick<Caller, 'id' | 'ownerId' | 'budget' | 'gone'>,
  reservation: Reservation,
): Promise<StartedCompletion> {
  const { truncateTo, asksForMaxTokens, promptField = 'prompt', isRendered = false, ...rest } = demand;
  const { grammar: spec, ...request } = rest;
  const { contextLength } = engine.model;
  for (const prompt of demand.prompts) checkMinLength(engine, prompt, demand, promptField);
  const numKept = truncateTo === 'fit' ? Math.max(contextLength - demand.maxTokens, 1) : truncateTo;
  const prompts = await encodePrompts(
    engine,
    { prompts: demand.prompts, n: demand.n, numKept, param: promptField, isRendered },
    reservation,
    { gone, timeoutMs: demand.timeoutMs },
  );
  const room = contextLength - Math.max(...prompts.map(({ tokenIds }) => tokenIds.length));
  const maxTokens = asksForMaxTokens ? demand.maxTokens : Math.min(demand.maxTokens, Math.max(room, 1));
  const tokenIds = prompts.map((prompt) => prompt.tokenIds);
  const { clientId } = reservation;
  const grammar =
    spec &&
    (await withinDeadline({ gone, timeoutMs: demand.timeoutMs }, (signal) =>
      engine.tokenizer.compileGrammar(spec, { clientId, signal }),
    ));
  if (grammar !== undefined) checkRoom(grammar, maxTokens);
  await budget.reserve(mostTokens(prompts, demand.n, maxTokens));
  const completion = engine.submit(
    { ...request, grammar, maxTokens, id, ownerId, prompts: tokenIds },
    reservation,
  );
  return { completion, demand, prompts };
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

/** Refuses a text that alone cannot fit before it is tokenised: a megabyte takes a second. */
function checkMinLength(engine: Engine, prompt: Prompt, demand: CompletionDemand, param: string): void {
  if (typeof prompt !== 'string' || demand.truncateTo !== undefined) return;
  const length = { minNumTokens: minNumTokens(engine, prompt), maxTokens: demand.maxTokens };
  checkLeastPromptLength(length, engine.model, param);
}
