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
import { indexBeyond, pick, pickFromAll, pickTopFirst, randomOf } from './pick.ts';
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
 * A random number picks where the running sum of probabilities passes it. The sum runs through the `TOP_LOGITS` most
 * probable tokens first, then through the others by id. With a `WeighedRow` most draws need not read the row.
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

  /** True when the next token, and the logprobs asked for, follow from the `TOP_LOGITS` most probable tokens alone. */
  topIsEnough({ params }: SamplerState, options: SampleOptions): boolean {
    const { numLogprobs = 0, forbiddenTokenIds = [] } = options;
    const filtersToTop = params.topK > 0 && params.topK <= TOP_LOGITS && params.topK < this.vocabSize;
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
    const isWeighed = 'row' in logits && this.#canDrawWeighed(logits, state, options);
    const tokenId = isWeighed ? this.#drawWeighed(logits, state) : this.#draw(row, state, options);
    return this.#note(tokenId, row, state, options);
  }

  /** False: the row is not weighed for this draw, or it holds NaN or infinity, which `#draw` reports. */
  #canDrawWeighed(
    { totalWeight }: WeighedRow,
    state: SamplerState,
    { forbiddenTokenIds = [] }: SampleOptions,
  ): boolean {
    return this.drawTemperature(state, forbiddenTokenIds) > 0 && Number.isFinite(totalWeight);
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
    const tokenId = form.redirect(this.#drawFromTopAlone({ ...top, tokenIds, logits }, state));
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
    const tokenId = this.#drawFromTopAlone(top, state);
    state.record(tokenId);
    if (options.numLogprobs === undefined) return { tokenId };
    return { tokenId, ...topTokenLogprobs(top, tokenId, options.numLogprobs) };
  }

  #drawFromTopAlone(top: TopLogits, state: SamplerState): number {
    const { tokenId } = largestOfTop(top);
    if (isGreedy(state.params)) return tokenId;
    this.#candidates.fillSorted(top, state.params.temperature);
    return this.#drawFiltered(state.params, randomOf(state));
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

    const listed = form?.allowed.type === 'list' ? [...form.allowed.tokenIds, ...form.ends] : undefined;
    const weighed = this.#candidates.weigh(processed, largest.value, params.temperature, listed);
    return this.#drawWeighed(weighed, state);
  }

  /** The running sum of probabilities goes through the top of the row first, which usually tells. */
  #drawWeighed(weighed: WeighedRow, state: SamplerState): number {
    const random = randomOf(state);
    const { minP, topK, topP, temperature } = state.params;
    if (minP === 0 && topK === 0 && topP >= 1) return pickFromAll(weighed, temperature, random);
    return this.#drawFromTop(weighed, state, random) ?? this.#drawFromMany(weighed, state, random);
  }

  /** Undefined: the draw may end beyond the top. */
  #drawFromTop(weighed: WeighedRow, { params }: SamplerState, random: number): number | undefined {
    const candidates = this.#candidates;
    candidates.fillSorted(weighed, params.temperature);
    const { weights, size } = candidates;
    const isAll = size < TOP_LOGITS || size === this.vocabSize;
    const least = weights[size - 1] ?? 0;
    const holdsTopK = params.topK > 0 && params.topK <= size;
    // What min-p or top-k leave is at hand, and with it the sum of its weights.
    if (isAll || least < params.minP || holdsTopK) return this.#drawFiltered(params, random);
    if (params.minP > 0 || params.topK > 0) return undefined;
    const mass = params.topP * weighed.totalWeight;
    if (candidates.totalWeight >= mass) return this.#drawFiltered(params, random, weighed.totalWeight);
    // Top-p keeps more tokens than are at hand. The sum of their weights is the mass, and less than one weight more.
    const index = indexBeyond(candidates, random * mass);
    const isTold = index === indexBeyond(candidates, random * (mass + least));
    return isTold && index !== undefined ? candidates.tokenIds[index] : undefined;
  }

  #drawFromMany(
    { row, tokenIds, logits, totalWeight }: WeighedRow,
    { params }: SamplerState,
    random: number,
  ): number {
    const { temperature, minP, topK, topP } = params;
    const [largest = -Infinity] = logits;
    const isNucleus = minP === 0 && topK === 0;
    // So many tokens of less weight together are less than what top-p leaves out.
    const leastWeight = isNucleus ? ((1 - topP) * totalWeight) / row.length : minP;
    this.#candidates.fill(row, largest, temperature, leastWeight);
    this.#filter(params, isNucleus ? totalWeight : undefined);
    return pickTopFirst(this.#candidates, tokenIds, random);
  }

  /** @param totalWeight of all tokens, where the candidates are not all of them */
  #filter({ minP, topK, topP }: SamplingParams, totalWeight?: number): void {
    if (minP > 0) keepMinP(this.#candidates, minP);
    if (topK > 0) keepTopK(this.#candidates, topK);
    if (topP < 1) keepTopP(this.#candidates, topP, totalWeight);
  }

  #drawFiltered(params: SamplingParams, random: number, totalWeight?: number): number {
    this.#filter(params, totalWeight);
    return pick(this.#candidates, random);
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
