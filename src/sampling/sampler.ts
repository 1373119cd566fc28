import { assertInvariant } from '../errors.ts';
import { TOP_LOGITS, type StepRow, type TopLogits } from '../runtime/step-batch.ts';
import { isAllowed, type AllowedTokens } from './allowed-tokens.ts';
import {
  keepMinP,
  keepTopK,
  keepTopP,
  allowOnly,
  applyFrequencyPenalty,
  applyLogitBias,
  applyPresencePenalty,
  applyRepetitionPenalty,
  maskTokens,
} from './logits-processors.ts';
import { Candidates } from './candidates.ts';
import { largestLogit, largestOfTop } from './largest-logit.ts';
import { tokenLogprobs, topTokenLogprobs } from './logprobs.ts';
import type { TokenLogprob } from './logprobs.ts';
import { type SamplerState, isGreedy, type SamplingParams } from './sampling-params.ts';
import { randomAt } from './seeded-random.ts';

export interface SampleOptions {
  /** How many alternatives to report, 0 to 20; `undefined`: no logprobs at all. */
  numLogprobs?: number | undefined;
  /** Tokens that must not be drawn now: those that end a sequence while min_tokens holds. */
  forbiddenTokenIds?: readonly number[] | undefined;
}

/** What the form of a text says of its next token. */
export interface TextForm {
  readonly allowed: AllowedTokens;
  /** Tokens beside these: those that end the sequence, where it may end. */
  readonly ends: readonly number[];
  /** The token that is taken where this one was drawn; undefined where the text ends before it. */
  redirect(tokenId: number): number | undefined;
}

/**
 * What comes of a draw for a text that must have a form: a token; that the text ends before the token that was drawn; or
 * that the whole row is needed, of which only the top was there.
 */
export type ConstrainedSample = SampledToken | 'textEnds' | 'topIsNotEnough';

/** A token that was drawn, or one of a prompt whose logprob was asked for. */
export interface SampledToken {
  tokenId: number;
  /** Under the model's raw logits; absent unless asked for, and of the first token of a prompt. */
  logprob?: number;
  topLogprobs?: readonly TokenLogprob[];
}

/**
 * Draws tokens for all sequences of an engine, one at a time; it owns scratch of the vocabulary's size.
 *
 * The order is vLLM's (docstring of its v1 `Sampler`): raw logprobs; min_tokens, logit bias; repetition, frequency,
 * presence penalty; then greedy, or temperature, min-p, top-k, top-p. The tokens that a form allows are the only ones
 * from the beginning. It differs from OpenAI's in nothing a client
 * of theirs can send, and from Hugging Face's in that min-p comes before top-k and top-p.
 */
export class Sampler {
  readonly vocabSize: number;
  readonly #logits: Float32Array; // [vocab]
  readonly #candidates: Candidates;

  constructor(vocabSize: number) {
    this.vocabSize = vocabSize;
    this.#logits = new Float32Array(vocabSize); // [vocab]
    this.#candidates = new Candidates(vocabSize);
  }

  /**
   * True when the next token, and the logprobs asked for, follow from the `TOP_LOGITS` most probable tokens alone.
   * Min-p is left out: what it leaves may stay in the order of ids, in which a draw runs through it.
   */
  topIsEnough({ params }: SamplerState, options: SampleOptions): boolean {
    const { numLogprobs = 0, forbiddenTokenIds = [] } = options;
    const { topK, minP } = params;
    const filtersToTop = topK > 0 && topK <= TOP_LOGITS && topK < this.vocabSize && minP === 0;
    return (
      !changesLogits(params, forbiddenTokenIds) &&
      numLogprobs <= TOP_LOGITS &&
      (isGreedy(params) || filtersToTop)
    );
  }

  /**
   * Draws the next token of a sequence from one row of raw logits ([vocab], left as it is), or from its top where
   * `topIsEnough`, to the same end; notes it in `state`. Throws `backend_failure` when the logits hold NaN or infinity.
   */
  sampleToken(logits: StepRow, state: SamplerState, options: SampleOptions = {}): SampledToken {
    if (!(logits instanceof Float32Array)) return this.#sampleFromTop(logits, state, options);
    return this.#note(this.#draw(logits, state, options), logits, state, options);
  }

  /** Samples a token of a text that must have a form. Of a top, its tokens that the form allows must be enough. */
  sampleConstrained(
    row: StepRow,
    state: SamplerState,
    form: TextForm,
    options: SampleOptions = {},
  ): ConstrainedSample {
    if (!(row instanceof Float32Array)) return this.#sampleConstrainedTop(row, state, form, options);
    const tokenId = form.redirect(this.#draw(row, state, options, form));
    return tokenId === undefined ? 'textEnds' : this.#note(tokenId, row, state, options);
  }

  #sampleConstrainedTop(
    top: TopLogits,
    state: SamplerState,
    form: TextForm,
    options: SampleOptions,
  ): ConstrainedSample {
    const indices = [...top.tokenIds.keys()].filter((index) => isAllowedBy(form, top.tokenIds[index] ?? 0));
    const { params } = state;
    // All that the draw looks at, the most probable first: one token, or as many as top-k keeps.
    if (indices.length < (isGreedy(params) ? 1 : params.topK)) return 'topIsNotEnough';
    const tokenIds = Int32Array.from(indices, (index) => top.tokenIds[index] ?? 0);
    const logits = Float32Array.from(indices, (index) => top.logits[index] ?? -Infinity);
    const tokenId = form.redirect(this.#drawFromTop({ ...top, tokenIds, logits }, state));
    return tokenId === undefined ? 'textEnds' : this.takeToken(tokenId, top, state, options);
  }

  /** Notes in `state` a token that was not drawn, or not from this row; the row says its logprobs. */
  takeToken(
    tokenId: number,
    row: StepRow,
    state: SamplerState,
    { numLogprobs }: SampleOptions,
  ): SampledToken | 'topIsNotEnough' {
    if (row instanceof Float32Array) return this.#note(tokenId, row, state, { numLogprobs });
    if (numLogprobs !== undefined && !row.tokenIds.includes(tokenId)) return 'topIsNotEnough';
    state.record(tokenId);
    return numLogprobs === undefined
      ? { tokenId }
      : { tokenId, ...topTokenLogprobs(row, tokenId, numLogprobs) };
  }

  #note(
    tokenId: number,
    logits: Float32Array,
    state: SamplerState,
    { numLogprobs }: SampleOptions,
  ): SampledToken {
    state.record(tokenId);
    return numLogprobs === undefined
      ? { tokenId }
      : { tokenId, ...tokenLogprobs(logits, tokenId, numLogprobs) };
  }

  #sampleFromTop(top: TopLogits, state: SamplerState, options: SampleOptions): SampledToken {
    assertInvariant(
      this.topIsEnough(state, options),
      'a token is drawn from the top only where it is enough',
    );
    const tokenId = this.#drawFromTop(top, state);
    state.record(tokenId);
    if (options.numLogprobs === undefined) return { tokenId };
    return { tokenId, ...topTokenLogprobs(top, tokenId, options.numLogprobs) };
  }

  #drawFromTop(top: TopLogits, state: SamplerState): number {
    const { tokenId } = largestOfTop(top);
    if (isGreedy(state.params)) return tokenId;
    this.#candidates.fillSorted(top.tokenIds, top.logits, state.params.temperature);
    return this.#drawFiltered(state);
  }

  /** The logits after all that may change the most probable token: the input itself when nothing applies. */
  #process(
    logits: Float32Array,
    { params, outputCounts, seenTokenIds }: SamplerState,
    forbidden: readonly number[],
    form: TextForm | undefined,
  ): Float32Array {
    if (form === undefined && !changesLogits(params, forbidden)) return logits;

    const processed = this.#logits;
    if (form === undefined) processed.set(logits);
    else allowOnly(processed, logits, form.allowed, form.ends);
    maskTokens(processed, forbidden);
    applyLogitBias(processed, params.logitBias);
    if (params.repetitionPenalty !== 1) {
      applyRepetitionPenalty(processed, seenTokenIds, params.repetitionPenalty);
    }
    if (params.frequencyPenalty !== 0) {
      applyFrequencyPenalty(processed, outputCounts, params.frequencyPenalty);
    }
    if (params.presencePenalty !== 0) applyPresencePenalty(processed, outputCounts, params.presencePenalty);
    return processed;
  }

  #draw(logits: Float32Array, state: SamplerState, options: SampleOptions, form?: TextForm): number {
    assertInvariant(
      logits.length === this.vocabSize,
      `a row of logits has ${this.vocabSize} numbers, not ${logits.length}`,
    );
    const processed = this.#process(logits, state, options.forbiddenTokenIds ?? [], form);
    const largest = largestLogit(processed);
    const { params } = state;
    if (isGreedy(params)) return largest.tokenId;

    if (form?.allowed.type === 'list') {
      const tokenIds = Int32Array.from(new Set([...form.allowed.tokenIds, ...form.ends])).toSorted();
      this.#candidates.fillListed(tokenIds, processed, largest.value, params.temperature);
    } else this.#candidates.fill(processed, largest.value, params.temperature);
    return this.#drawFiltered(state);
  }

  #drawFiltered(state: SamplerState): number {
    const { params } = state;
    const candidates = this.#candidates;
    if (params.minP > 0) keepMinP(candidates, params.minP);
    if (params.topK > 0) keepTopK(candidates, params.topK);
    if (params.topP < 1) keepTopP(candidates, params.topP);
    return pick(candidates, randomAt(state.seed, state.stream, state.numSampled));
  }
}

const isAllowedBy = ({ allowed, ends }: TextForm, tokenId: number): boolean =>
  isAllowed(allowed, tokenId) || ends.includes(tokenId);

/** True when something applies that may change which token is the most probable. */
function changesLogits(params: SamplingParams, forbiddenTokenIds: readonly number[]): boolean {
  const { logitBias, repetitionPenalty, frequencyPenalty, presencePenalty } = params;
  return (
    forbiddenTokenIds.length > 0 ||
    logitBias.size > 0 ||
    repetitionPenalty !== 1 ||
    frequencyPenalty !== 0 ||
    presencePenalty !== 0
  );
}

/** The candidate at which the running sum of weights passes `random` (in [0, 1)) of the whole. */
function pick(candidates: Candidates, random: number): number {
  const { tokenIds, weights, size } = candidates;
  const target = random * candidates.totalWeight();
  let sum = 0;
  let last = tokenIds[0] ?? 0;
  for (let i = 0; i < size; i++) {
    const weight = weights[i] ?? 0;
    if (weight === 0) continue;
    last = tokenIds[i] ?? 0;
    sum += weight;
    if (sum > target) return last;
  }
  // Rounding may leave the sum just short of the target.
  return last;
}
