import { EngineError } from '../../src/errors.ts';
import type { Batch } from './document-batches.ts';
import { hashCounters, permutation } from './random.ts';

/**
 * The order in which training reads a token stream: an epoch is every window of `seqLen` tokens once, shuffled, and
 * each epoch cuts the stream at another offset. Which tokens a step sees depends on the seed and the step alone, so
 * that a resumed run goes on as if it had never stopped.
 */
export class TrainingWindows {
  readonly windowsPerEpoch: number;
  readonly #tokens: Int32Array;
  readonly #seqLen: number;
  readonly #seed: number;
  #epoch = -1;
  #order: Int32Array = new Int32Array(0);

  /** @throws EngineError `config_invalid` when the stream holds no two windows */
  constructor(tokens: Int32Array, seqLen: number, seed: number) {
    this.#tokens = tokens;
    this.#seqLen = seqLen;
    this.#seed = seed;
    this.windowsPerEpoch = Math.floor((tokens.length - seqLen) / seqLen);
    if (this.windowsPerEpoch < 1) {
      throw new EngineError(
        'config_invalid',
        `the corpus has ${tokens.length} tokens to train on; windows of ${seqLen} need ${2 * seqLen} or more`,
      );
    }
  }

  /** The windows of a step (counted from 0) and, one token further on, their targets: [numSequences * seqLen]. */
  batch(step: number, numSequences: number): Batch {
    const ids = new Int32Array(numSequences * this.#seqLen); // [rows]
    const targets = new Int32Array(numSequences * this.#seqLen); // [rows]
    for (let i = 0; i < numSequences; i++) {
      const start = this.#windowStart(step * numSequences + i);
      const row = i * this.#seqLen;
      ids.set(this.#tokens.subarray(start, start + this.#seqLen), row);
      targets.set(this.#tokens.subarray(start + 1, start + 1 + this.#seqLen), row);
    }
    return { ids, targets, numSequences, seqLen: this.#seqLen };
  }

  #windowStart(index: number): number {
    const epoch = Math.floor(index / this.windowsPerEpoch);
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#order = permutation(this.windowsPerEpoch, hashCounters(this.#seed, epoch));
    }
    const offset = (hashCounters(this.#seed, epoch, 1) >>> 0) % this.#seqLen;
    return offset + (this.#order[index % this.windowsPerEpoch] ?? 0) * this.#seqLen;
  }
}
