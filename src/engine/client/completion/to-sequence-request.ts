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
    ...(prefixTokenIds === undefined ? {} : { prefixTokenIds }),
    maxTokens: request.maxTokens,
    minTokens: request.minTokens,
    stopTokenIds: [...endTokenIds, ...(request.stopTokenIds ?? [])],
    sampling: request.sampling,
    seed,
    stream: index % n,
    numLogprobs: request.numLogprobs,
    promptLogprobs: promptLogprobs && index % n === 0,
    ...(scoredTokenIds === undefined ? {} : { scoredTokenIds }),
    cacheSalt,
    mayStopByText: stop.length > 0 || request.reportsEveryToken === true,
    // Absent where there is none: what is undefined would cross the channel, too.
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
