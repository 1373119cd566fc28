import type { ScheduledStep } from '../../scheduler/scheduler.ts';
import type { StepReport } from '../protocol.ts';

type StepCounts = Pick<
  StepReport,
  | 'numComputedPromptTokens'
  | 'numRecomputedTokens'
  | 'numPreemptions'
  | 'numEvictedPages'
  | 'numPrefixCacheQueries'
  | 'numPrefixCacheHits'
  | 'numDraftTokens'
  | 'numAcceptedDraftTokens'
>;

/**
 * What a step computed, and what it was spared; to be asked before the scheduler learns that it was computed.
 * @param numAccepted of each of its sequences, tokens of the draft that it drew itself; -1: it drew none, and its last
 * token is to be computed once more
 */
export function stepCounts(step: ScheduledStep, numAccepted: readonly number[]): StepCounts {
  const lookups = step.started.filter(({ numCachedTokens }) => numCachedTokens !== undefined);
  return {
    numPreemptions: step.numPreemptions,
    numEvictedPages: step.numEvictedPages,
    numPrefixCacheQueries: lookups.reduce((sum, { numPromptTokens }) => sum + numPromptTokens, 0),
    numPrefixCacheHits: lookups.reduce((sum, { numCachedTokens = 0 }) => sum + numCachedTokens, 0),
    numDraftTokens: step.sequences.reduce((sum, { draftTokenIds }) => sum + draftTokenIds.length, 0),
    numAcceptedDraftTokens: numAccepted.reduce((sum, count) => sum + Math.max(count, 0), 0),
    ...countTokens(step),
  };
}

/** Tokens of prompts computed for the first time, and tokens of all kinds computed once more after a preemption. */
function countTokens({
  sequences,
}: ScheduledStep): Pick<StepReport, 'numComputedPromptTokens' | 'numRecomputedTokens'> {
  let numComputedPromptTokens = 0;
  let numRecomputedTokens = 0;
  for (const { sequence, numScheduledTokens } of sequences) {
    const { numComputedTokens: start, numTokensLost } = sequence;
    const end = start + numScheduledTokens;
    const numKnown = Math.max(start, numTokensLost);
    numComputedPromptTokens += Math.max(Math.min(end, sequence.numPromptTokens) - numKnown, 0);
    numRecomputedTokens += Math.max(Math.min(end, numTokensLost) - start, 0);
  }
  return { numComputedPromptTokens, numRecomputedTokens };
}
