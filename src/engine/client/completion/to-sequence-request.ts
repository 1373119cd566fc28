import { assertInvariant } from '../../../errors.ts';
import type { CompiledGrammar } from '../../../text/grammar-compiler.ts';
import type { CompletionRequest } from '../../engine.ts';
import type { ReasoningLimit, SequenceGrammar, SequenceRequest } from '../../protocol.ts';
import type { Choice } from './choice.ts';

/** What the sequences of a request share beside the request. */
export interface SharedBySequences {
  /** The model's own. */
  endTokenIds: readonly number[];
  seed: number;
  clientId: string;
  cacheSalt: string | undefined;
}

/** What the engine process is to run for a choice. */
export function toSequenceRequest(
  request: CompletionRequest,
  { index, sequenceId }: Pick<Choice, 'index' | 'sequenceId'>,
  { endTokenIds, seed, clientId, cacheSalt }: SharedBySequences,
): SequenceRequest {
  const { prompts, n, stop, promptLogprobs, prefixTokenIds, scoredTokenIds } = request;
  const promptTokenIds = prompts[Math.floor(index / n)];
  assertInvariant(promptTokenIds !== undefined, 'a choice belongs to a prompt');
  const reasoning = toReasoningLimit(request);
  return {
    id: sequenceId,
    clientId,
    promptTokenIds,
    maxTokens: request.maxTokens,
    minTokens: request.minTokens,
    stopTokenIds: [...endTokenIds, ...(request.stopTokenIds ?? [])],
    sampling: request.sampling,
    seed,
    stream: index % n,
    numLogprobs: request.numLogprobs,
    promptLogprobs: promptLogprobs && index % n === 0,
    cacheSalt,
    mayStopByText: stop.length > 0 || request.reportsEveryToken === true,
    // Absent where there is none: what is undefined would cross the channel, too.
    ...((request.priority ?? 0) === 0 ? {} : { priority: request.priority }),
    ...(prefixTokenIds === undefined ? {} : { prefixTokenIds }),
    ...(scoredTokenIds === undefined ? {} : { scoredTokenIds }),
    ...(request.grammar === undefined ? {} : { grammar: toSequenceGrammar(request.grammar) }),
    ...(reasoning === undefined ? {} : { reasoning }),
  };
}

/** The vocabulary is sent once. */
const toSequenceGrammar = ({ key, source, numBytes }: CompiledGrammar): SequenceGrammar => ({
  key,
  source,
  numBytes,
});

function toReasoningLimit(request: CompletionRequest): ReasoningLimit | undefined {
  const { reasoningSpan, shownTokenIds, skipsSpecialTokens: skipSpecialTokens } = request;
  if (reasoningSpan?.maxTokens === undefined) return undefined;
  const { maxTokens } = reasoningSpan;
  return { ...reasoningSpan, maxTokens, shown: { shownTokenIds, skipSpecialTokens } };
}

/** Whose prompts share keys and values: `client`: those of one owner; `all`: those of all clients. */
export type PrefixCacheScope = 'client' | 'all';

/**
 * The salt under which the cache keeps a request's prompts: two requests share keys and values exactly if it is the
 * same. What a request found there is told to its client, token by token (vLLM's CVE-2025-46570 had to time it), so that
 * one who shares with others can guess their prompts.
 */
export function scopedCacheSalt(
  scope: PrefixCacheScope,
  { ownerId, cacheSalt }: Pick<CompletionRequest, 'ownerId' | 'cacheSalt'>,
): string | undefined {
  if (scope === 'all') return cacheSalt;
  // A list, since both are texts that may hold anything; an owner's id does not begin as one.
  return cacheSalt === undefined ? ownerId : JSON.stringify([ownerId, cacheSalt]);
}
