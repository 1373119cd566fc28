/** What remembers what it found, and can find it again. */
export interface Forgetful {
  /** Bytes that it takes itself, for as long as it is counted. */
  readonly ownBytes: number;
  forget(): void;
}

/**
 * Counts the bytes that the grammars of one vocabulary remember. Where they are too many, what was used longest ago
 * forgets all, and so on.
 */
export class KeptMatches {
  readonly #maxBytes: number;
  /** The latest used is the last. */
  readonly #bytesOf = new Map<Forgetful, number>();
  #numBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get numBytes(): number {
    return this.#numBytes;
  }

  /** Counts further bytes. Nothing is forgotten before `makeRoom`, as the work that keeps them is not done. */
  keep(keeper: Forgetful, numBytes: number): void {
    const before = this.#bytesOf.get(keeper);
    const after = (before ?? keeper.ownBytes) + numBytes;
    this.#bytesOf.delete(keeper);
    this.#bytesOf.set(keeper, after);
    this.#numBytes += after - (before ?? 0);
  }

  /** Between two questions. */
  makeRoom(): void {
    for (const keeper of this.#bytesOf.keys()) {
      if (this.#numBytes <= this.#maxBytes) return;
      this.drop(keeper);
    }
  }

  /** Lets one forget all. It is counted again once it keeps something. */
  drop(keeper: Forgetful): void {
    this.#numBytes -= this.#bytesOf.get(keeper) ?? 0;
    this.#bytesOf.delete(keeper);
    keeper.forget();
  }
}
