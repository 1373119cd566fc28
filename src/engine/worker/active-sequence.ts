import type { SamplerState } from '../../sampling/sampler-state.ts';
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
  numFormed: number;
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

/** The token that the form has in the place of this one; undefined where the text ends before it. */
export const heldToForm = ({ guide }: ActiveSequence, tokenId: number): number | undefined =>
  guide === undefined ? tokenId : guide.redirect(tokenId);

/**
 * Tokens of which there is no choice, by the form or since the reasoning must end: they need no logits, and so no step of
 * their own. The next step computes them as it does a prompt's.
 */
export function takeForced(active: ActiveSequence, finish: SequenceFinish | undefined): SequenceUpdate[] {
  const { request, guide, sampler } = active;
  const taken: SequenceUpdate[] = [];
  // Their logprobs would need their logits.
  if (request.numLogprobs !== undefined) return taken;
  let end = finish;
  while (end === undefined) {
    const closing = closingToken(active);
    const tokenId = closing === undefined ? guide?.forced() : heldToForm(active, closing);
    if (tokenId === undefined) break;
    sampler.record(tokenId);
    const update = take(active, { tokenId });
    taken.push(update);
    end = update.finish;
  }
  return taken;
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
