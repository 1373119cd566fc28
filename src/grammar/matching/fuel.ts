import { EngineError } from '../../errors.ts';

/**
 * Work that one question about one text may take: a unit is the visit of a node of the vocabulary, about 20 ns. The step
 * loop waits for it, and with it all texts.
 */
export const MAX_FUEL = 5_000_000;

/** Counts the work of matching, so that no grammar holds up the texts of others. */
export class Fuel {
  readonly #most: number;
  #left: number;
  /** By all questions so far. */
  numSpent = 0;

  constructor(most = MAX_FUEL) {
    this.#most = most;
    this.#left = most;
  }

  /** Before each question. */
  refill(): void {
    this.#left = this.#most;
  }

  /** @throws EngineError `format_too_complex` once it is used up */
  spend(units: number): void {
    this.#left -= units;
    this.numSpent += units;
    if (this.#left < 0) {
      throw new EngineError(
        'format_too_complex',
        `the format is too complex: what may follow here takes more than ${this.#most} units of work to find`,
      );
    }
  }
}
