import type { TokenBudget } from '../access/token-budget.ts';
import type { Completion, CompletionRequest, Engine } from '../engine/engine.ts';
import { EngineError } from '../errors.ts';

/** What a route wants of the engine, in either API, before its prompts are token ids. */
export interface CompletionDemand extends Omit<CompletionRequest, 'id' | 'prompts'> {
  /** Each a text or token ids. */
  prompts: readonly (string | readonly number[])[];
  /** False where `maxTokens` is the API's default: then it yields to a prompt that leaves less room. */
  asksForMaxTokens: boolean;
  /** Most tokens kept from the end of each prompt, `fit`: as many as the context leaves room for. */
  truncateTo: number | 'fit' | undefined;
  /** The field that the prompts came from, for messages; `prompt` unless told otherwise. */
  promptField?: 'prompt' | 'messages';
  /** The texts were rendered by a chat template, which wrote the special tokens itself. */
  isRendered?: boolean;
}

/** Who asks. */
export interface Caller {
  /** Of the request. */
  readonly id: string;
  readonly clientId: string;
  readonly budget: Pick<TokenBudget, 'reserve'>;
}

export interface EncodedPrompt {
  tokenIds: readonly number[];
  /** Tokens cut from the start. */
  numDropped: number;
}

export interface StartedCompletion {
  completion: Completion;
  demand: CompletionDemand;
  prompts: readonly EncodedPrompt[];
}

/**
 * Admits a demand and starts it. Its places in the queue are taken before its prompts are tokenised, so that a
 * burst that will be refused costs nothing; `reservation` has them where they had to be taken earlier.
 *
 * @throws EngineError whatever `reserve` and `submit` throw; what `TokenBudget.reserve` throws
 */
export async function startCompletion(
  engine: Engine,
  demand: CompletionDemand,
  caller: Caller,
  reservation = engine.reserve(demand.prompts.length * demand.n, caller.clientId),
): Promise<StartedCompletion> {
  const { truncateTo, asksForMaxTokens, promptField = 'prompt', isRendered = false, ...request } = demand;
  try {
    const prompts = demand.prompts.map((prompt) => {
      checkMinLength(engine, prompt, demand, promptField);
      const numFitting = engine.model.contextLength - demand.maxTokens;
      return truncatePrompt(
        encodePrompt(engine, prompt, { param: promptField, isRendered }),
        truncateTo,
        numFitting,
      );
    });
    const room = engine.model.contextLength - Math.max(...prompts.map(({ tokenIds }) => tokenIds.length));
    const maxTokens = asksForMaxTokens ? demand.maxTokens : Math.min(demand.maxTokens, Math.max(room, 1));
    await caller.budget.reserve(mostTokens(prompts, demand.n, maxTokens));
    const completion = engine.submit(
      { ...request, maxTokens, id: caller.id, prompts: prompts.map(({ tokenIds }) => tokenIds) },
      reservation,
    );
    return { completion, demand, prompts };
  } catch (error) {
    reservation.release();
    throw error;
  }
}

/** What a request can use at most: its prompts once, and all its completions in full. */
function mostTokens(prompts: readonly EncodedPrompt[], n: number, maxTokens: number): number {
  const numPromptTokens = prompts.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
  return numPromptTokens + prompts.length * n * maxTokens;
}

/** Refuses a text that alone cannot fit before it is tokenised: a megabyte would hold up this process for a second. */
function checkMinLength(
  engine: Engine,
  prompt: string | readonly number[],
  demand: CompletionDemand,
  param: string,
): void {
  if (typeof prompt !== 'string' || demand.truncateTo !== undefined) return;
  const { contextLength } = engine.model;
  const minNumTokens = engine.tokenizer.minNumTokens(prompt);
  if (minNumTokens <= contextLength) return;
  throw new EngineError(
    'context_length_exceeded',
    `the prompt has at least ${minNumTokens} tokens and max_tokens is ${demand.maxTokens}: together more than the ` +
      `context of ${contextLength} tokens; shorten one of them, or set truncate_prompt_tokens`,
    { param, details: { minNumTokens, maxTokens: demand.maxTokens, contextLength } },
  );
}

/** An empty text starts from end-of-text, as in OpenAI's API: the model's mark between documents. */
export function encodePrompt(
  engine: Engine,
  prompt: string | readonly number[],
  { param, isRendered }: { param: string; isRendered: boolean },
): readonly number[] {
  const tokenIds =
    typeof prompt === 'string' ? engine.tokenizer.encode(prompt, { addSpecialTokens: !isRendered }) : prompt;
  if (tokenIds.length > 0) return tokenIds;
  const [eosTokenId] = engine.model.eosTokenIds;
  if (eosTokenId !== undefined) return [eosTokenId];
  throw new EngineError(
    'invalid_request',
    `${param}: there is no text, and this model has no end-of-text token to start from`,
    { param },
  );
}

/** Keeps the end of a prompt that is too long. */
export function truncatePrompt(
  tokenIds: readonly number[],
  truncateTo: CompletionDemand['truncateTo'],
  numFitting: number,
): EncodedPrompt {
  const numKept = truncateTo === 'fit' ? Math.max(numFitting, 1) : (truncateTo ?? tokenIds.length);
  const numDropped = Math.max(tokenIds.length - numKept, 0);
  return { tokenIds: numDropped === 0 ? tokenIds : tokenIds.slice(numDropped), numDropped };
}
