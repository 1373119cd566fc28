import type { ScheduledStep } from '../scheduler/scheduler.ts';
import type { StepReport } from './protocol.ts';

type StepCounts = Pick<
  StepReport,
  'numPromptTokens' | 'numQueriedTokens' | 'numCachedTokens' | 'numDraftTokens' | 'numAcceptedTokens'
>;

/**
 * What a step computed, and what it was spared; to be asked before the scheduler learns that it was computed.
 * @param numAccepted of each of its sequences, tokens of the draft that it drew itself
 */
export function stepCounts(step: ScheduledStep, numAccepted: readonly number[]): StepCounts {
  const lookups = step.started.filter(({ numCachedTokens }) => numCachedTokens !== undefined);
  return {
    numPromptTokens: countPromptTokens(step),
    numQueriedTokens: lookups.reduce((sum, { numPromptTokens }) => sum + numPromptTokens, 0),
    numCachedTokens: lookups.reduce((sum, { numCachedTokens = 0 }) => sum + numCachedTokens, 0),
    numDraftTokens: step.sequences.reduce((sum, { draftTokenIds }) => sum + draftTokenIds.length, 0),
    numAcceptedTokens: numAccepted.reduce((sum, count) => sum + count, 0),
  };
}

function countPromptTokens(step: ScheduledStep): number {
  return step.sequences.reduce((sum, { sequence, numScheduledTokens }) => {
    const numPromptLeft = Math.max(sequence.numPromptTokens - sequence.numComputedTokens, 0);
    return sum + Math.min(numScheduledTokens, numPromptLeft);
  }, 0);
}
