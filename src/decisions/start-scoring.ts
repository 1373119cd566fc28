import { reserveUpTo, takeQueueTokens } from '../engine/client/queue/reserve-up-to.ts';
import { withinDeadline } from '../engine/client/queue/waits.ts';
import type { Caller } from '../engine/caller.ts';
import { tooMany } from '../engine/check-input.ts';
import type { Completion, CompletionRequest, Engine } from '../engine/engine.ts';
import { PLAIN_PARAMS } from '../engine/generation-params.ts';
import { assertInvariant, EngineError } from '../errors.ts';
import type { TextCaller } from '../chat-template/chat-template.ts';
import { encodeParts } from './render-frame.ts';

/** Prompts, of which many begin alike, and the tokens whose probabilities are wanted behind them. */
export interface ScoringTexts {
  /** Beginnings, each encoded once. */
  readonly heads: readonly string[];
  readonly prompts: readonly ScoringText[];
  /** A chat template wrote the special tokens. */
  readonly isRendered: boolean;
}

interface ScoringText {
  /** Which of the heads it begins with. */
  readonly head: number;
  readonly rest: string;
  readonly tokenIds: readonly number[];
  /** The request's field that the rest is made of. */
  readonly param: string;
}

export interface ScoringRequest {
  readonly numPrompts: number;
  /** Called once the request has its slots in the queue. */
  readonly write: (caller: TextCaller) => Promise<ScoringTexts>;
  /** The request's field that the heads are made of. */
  readonly headParam: string;
  readonly timeoutMs: number;
  readonly cacheSalt: string | undefined;
}

export interface StartedScoring {
  readonly completion: Completion;
  /** Of each prompt, the logprobs of its tokens. Call it once. @throws EngineError what the completion throws */
  readonly logprobs: () => Promise<readonly (readonly number[])[]>;
}

/**
 * Has a model read prompts, and reports how probable some tokens are behind each. Nothing is generated: it is the prefill
 * alone. Of prompts with one beginning the first computes it, and the others find it in the prefix cache; all others
 * share the steps of the engine.
 *
 * The request takes a few slots in the queue, in which its prompts follow one another (see Engine.submit).
 *
 * @throws EngineError `context_length_exceeded`, `invalid_request`, `request_timeout`, or what `reserve` of engine and
 * budget, the tokenizer and `submit` throw
 */
export async function startScoring(
  engine: Engine,
  request: ScoringRequest,
  caller: Caller,
): Promise<StartedScoring> {
  const { clientId, gone } = caller;
  const { headParam, timeoutMs, cacheSalt } = request;
  const reservation = reserveUpTo(engine, request.numPrompts, clientId);
  return withinDeadline({ clientId, gone, timeoutMs }, async (textCaller) => {
    const texts = await request.write(textCaller);
    checkHeads(engine, texts, headParam);
    const encoded = await encodePrompts(engine, texts, headParam, textCaller);
    const { prompts, prefixTokenIds = [] } = encoded;
    const lengths = prompts.map(({ length }) => prefixTokenIds.length + length);
    checkLengths(engine, lengths, texts, headParam);
    await caller.budget.reserve(lengths.reduce((sum, length) => sum + length, 0));
    takeQueueTokens(reservation, lengths, headParam);
    const scoredTokenIds = [...new Set(texts.prompts.flatMap(({ tokenIds }) => tokenIds))];
    const { id, ownerId } = caller;
    const scored = { ...NOTHING_DRAWN, ...encoded, id, ownerId, scoredTokenIds, cacheSalt, timeoutMs };
    const completion = engine.submit(scored, reservation);
    return { completion, logprobs: () => readScores(completion, texts, scoredTokenIds) };
  }).finally(() => reservation.release());
}

const NOTHING_DRAWN = { ...PLAIN_PARAMS, maxTokens: 0, ignoreEos: true };

/** Where the prompts have one head, it is the prefix of all of them. */
type EncodedTexts = Pick<CompletionRequest, 'prompts' | 'prefixTokenIds'>;

async function encodePrompts(
  { tokenizer, model }: Engine,
  { heads, prompts, isRendered }: ScoringTexts,
  headParam: string,
  caller: TextCaller,
): Promise<EncodedTexts> {
  const start = { position: 'start', addSpecialTokens: !isRendered } as const;
  const headIds = await encodeParts(tokenizer, heads, start, caller);
  for (const { length } of headIds) {
    if (length > model.contextLength) throw tooLong(`${headParam} has ${length}`, model, headParam);
  }
  const rests = prompts.map(({ rest }) => rest);
  const restIds = await encodeParts(tokenizer, rests, { position: 'continuation' }, caller);
  const [onlyHead, ...otherHeads] = headIds;
  if (onlyHead !== undefined && otherHeads.length === 0)
    return { prompts: restIds, prefixTokenIds: onlyHead };
  const whole = prompts.map(({ head }, index) => (headIds[head] ?? []).concat(restIds[index] ?? []));
  return { prompts: whole };
}

/** Refuses a text that alone cannot fit before it is tokenised. */
function checkHeads({ tokenizer, model }: Engine, { heads }: ScoringTexts, param: string): void {
  for (const head of heads) {
    const leastTokens = tokenizer.minNumTokens(head);
    if (leastTokens > model.contextLength)
      throw tooLong(`${param} has at least ${leastTokens}`, model, param);
  }
}

function checkLengths(
  { model }: Engine,
  lengths: readonly number[],
  { prompts }: ScoringTexts,
  headParam: string,
): void {
  for (const [index, length] of lengths.entries()) {
    const { param = headParam } = prompts[index] ?? {};
    if (length > model.contextLength) throw tooLong(`${headParam} and ${param} have ${length}`, model, param);
  }
}

function tooLong(what: string, { contextLength }: Engine['model'], param: string): EngineError {
  return new EngineError(
    'context_length_exceeded',
    `${what} tokens with what stands around them${tooMany(contextLength)}; shorten them`,
    { param, details: { contextLength } },
  );
}

async function readScores(
  completion: Completion,
  { prompts }: ScoringTexts,
  scoredTokenIds: readonly number[],
): Promise<readonly (readonly number[])[]> {
  const indexOf = new Map(scoredTokenIds.map((tokenId, index) => [tokenId, index]));
  const scores = prompts.map((): readonly number[] => []);
  for await (const event of completion) {
    if (event.type !== 'finish') continue;
    if (event.finishReason === 'abort') {
      throw new EngineError('request_timeout', 'the request was cancelled before its answers were there');
    }
    assertInvariant(event.scores !== undefined, 'a prompt that is scored ends with its scores');
    scores[event.index] = event.scores;
  }
  return prompts.map(({ tokenIds }, index) =>
    tokenIds.map((id) => scores[index]?.[indexOf.get(id) ?? -1] ?? NaN),
  );
}
