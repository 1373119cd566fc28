import { containFault } from '../../scheduler/sequence.ts';
import type { SequenceUpdate } from '../protocol.ts';
import { forcedToken, take, type ActiveSequence } from './active-sequence.ts';

/** Tokens that the sequences of a step are given together, beyond those that they draw. */
const MAX_TOKENS = 256;
/** They may make the step longer by this share of the time that it has taken so far, */
const MAX_SHARE = 1 / 4;
/** or by this, with models whose steps are short. A token costs its mask, usually some microseconds. */
const MIN_BOUND_MS = 2;

/** A sequence in a step, and what it has got in it so far. */
interface SequenceInStep {
  active: ActiveSequence;
  updates: SequenceUpdate[];
}

/**
 * Gives sequences the tokens that leave no choice, because the form or the end of the reasoning forces them. They need
 * no logits, and so no step of their own. The next step computes them as it does a prompt's.
 *
 * Meanwhile all sequences of the step wait, so there is a bound on the tokens and on the time. The sequences get them one
 * at a time, in turns. What the bound leaves over follows later: a draw takes the forced token, too (TokenDrawer), so the
 * text does not depend on how many were given here.
 *
 * @param now milliseconds; without it the time is not bounded
 */
export function giveForcedTokens(
  sequences: readonly SequenceInStep[],
  stepStartedAt = 0,
  now: () => number = () => 0,
): void {
  const startedAt = now();
  const boundMs = Math.max(MAX_SHARE * (startedAt - stepStartedAt), MIN_BOUND_MS);
  let numLeft = MAX_TOKENS;
  let open = sequences.filter(mayBeForced);
  while (open.length > 0) {
    const further: SequenceInStep[] = [];
    for (const one of open) {
      if (numLeft === 0 || now() - startedAt >= boundMs) return;
      const update = containFault(one.active.sequence, () => takeForced(one.active));
      if (update === undefined) continue;
      one.updates.push(update);
      numLeft--;
      if (update.finish === undefined) further.push(one);
    }
    open = further;
  }
}

/** Logprobs of forced tokens would need their logits. */
function mayBeForced({ active, updates }: SequenceInStep): boolean {
  const { request, guide, reasoning } = active;
  if ((guide === undefined && reasoning === undefined) || request.numLogprobs !== undefined) return false;
  const last = updates.at(-1);
  return last?.token !== undefined && last.finish === undefined;
}

function takeForced(active: ActiveSequence): SequenceUpdate | undefined {
  const tokenId = forcedToken(active);
  if (tokenId === undefined || tokenId === 'textEnds') return undefined;
  active.sampler.record(tokenId);
  return take(active, { tokenId });
}
