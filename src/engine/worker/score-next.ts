import { assertInvariant } from '../../errors.ts';
import type { StepRow } from '../../runtime/step-row.ts';
import { logprobsOf } from '../../sampling/logprobs.ts';
import type { SequenceRequest, SequenceUpdate } from '../protocol.ts';

/**
 * The logprobs of tokens in the place behind a prompt, by the row of its last token; nothing where none were asked for.
 * @throws EngineError `backend_failure` on NaN
 */
export function scoreNext(
  rows: readonly StepRow[],
  scoredTokenIds: readonly number[] | undefined,
): Pick<SequenceUpdate, 'scores'> {
  if (scoredTokenIds === undefined) return {};
  const row = rows.at(-1); // [vocab]
  assertInvariant(row instanceof Float32Array, 'the row behind a prompt that is scored has all its logits');
  return { scores: logprobsOf(row, scoredTokenIds) };
}

/** Logprobs are wanted of tokens that need not be among the most probable. */
export const readsWholeRows = ({ promptLogprobs, scoredTokenIds }: SequenceRequest): boolean =>
  promptLogprobs || scoredTokenIds !== undefined;
