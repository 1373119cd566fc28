import type { SampledToken } from '../engine.ts';
import type { SequenceRequest, SequenceUpdate } from '../protocol.ts';
import { toSentError } from '../step-fault.ts';
import { type ActiveSequence, closingToken, forbiddenTokens, forcedToken, take } from './active-sequence.ts';
import { giveForcedTokens } from './forced-tokens.ts';
import type { LogitsNeeded } from './model-runner.ts';
import type { TimedGuide } from './timed-guide.ts';
import { assertInvariant } from '../../errors.ts';
import { isTop, wholeRow, type StepRow } from '../../runtime/step-batch.ts';
import { logprobsOf, tokenLogprobs } from '../../sampling/logprobs.ts';
import type { ConstrainedSample, Sampler, TextForm } from '../../sampling/sampler.ts';
import { containFault, type Sequence, type SequenceFault } from '../../scheduler/sequence.ts';
import type { ScheduledSequence } from '../../scheduler/step-builder.ts';

/** So many draws from the top of a row make good for one for which it was not enough. */
const TRIES_A_MISS = 16;

/** A sequence in a step that was computed. */
interface ComputedSequence {
  active: ActiveSequence;
  scheduled: ScheduledSequence;
  logits: readonly StepRow[]; // [logitRows][vocab]
}

/** What a step did for a sequence: its first token with all else, then further ones. */
export interface SequenceProgress {
  updates: readonly [SequenceUpdate, ...SequenceUpdate[]];
  /** Tokens of its draft that it drew as well; -1: its last token must be computed once more. */
  numAccepted: number;
}

interface Drawn extends SequenceProgress {
  updates: [SequenceUpdate, ...SequenceUpdate[]];
}

/** For a sequence with a fault: its logits are not read. */
const NO_LOGITS_NEEDED: LogitsNeeded = { everyRow: false, topIsEnough: true, temperature: 0 };

/** Makes a step's logits into the next tokens of its sequences. */
export class TokenDrawer {
  readonly #sampler: Sampler;
  readonly #now: (() => number) | undefined;
  #numSteps = 0;

  /** @param now milliseconds */
  constructor(sampler: Sampler, now?: () => number) {
    this.#sampler = sampler;
    this.#now = now;
  }

  logitsNeeded(active: ActiveSequence): LogitsNeeded {
    return containFault(active.sequence, () => this.#logitsNeeded(active)) ?? NO_LOGITS_NEEDED;
  }

  #logitsNeeded(active: ActiveSequence): LogitsNeeded {
    const { request, sequence, sampler, guide } = active;
    // The form says itself when its text may end.
    const forbiddenTokenIds = guide === undefined ? forbiddenTokens(active) : [];
    const topIsEnough = this.#sampler.topIsEnough(sampler, {
      numLogprobs: request.numLogprobs,
      forbiddenTokenIds,
    });
    // A closing tag that must come is seldom among the most probable tokens; of its logits nothing but logprobs is read.
    const mayMissTop = request.numLogprobs !== undefined && closingToken(active) !== undefined;
    return {
      everyRow: !sequence.readsCache,
      topIsEnough: !readsWholeRows(request) && topIsEnough && !mayMissTop && mayTryTop(active),
      temperature: guide === undefined ? this.#sampler.drawTemperature(sampler, forbiddenTokenIds) : 0,
    };
  }

  /**
   * What a step did for each of its sequences; of one with a fault, of this or of the time when the step was planned, its
   * end.
   */
  drawAll(computed: readonly ComputedSequence[], stepStartedAt: number | undefined): SequenceProgress[] {
    const drawn = computed.map((one): Drawn & { active: ActiveSequence } => {
      const { active } = one;
      const { id } = active.sequence;
      const progress = containFault(active.sequence, () => this.#drawOne(one));
      return { active, ...(progress ?? { updates: [{ id }], numAccepted: 0 }) };
    });
    // Each step begins with another sequence, should there not be forced tokens for all.
    const first = this.#numSteps++ % Math.max(drawn.length, 1);
    giveForcedTokens([...drawn.slice(first), ...drawn.slice(0, first)], stepStartedAt, this.#now);
    return drawn.map(({ active: { sequence }, updates, numAccepted }) =>
      sequence.fault === undefined ? { updates, numAccepted } : endByFault(sequence, sequence.fault),
    );
  }

  #drawOne({ active, scheduled, logits }: ComputedSequence): Drawn {
    const { sequence, completesTokens, draftTokenIds } = scheduled;
    const update: SequenceUpdate = { id: sequence.id };
    if (!sequence.readsCache) {
      const promptLogprobs = this.#scorePrompt(active, scheduled, logits);
      if (promptLogprobs.length > 0) update.promptLogprobs = promptLogprobs;
    }
    if (!completesTokens) return { updates: [update], numAccepted: 0 };
    const { maxTokens, scoredTokenIds } = active.request;
    if (maxTokens === 0) {
      const scored = scoreNext(logits, scoredTokenIds);
      return { updates: [{ ...update, ...scored, finish: 'length' }], numAccepted: 0 };
    }
    const rows = logits.slice(-1 - draftTokenIds.length);
    const { drawn, numAccepted } = this.#draw(active, rows, draftTokenIds);
    const [first, ...others] = drawn;
    return { updates: [Object.assign(update, first), ...others], numAccepted };
  }

  /**
   * Draws a token from each row, as long as each is the one that the next row was computed for. A token depends on its
   * row and on what was drawn before alone (its random number on its index), so it is the same as without a draft.
   */
  #draw(
    active: ActiveSequence,
    rows: readonly StepRow[],
    draftTokenIds: readonly number[],
  ): { drawn: SequenceUpdate[]; numAccepted: number } {
    assertInvariant(
      rows.length > draftTokenIds.length,
      'a sequence whose tokens are complete has logits for them',
    );
    const drawn: SequenceUpdate[] = [];
    for (const [i, row] of rows.entries()) {
      const token = this.#sample(active, row);
      const { id } = active.sequence;
      if (token === 'textEnds') {
        return { drawn: [...drawn, { id, finish: 'length' }], numAccepted: i };
      }
      // The next step computes the last token once more, for all its logits.
      if (token === 'topIsNotEnough') {
        return { drawn: drawn.length === 0 ? [{ id }] : drawn, numAccepted: i - 1 };
      }
      const update = take(active, token);
      drawn.push(update);
      if (update.finish !== undefined || token.tokenId !== draftTokenIds[i]) break;
    }
    return { drawn, numAccepted: drawn.length - 1 };
  }

  /**
   * Row i of a chunk predicts the prompt token after it; nothing predicts the first. Rows that are computed again after
   * a preemption were scored before.
   */
  #scorePrompt(
    active: ActiveSequence,
    { sequence, numScheduledTokens }: ScheduledSequence,
    logits: readonly StepRow[],
  ): SampledToken[] {
    const start = sequence.numComputedTokens;
    const end = Math.min(start + numScheduledTokens, sequence.numPromptTokens - 1);
    const scored: SampledToken[] = [];
    if (active.numScored === 0) scored.push({ tokenId: sequence.tokenIds[0] ?? 0 });
    for (let position = Math.max(start, active.numScored - 1); position < end; position++) {
      const row = logits[position - start]; // [vocab]
      const tokenId = sequence.tokenIds[position + 1];
      assertInvariant(
        row !== undefined && !isTop(row) && tokenId !== undefined,
        'every prompt row of the chunk has all its logits',
      );
      scored.push({ tokenId, ...tokenLogprobs(wholeRow(row), tokenId, active.request.numLogprobs ?? 0) });
    }
    active.numScored += scored.length;
    // Should it be preempted from now on, it need not compute what it finds.
    sequence.readsCache = active.numScored === sequence.numPromptTokens;
    return scored;
  }

  #sample(active: ActiveSequence, logits: StepRow): ConstrainedSample {
    const { request, sampler, guide } = active;
    const forced = forcedToken(active);
    if (forced === 'textEnds') return forced;
    const sample =
      forced === undefined
        ? this.#choose(active, logits)
        : this.#sampler.takeToken(forced, logits, sampler, request);
    // Of a forced token's row nothing but logprobs is read.
    if (guide !== undefined && (forced === undefined || request.numLogprobs !== undefined)) {
      active.numConstrained++;
      if (sample === 'topIsNotEnough') active.numMissed++;
    }
    return sample;
  }

  #choose(active: ActiveSequence, logits: StepRow): ConstrainedSample {
    const { request, sampler, guide } = active;
    const options = { numLogprobs: request.numLogprobs, forbiddenTokenIds: forbiddenTokens(active) };
    if (guide === undefined) return this.#sampler.sampleToken(logits, sampler, options);
    return this.#sampler.sampleConstrained(logits, sampler, formOf(guide, active), options);
  }
}

/** A step that is taken for nothing costs more than a few whole rows. */
const mayTryTop = ({ numConstrained, numMissed }: ActiveSequence): boolean =>
  TRIES_A_MISS * numMissed <= numConstrained;

function formOf(guide: TimedGuide, active: ActiveSequence): TextForm {
  const { request } = active;
  const mayEnd = guide.mayEnd && forbiddenTokens(active).length === 0;
  return {
    allowed: guide.allowed(),
    ends: mayEnd ? request.stopTokenIds : [],
    redirect: (tokenId) => (request.stopTokenIds.includes(tokenId) ? tokenId : guide.redirect(tokenId)),
  };
}

const endByFault = ({ id }: Sequence, { thrown }: SequenceFault): SequenceProgress => ({
  updates: [{ id, finish: 'error', error: toSentError(thrown) }],
  numAccepted: 0,
});

/**
 * The logprobs of tokens in the place behind a prompt, by the row of its last token; nothing where none were asked for.
 * @throws EngineError `backend_failure` on NaN
 */
function scoreNext(
  rows: readonly StepRow[],
  scoredTokenIds: readonly number[] | undefined,
): Pick<SequenceUpdate, 'scores'> {
  if (scoredTokenIds === undefined) return {};
  const row = rows.at(-1); // [vocab]
  assertInvariant(
    row !== undefined && !isTop(row),
    'the row behind a prompt that is scored has all its logits',
  );
  return { scores: logprobsOf(wholeRow(row), scoredTokenIds) };
}

/** Logprobs are wanted of tokens that need not be among the most probable. */
const readsWholeRows = ({ promptLogprobs, scoredTokenIds }: SequenceRequest): boolean =>
  promptLogprobs || scoredTokenIds !== undefined;
