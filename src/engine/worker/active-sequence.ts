import type { SamplerState } from '../../sampling/sampler-state.ts';
import { numGeneratedTokens, type Sequence } from '../../scheduler/sequence.ts';
import type { SampledToken } from '../engine.ts';
import type { SequenceFinish, SequenceRequest, SequenceUpdate } from '../protocol.ts';
import type { TimedGuide } from './timed-guide.ts';

/** A sequence that has not ended. */
export interface ActiveSequence {
  request: SequenceRequest;
  sequence: Sequence;
  sampler: SamplerState;
  /** Where its text must have a form. */
  guide: TimedGuide | undefined;
  /** Draws of a text that must have a form, and those of them for which the top of the row was not enough. */
  numFormed: number;
  numMissed: number;
  /** Tokens of the prompt whose logprobs were reported, the first among them, which has none. */
  numScored: number;
}

type TokenUpdate = SequenceUpdate & { token: SampledToken };

/** Appends a token to its sequence, which may end by it. */
export function take(active: ActiveSequence, token: SampledToken): TokenUpdate {
  const { request, sequence, guide } = active;
  sequence.tokenIds.push(token.tokenId);
  if (!request.stopTokenIds.includes(token.tokenId)) guide?.accept(token.tokenId);
  const finish = finishOf(active, token.tokenId);
  return { id: sequence.id, token, ...(finish === undefined ? {} : { finish }) };
}

/**
 * Tokens that the form leaves no choice of: they need no logits, and so no step of their own. The next step computes
 * them as it does a prompt's.
 */
export function takeForced(active: ActiveSequence, finish: SequenceFinish | undefined): SequenceUpdate[] {
  const { request, guide, sampler } = active;
  const taken: SequenceUpdate[] = [];
  // Their logprobs would need their logits.
  if (guide === undefined || request.numLogprobs !== undefined) return taken;
  let end = finish;
  while (end === undefined) {
    const tokenId = guide.forced();
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
