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

  constructor(vocabSize: number) {
    this.tokenIds = new Int32Array(vocabSize); // [vocab]
    this.weights = new Float64Array(vocabSize); // [vocab]
  }

  /** Starts over with every token, at that temperature; `largest` is the largest of the logits. */
  fill(logits: Float32Array, largest: number, temperature: number): void {
    const { tokenIds, weights } = this;
    for (let id = 0; id < logits.length; id++) {
      tokenIds[id] = id;
      weights[id] = Math.exp(((logits[id] ?? -Infinity) - largest) / temperature);
    }
    this.size = logits.length;
    this.sorted = false;
  }

  /** Starts over with those tokens alone, the most probable first. */
  fillSorted(tokenIds: Int32Array, logits: Float32Array, temperature: number): void {
    const largest = logits[0] ?? -Infinity;
    tokenIds.forEach((tokenId, i) => {
      this.tokenIds[i] = tokenId;
      this.weights[i] = Math.exp(((logits[i] ?? -Infinity) - largest) / temperature);
    });
    this.size = tokenIds.length;
    this.sorted = true;
  }

  /** The sum of the weights that are left. */
  totalWeight(): number {
    let total = 0;
    for (let i = 0; i < this.size; i++) total += this.weights[i] ?? 0;
    return total;
  }

  /**
   * Keeps the largest weights in falling order, until there are `limit` of them or they add up to `mass`. A heap
   * gives them up one at a time, hence a nucleus of few tokens costs no sort of the vocabulary.
   */
  keepLargest(limit: number, mass: number): void {
    const { size } = this;
    for (let i = (size >> 1) - 1; i >= 0; i--) this.#siftDown(i, size);
    let heapSize = size;
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
    const numSwaps = Math.min(kept, size >> 1);
    for (let i = 0; i < numSwaps; i++) this.#swap(i, size - 1 - i);
    this.size = kept;
    this.sorted = true;
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
