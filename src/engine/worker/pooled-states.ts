import { assertInvariant } from '../../errors.ts';
import type { Pooling } from '../../model/pooling.ts';

/** The hidden states of a text's tokens, as they come chunk by chunk, pooled to one vector. */
export class PooledStates {
  readonly #pooling: Pooling;
  #numTokens = 0;
  #pooled: Float64Array | undefined; // [dim]

  constructor(pooling: Pooling) {
    this.#pooling = pooling;
  }

  /** @param states of the next tokens: [tokens][dim] */
  add(states: readonly Float32Array[]): void {
    for (const state of states) {
      const position = this.#numTokens++;
      if (this.#pooled === undefined)
        this.#pooled = Float64Array.from(state); // [dim]
      else this.#combine(this.#pooled, state, position);
    }
  }

  /** Of length 1. To divide a sum by its weights first would change nothing. */
  get embedding(): Float32Array {
    assertInvariant(this.#pooled, 'a text has at least one token');
    const length = Math.hypot(...this.#pooled);
    return Float32Array.from(this.#pooled, (value) => (length === 0 ? 0 : value / length)); // [dim]
  }

  #combine(pooled: Float64Array, state: Float32Array, position: number): void {
    switch (this.#pooling) {
      case 'cls':
        return;
      case 'lasttoken':
        pooled.set(state);
        return;
      case 'max':
        state.forEach((value, index) => (pooled[index] = Math.max(pooled[index] ?? value, value)));
        return;
      case 'mean':
        state.forEach((value, index) => (pooled[index] = (pooled[index] ?? 0) + value));
        return;
      case 'weightedmean':
        state.forEach((value, index) => (pooled[index] = (pooled[index] ?? 0) + (position + 1) * value));
    }
  }
}
