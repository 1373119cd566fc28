import { TOP_LOGITS, type WeighedRow } from '../runtime/step-batch.ts';

/** Numbers of which only the largest is looked at, when a few largest of many are sought. */
const STRETCH = 64;
/** So many candidates hold most nuclei. */
const USUAL_NUCLEUS = 256;

/**
 * The tokens that may still be drawn, with their unnormalised probabilities. Filters shorten the list in place;
 * one list serves every draw, so that no array of the vocabulary's size is made for a token.
 */
export class Candidates {
  readonly tokenIds: Int32Array; // [vocab], the first `size` count
  /** exp((logit - largest logit) / temperature): the most probable token has 1. */
  readonly weights: Float64Array; // [vocab], the first `size` count
  size = 0;
  /** True once the list runs from the most to the least probable token, the lower id first on ties. */
  sorted = false;
  readonly #maxima: Float64Array; // [stretches]
  /** The sum of all weights as `fill` left them, in the order of ids. */
  #filledWeight = 0;
  #filledSize = 0;

  constructor(vocabSize: number) {
    this.tokenIds = new Int32Array(vocabSize); // [vocab]
    this.weights = new Float64Array(vocabSize); // [vocab]
    this.#maxima = new Float64Array(Math.ceil(vocabSize / STRETCH)); // [stretches]
  }

  /** Starts over with every token, at that temperature; `largest` is the largest of the logits. */
  fill(logits: Float32Array, largest: number, temperature: number): void {
    const { tokenIds, weights } = this;
    const scale = stepsOf(temperature);
    let total = 0;
    for (let id = 0; id < logits.length; id++) {
      const weight = exponential(((logits[id] ?? -Infinity) - largest) * scale);
      tokenIds[id] = id;
      weights[id] = weight;
      total += weight;
    }
    this.size = logits.length;
    this.sorted = false;
    this.#filledWeight = total;
    this.#filledSize = this.size;
  }

  /** A row, its most probable tokens and the sum of all weights; `largest` is the largest of its logits. */
  weigh(row: Float32Array, largest: number, temperature: number): WeighedRow {
    this.fill(row, largest, temperature);
    const totalWeight = this.#filledWeight;
    this.keepLargest(Math.min(TOP_LOGITS, row.length), Infinity);
    const tokenIds = this.tokenIds.slice(0, this.size); // [TOP_LOGITS]
    return { row, tokenIds, logits: Float32Array.from(tokenIds, (id) => row[id] ?? -Infinity), totalWeight };
  }

  /** Starts over with those tokens alone, in the order of ids; `largest` is the largest of their logits. */
  fillListed(tokenIds: Int32Array, logits: Float32Array, largest: number, temperature: number): void {
    const scale = stepsOf(temperature);
    tokenIds.forEach((tokenId, i) => {
      this.tokenIds[i] = tokenId;
      this.weights[i] = exponential(((logits[tokenId] ?? -Infinity) - largest) * scale);
    });
    this.size = tokenIds.length;
    this.sorted = false;
    this.#filledSize = -1;
  }

  /** Starts over with those tokens alone, the most probable first. */
  fillSorted(tokenIds: Int32Array, logits: Float32Array, temperature: number): void {
    const largest = logits[0] ?? -Infinity;
    const scale = stepsOf(temperature);
    tokenIds.forEach((tokenId, i) => {
      this.tokenIds[i] = tokenId;
      this.weights[i] = exponential(((logits[i] ?? -Infinity) - largest) * scale);
    });
    this.size = tokenIds.length;
    this.sorted = true;
  }

  /** The sum of the weights that are left. */
  totalWeight(): number {
    if (!this.sorted && this.size === this.#filledSize) return this.#filledWeight;
    let total = 0;
    for (let i = 0; i < this.size; i++) total += this.weights[i] ?? 0;
    return total;
  }

  /**
   * Keeps the largest weights in falling order, until there are `limit` of them or they add up to `mass`. They are
   * sought among as many as are usually needed, then, if those do not suffice, among all.
   */
  keepLargest(limit: number, mass: number): void {
    const numFront = this.#bringForward(Math.min(limit, USUAL_NUCLEUS));
    const { kept, sum } = this.#sortLargest(numFront, limit, mass);
    const suffices = kept >= limit || sum >= mass || numFront === this.size;
    this.size = suffices ? kept : this.#sortLargest(this.size, limit, mass).kept;
    this.sorted = true;
  }

  /**
   * Swaps the largest weights to the front, equals of the least of them too: at least `count`, or all. If `count`
   * stretches hold a weight as large as some bound, so many weights are no smaller. Returns how many are in front.
   */
  #bringForward(count: number): number {
    const { weights, size } = this;
    const numStretches = Math.ceil(size / STRETCH);
    if (numStretches <= count) return size;
    const maxima = this.#maxima.subarray(0, numStretches); // [stretches]
    for (let stretch = 0; stretch < numStretches; stretch++) {
      let largest = 0;
      const end = Math.min(size, (stretch + 1) * STRETCH);
      for (let i = stretch * STRETCH; i < end; i++) {
        const weight = weights[i] ?? 0;
        if (weight > largest) largest = weight;
      }
      maxima[stretch] = largest;
    }
    const bound = maxima.toSorted()[numStretches - count] ?? 0;
    let numFront = 0;
    maxima.forEach((largest, stretch) => {
      if (largest < bound) return;
      const end = Math.min(size, (stretch + 1) * STRETCH);
      for (let i = stretch * STRETCH; i < end; i++) if ((weights[i] ?? 0) >= bound) this.#swap(i, numFront++);
    });
    return numFront;
  }

  /** Sorts the largest of the first `count` to the front. A heap gives them up one at a time. */
  #sortLargest(count: number, limit: number, mass: number): { kept: number; sum: number } {
    for (let i = (count >> 1) - 1; i >= 0; i--) this.#siftDown(i, count);
    let heapSize = count;
    let kept = 0;
    let sum = 0;
    while (kept < limit && heapSize > 0 && (kept === 0 || sum < mass)) {
      sum += this.weights[0] ?? 0;
      heapSize--;
      this.#swap(0, heapSize);
      this.#siftDown(0, heapSize);
      kept++;
    }
    // The kept ones stand at the end now, the largest last: mirrored, they are at the front in order.
    const numSwaps = Math.min(kept, count >> 1);
    for (let i = 0; i < numSwaps; i++) this.#swap(i, count - 1 - i);
    return { kept, sum };
  }

  #siftDown(start: number, heapSize: number): void {
    let parent = start;
    for (;;) {
      const left = 2 * parent + 1;
      if (left >= heapSize) return;
      const right = left + 1;
      const child = right < heapSize && this.#isBefore(right, left) ? right : left;
      if (!this.#isBefore(child, parent)) return;
      this.#swap(parent, child);
      parent = child;
    }
  }

  #isBefore(i: number, j: number): boolean {
    const a = this.weights[i] ?? 0;
    const b = this.weights[j] ?? 0;
    return a > b || (a === b && (this.tokenIds[i] ?? 0) < (this.tokenIds[j] ?? 0));
  }

  #swap(i: number, j: number): void {
    const { tokenIds, weights } = this;
    const tokenId = tokenIds[i] ?? 0;
    const weight = weights[i] ?? 0;
    tokenIds[i] = tokenIds[j] ?? 0;
    weights[i] = weights[j] ?? 0;
    tokenIds[j] = tokenId;
    weights[j] = weight;
  }
}

/** Steps of a doubling. */
const STEPS = 1024;
const LOWEST_EXPONENT = -1100;
/** Two to the multiples of a step: [steps]. */
const FRACTIONS = Float64Array.from({ length: STEPS }, (_, step) => 2 ** (step / STEPS));
/** Two to the integers from `LOWEST_EXPONENT`, below -1074 zero, up to 0. */
const POWERS = Float64Array.from({ length: 1 - LOWEST_EXPONENT }, (_, i) => 2 ** (i + LOWEST_EXPONENT));
const LOWEST_STEP = LOWEST_EXPONENT * STEPS;
const STEP = Math.LN2 / STEPS;

/** What a difference of logits at that temperature is multiplied by for `exponential`. */
export const stepsOf = (temperature: number): number => (STEPS * Math.LOG2E) / temperature;

/**
 * Two to the power of `steps / 1024`, for `steps` of at most 0: relative error below 1e-15 but for what `steps` was
 * rounded by. Of a whole vocabulary it takes some 4 ns a token; `Math.exp`, which V8 calls and does not inline, 10.
 */
export function exponential(steps: number): number {
  const bounded = steps > LOWEST_STEP ? steps : LOWEST_STEP;
  // Truncation of what is not positive: the nearest integer.
  const nearest = (bounded - 0.5) | 0;
  const rest = (bounded - nearest) * STEP; // at most 3.4e-4 away from 0, hence three terms of the series
  const power = POWERS[(nearest >> 10) - LOWEST_EXPONENT] ?? 0;
  const fraction = FRACTIONS[nearest & (STEPS - 1)] ?? 0;
  return power * fraction * (1 + rest * (1 + rest * (1 / 2 + rest * (1 / 6))));
}
