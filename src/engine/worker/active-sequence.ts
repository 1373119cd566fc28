import type { SamplerState } from '../../sampling/sampling-params.ts';
import { numGeneratedTokens, type Sequence } from '../../scheduler/sequence.ts';
import type { SampledToken } from '../engine.ts';
import type { SequenceFinish, SequenceRequest, SequenceUpdate } from '../protocol.ts';
import type { ReasoningBudget } from './reasoning-budget.ts';
import type { TimedGuide } from './timed-guide.ts';

/** A sequence that has not ended. */
export interface ActiveSequence {
  request: SequenceRequest;
  sequence: Sequence;
  sampler: SamplerState;
  /** Where its text must have a form. */
  guide: TimedGuide | undefined;
  /** Where its reasoning must end after a number of tokens. */
  reasoning: ReasoningBudget | undefined;
  /** Draws of a text that must have a form, and those of them for which the top of the row was not enough. */
  numConstrained: number;
  numMissed: number;
  /** Tokens of the prompt whose logprobs were reported, the first among them, which has none. */
  numScored: number;
}

type TokenUpdate = SequenceUpdate & { token: SampledToken };

/** Appends a token to its sequence, which may end by it. */
export function take(active: ActiveSequence, token: SampledToken): TokenUpdate {
  const { request, sequence, guide, reasoning } = active;
  sequence.tokenIds.push(token.tokenId);
  reasoning?.accept(token.tokenId);
  if (!request.stopTokenIds.includes(token.tokenId)) guide?.accept(token.tokenId);
  const finish = finishOf(active, token.tokenId);
  return { id: sequence.id, token, ...(finish === undefined ? {} : { finish }) };
}

/**
 * The token of the tag that ends its reasoning, where that must come next. Not once the form has room for nothing but its
 * shortest end, which closes the reasoning, too.
 */
export const closingToken = ({ guide, reasoning }: ActiveSequence): number | undefined =>
  guide?.isCut === true ? undefined : reasoning?.forced();

/**
 * The next token where there is no choice: of the tag that ends the reasoning, or the only one that the form allows;
 * `textEnds`: the form has room for none. Undefined where there is a choice.
 */
export function forcedToken(active: ActiveSequence): number | 'textEnds' | undefined {
  const { guide } = active;
  const closing = closingToken(active);
  if (guide === undefined) return closing;
  if (closing !== undefined) return guide.redirect(closing) ?? 'textEnds';
  return guide.isOver ? 'textEnds' : guide.forced();
}

/** What may not be drawn next: the ends of the sequence, as long as it is too short or its text is not whole. */
export function forbiddenTokens({ request, sequence, guide }: ActiveSequence): readonly number[] {
  const isTooShort = numGeneratedTokens(sequence) < request.minTokens;
  return isTooShort || guide?.mayEnd === false ? request.stopTokenIds : [];
}

function finishOf({ request, sequence, guide }: ActiveSequence, tokenId: number): SequenceFinish | undefined {
  if (request.stopTokenIds.includes(tokenId)) return 'stop';
  if (guide?.isOver === true) return guide.isCut ? 'length' : 'stop';
  return numGeneratedTokens(sequence) >= request.maxTokens ? 'length' : undefined;
}
