import { assertInvariant } from '../errors.ts';
import {
  isTop,
  TOP_LOGITS,
  wholeRow,
  type StepRow,
  type TopLogits,
  type WeighedRow,
} from '../runtime/step-batch.ts';
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
import { indexBeyond, pick, pickFromAll, randomOf } from './pick.ts';
import { tokenLogprobs, topTokenLogprobs } from './logprobs.ts';
import type { TokenLogprob } from './logprobs.ts';
import { type SamplerState, isGreedy, type SamplingParams } from './sampling-params.ts';

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
 *
 * A random number picks where the running sum of probabilities passes it. A draw from all tokens, with no form, filter or
 * change of logits, runs through the `TOP_LOGITS` most probable first, then through the others by id. With a `WeighedRow`
 * most draws need not read the row.
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
   * The temperature of the next draw, if a `WeighedRow` usually has all that the draw needs; 0: it would not help, or the
   * most probable token is taken.
   */
  drawTemperature({ params }: SamplerState, forbiddenTokenIds: readonly number[]): number {
    const helps = !isGreedy(params) && params.topK <= TOP_LOGITS && !changesLogits(params, forbiddenTokenIds);
    return helps ? params.temperature : 0;
  }

  /**
   * Draws the next token of a sequence from one row of raw logits ([vocab], left as it is), or from its top where
   * `topIsEnough`, to the same end; notes it in `state`. Throws `backend_failure` when the logits hold NaN or infinity.
   */
  sampleToken(logits: StepRow, state: SamplerState, options: SampleOptions = {}): SampledToken {
    if (isTop(logits)) return this.#sampleFromTop(logits, state, options);
    const row = wholeRow(logits);
    const tokenId = 'row' in logits ? this.#drawWeighed(logits, state, options) : undefined;
    return this.#note(tokenId ?? this.#draw(row, state, options), row, state, options);
  }

  /** Samples a token of a text that must have a form. Of a top, its tokens that the form allows must be enough. */
  sampleConstrained(
    row: StepRow,
    state: SamplerState,
    form: TextForm,
    options: SampleOptions = {},
  ): ConstrainedSample {
    if (isTop(row)) return this.#sampleConstrainedTop(row, state, form, options);
    const whole = wholeRow(row);
    const tokenId = form.redirect(this.#draw(whole, state, options, form));
    return tokenId === undefined ? 'textEnds' : this.#note(tokenId, whole, state, options);
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
    if (!isTop(row)) return this.#note(tokenId, wholeRow(row), state, { numLogprobs });
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

    if (processed === logits && isUnfiltered(params)) {
      return pickFromAll(this.#candidates.weigh(logits, largest.value, params.temperature), state);
    }
    if (form?.allowed.type === 'list') {
      const tokenIds = Int32Array.from(new Set([...form.allowed.tokenIds, ...form.ends])).toSorted();
      this.#candidates.fillListed(tokenIds, processed, largest.value, params.temperature);
    } else this.#candidates.fill(processed, largest.value, params.temperature);
    return this.#drawFiltered(state);
  }

  /** Undefined: the row must be looked at, since its top does not tell, or is no number. */
  #drawWeighed(weighed: WeighedRow, state: SamplerState, options: SampleOptions): number | undefined {
    const { params } = state;
    if (this.drawTemperature(state, options.forbiddenTokenIds ?? []) === 0) return undefined;
    if (!Number.isFinite(weighed.totalWeight)) return undefined;
    if (isUnfiltered(params)) return pickFromAll(weighed, state);
    const candidates = this.#candidates;
    candidates.fillSorted(weighed.tokenIds, weighed.logits, params.temperature);
    const { weights, size } = candidates;
    const holdsMinP = params.minP > 0 && (weights[size - 1] ?? 0) < params.minP;
    const holdsTopK = params.topK > 0 && params.topK <= size;
    // What min-p or top-k leave is at hand, and with it the sum of its weights.
    if (holdsMinP || holdsTopK || size === this.vocabSize) return this.#drawFiltered(state);
    if (params.minP > 0) return undefined;
    const mass = params.topP * weighed.totalWeight;
    if (candidates.totalWeight() >= mass) return this.#drawFiltered(state, weighed.totalWeight);
    // Top-p keeps more tokens than are at hand. The sum of their weights is the mass, and less than one weight more.
    const random = randomOf(state);
    const index = indexBeyond(candidates, random * mass);
    const isTold = index === indexBeyond(candidates, random * (mass + (weights[size - 1] ?? 0)));
    return isTold && index !== undefined ? candidates.tokenIds[index] : undefined;
  }

  /** @param totalWeight of all tokens, where those at hand are not all of them */
  #drawFiltered(state: SamplerState, totalWeight?: number): number {
    const { params } = state;
    const candidates = this.#candidates;
    if (params.minP > 0) keepMinP(candidates, params.minP);
    if (params.topK > 0) keepTopK(candidates, params.topK);
    if (params.topP < 1) keepTopP(candidates, params.topP, totalWeight);
    return pick(candidates, randomOf(state));
  }
}

const isAllowedBy = ({ allowed, ends }: TextForm, tokenId: number): boolean =>
  isAllowed(allowed, tokenId) || ends.includes(tokenId);

const isUnfiltered = ({ minP, topK, topP }: SamplingParams): boolean => minP === 0 && topK === 0 && topP >= 1;

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
