/** What remembers what it found, and can find it again. */
export interface Forgetful {
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
    const kept = this.#bytesOf.get(keeper) ?? 0;
    this.#bytesOf.delete(keeper);
    this.#bytesOf.set(keeper, kept + numBytes);
    this.#numBytes += numBytes;
  }

  /** Between two questions. */
  makeRoom(): void {
    for (const [keeper, numBytes] of this.#bytesOf) {
      if (this.#numBytes <= this.#maxBytes) return;
      this.drop(keeper, numBytes);
    }
  }

  /** Lets one forget all, as it is not used any more. */
  drop(keeper: Forgetful, numBytes = this.#bytesOf.get(keeper) ?? 0): void {
    this.#bytesOf.delete(keeper);
    this.#numBytes -= numBytes;
    keeper.forget();
  }
}
