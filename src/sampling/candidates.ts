import { TOP_LOGITS, type TopLogits, type WeighedRow } from '../runtime/step-batch.ts';
import { exponential, stepsOf } from './exponential.ts';
import { LeastKeptFinder } from './least-kept.ts';

/** Numbers of which only the largest is looked at, when a few largest of many are sought. */
const STRETCH = 64;
/** A logit must be so far below a bound, at temperature 1, that rounding does not matter. */
const MARGIN = 1e-3;

/**
 * The tokens that may still be drawn, with their unnormalised probabilities. Filters shorten the list in place;
 * one list serves every draw, so that no array of the vocabulary's size is made for a token.
 */
export class Candidates {
  readonly tokenIds: Int32Array; // [vocab], the first `size` count
  /** exp((logit - largest logit) / temperature): the most probable token has 1. */
  readonly weights: Float64Array; // [vocab], the first `size` count
  size = 0;
  /** Of all that are left. */
  totalWeight = 0;
  /** True: from the most to the least probable token, the lower id first on ties. False: in the order of ids. */
  sorted = false;
  readonly #maxima: Float64Array; // [stretches]
  readonly #finder: LeastKeptFinder;

  constructor(vocabSize: number) {
    this.tokenIds = new Int32Array(vocabSize); // [vocab]
    this.weights = new Float64Array(vocabSize); // [vocab]
    this.#maxima = new Float64Array(Math.ceil(vocabSize / STRETCH)); // [stretches]
    this.#finder = new LeastKeptFinder(vocabSize);
  }

  /**
   * Starts over with every token, at that temperature; `largest` is the largest of the logits. Tokens that weigh
   * a thousandth less than `leastWeight` are left out.
   */
  fill(logits: Float32Array, largest: number, temperature: number, leastWeight = 0): void {
    const { tokenIds, weights } = this;
    const scale = stepsOf(temperature);
    const leastLogit = largest + (Math.log(leastWeight) - MARGIN) * temperature;
    let size = 0;
    let total = 0;
    for (let id = 0; id < logits.length; id++) {
      const logit = logits[id] ?? -Infinity;
      if (logit < leastLogit) continue;
      const weight = exponential((logit - largest) * scale);
      tokenIds[size] = id;
      weights[size] = weight;
      total += weight;
      size++;
    }
    this.size = size;
    this.totalWeight = total;
    this.sorted = false;
  }

  /** Starts over with those tokens alone, the most probable first. */
  fillSorted({ tokenIds, logits }: Pick<TopLogits, 'tokenIds' | 'logits'>, temperature: number): void {
    this.#fillWith(tokenIds, logits, logits[0] ?? -Infinity, temperature);
    this.sorted = true;
  }

  #fillListed(listed: readonly number[], row: Float32Array, largest: number, temperature: number): void {
    const tokenIds = Int32Array.from(new Set(listed)).sort(); // [listed]
    const logits = Float32Array.from(tokenIds, (id) => row[id] ?? -Infinity); // [listed]
    this.#fillWith(tokenIds, logits, largest, temperature);
    this.sorted = false;
  }

  /** Both are of the same length, the logits those of the tokens. */
  #fillWith(tokenIds: Int32Array, logits: Float32Array, largest: number, temperature: number): void {
    const scale = stepsOf(temperature);
    this.tokenIds.set(tokenIds);
    this.size = tokenIds.length;
    this.totalWeight = 0;
    for (const [i, logit] of logits.entries()) {
      const weight = exponential((logit - largest) * scale);
      this.weights[i] = weight;
      this.totalWeight += weight;
    }
  }

  /**
   * The most probable tokens of a row and the sum of all weights; `largest` is the largest of its logits. There are
   * fewer than `TOP_LOGITS` if the others have no weight.
   *
   * @param listed the tokens that have a weight, if they are few
   */
  weigh(row: Float32Array, largest: number, temperature: number, listed?: readonly number[]): WeighedRow {
    if (listed === undefined) this.fill(row, largest, temperature);
    else this.#fillListed(listed, row, largest, temperature);
    const { totalWeight } = this;
    this.#keepLargestOrMore(TOP_LOGITS);
    this.keepLargest(TOP_LOGITS, Infinity);
    const { tokenIds, weights } = this;
    const ranks = [...weights.subarray(0, this.size).keys()];
    ranks.sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0) || a - b);
    const top = Int32Array.from(ranks, (rank) => tokenIds[rank] ?? 0); // [TOP_LOGITS], or fewer
    return { row, tokenIds: top, logits: Float32Array.from(top, (id) => row[id] ?? -Infinity), totalWeight };
  }

  /** Keeps weights of at least that much. */
  keepAtLeast(bound: number): void {
    this.#keepUpTo(bound, Infinity);
  }

  /** Keeps the largest weights until there are `limit` of them, or until they add up to `mass`; at least one. */
  keepLargest(limit: number, mass: number): void {
    if (limit >= this.size && mass >= this.totalWeight) return;
    if (this.sorted) this.#keepFirst(limit, mass);
    else {
      const { weight, tokenId } = this.#finder.find(this, { limit, mass });
      this.#keepUpTo(weight, tokenId);
    }
  }

  #keepFirst(limit: number, mass: number): void {
    let kept = 0;
    let sum = 0;
    while (kept < Math.min(this.size, limit) && (kept === 0 || sum < mass)) sum += this.weights[kept++] ?? 0;
    this.size = kept;
    this.totalWeight = sum;
  }

  /** Keeps weights of at least that much, of those that are just as much the ones up to that token. */
  #keepUpTo(least: number, lastTokenId: number): void {
    const { tokenIds, weights, size } = this;
    let kept = 0;
    let sum = 0;
    for (let i = 0; i < size; i++) {
      const weight = weights[i] ?? 0;
      if (weight < least) continue;
      const tokenId = tokenIds[i] ?? 0;
      if (weight === least && tokenId > lastTokenId) continue;
      tokenIds[kept] = tokenId;
      weights[kept] = weight;
      sum += weight;
      kept++;
    }
    this.size = kept;
    this.totalWeight = sum;
  }

  /**
   * Keeps the largest weights, `count` at least and few more, and none that is 0. If `count` stretches hold a weight as
   * large as some bound, so many weights are no smaller.
   */
  #keepLargestOrMore(count: number): void {
    const { tokenIds, weights, size } = this;
    const maxima = this.#stretchMaxima();
    const bound = Math.max(maxima.toSorted()[maxima.length - count] ?? 0, Number.MIN_VALUE);
    let kept = 0;
    for (const [stretch, largest] of maxima.entries()) {
      if (largest < bound) continue;
      const end = Math.min(size, (stretch + 1) * STRETCH);
      for (let i = stretch * STRETCH; i < end; i++) {
        const weight = weights[i] ?? 0;
        if (weight < bound) continue;
        tokenIds[kept] = tokenIds[i] ?? 0;
        weights[kept] = weight;
        kept++;
      }
    }
    this.size = kept;
  }

  /** [stretches] */
  #stretchMaxima(): Float64Array {
    const { weights, size } = this;
    const maxima = this.#maxima.subarray(0, Math.ceil(size / STRETCH)); // [stretches]
    for (let stretch = 0; stretch < maxima.length; stretch++) {
      let largest = 0;
      const end = Math.min(size, (stretch + 1) * STRETCH);
      for (let i = stretch * STRETCH; i < end; i++) {
        const weight = weights[i] ?? 0;
        if (weight > largest) largest = weight;
      }
      maxima[stretch] = largest;
    }
    return maxima;
  }
}
