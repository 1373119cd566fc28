import { randomAt } from '../sampling/seeded-random.ts';

/** Synthetic prompts: the same for a seed on every machine, without meaning, all of exactly one length. */
export class Workload {
  readonly #vocabSize: number;
  readonly #seed: number;
  #numPrompts = 0;

  constructor(vocabSize: number, seed: number) {
    this.#vocabSize = vocabSize;
    this.#seed = seed;
  }

  /** Token ids drawn evenly from the vocabulary; each call gives another prompt, so that no cache knows it. */
  nextPrompt(numTokens: number): number[] {
    const stream = this.#numPrompts++;
    return Array.from({ length: numTokens }, (_, index) =>
      Math.floor(randomAt(this.#seed, stream, index) * this.#vocabSize),
    );
  }
}
