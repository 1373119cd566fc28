/** What happened to sequences and pages between two steps. */
export interface Changes {
  /** Sequences that were stopped. */
  readonly numPreemptions: number;
  /** Pages whose tokens had to go. */
  readonly numEvictedPages: number;
  /** Pages that sequences were given, and that may hold anything. */
  readonly freshPages: readonly number[];
  /** Pages of windows that sequences were given, and that may hold anything. */
  readonly freshWindowPages: readonly number[];
}

/** Collects what happens until it is asked. */
export class QueueChanges {
  #numPreemptions = 0;
  #numEvictedBefore = 0;
  readonly #freshPages = new Set<number>();
  readonly #freshWindowPages = new Set<number>();

  stopped(): void {
    this.#numPreemptions++;
  }

  gave(pages: readonly number[]): void {
    for (const page of pages) this.#freshPages.add(page);
  }

  gaveWindow(pages: readonly number[]): void {
    for (const page of pages) this.#freshWindowPages.add(page);
  }

  /** By a copy, or by work that clears them itself. */
  filled(pages: readonly number[]): void {
    for (const page of pages) this.#freshPages.delete(page);
  }

  filledWindow(pages: readonly number[]): void {
    for (const page of pages) this.#freshWindowPages.delete(page);
  }

  /** @param numEvicted since the start */
  take(numEvicted: number): Changes {
    const changes = {
      numPreemptions: this.#numPreemptions,
      numEvictedPages: numEvicted - this.#numEvictedBefore,
      freshPages: [...this.#freshPages],
      freshWindowPages: [...this.#freshWindowPages],
    };
    this.#numPreemptions = 0;
    this.#numEvictedBefore = numEvicted;
    this.#freshPages.clear();
    this.#freshWindowPages.clear();
    return changes;
  }
}
