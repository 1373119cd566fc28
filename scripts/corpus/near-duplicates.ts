import { shinglesOf, wordsOf } from './text-quality.ts';

const SHINGLE_WORDS = 8;
/** A text that shares more than this with one earlier text is too like it. */
const MAX_SHARED = 0.6;

/** Finds texts that are much like one before. Each plot's phrasings come again; the same choice of them must not. */
export class NearDuplicates {
  readonly #textsOf = new Map<string, number[]>();
  #numTexts = 0;

  /** @returns whether the text was new; then it is one of those that later texts are compared with */
  add(text: string): boolean {
    const shingles = [...shinglesOf(wordsOf(text), SHINGLE_WORDS)];
    const shared = new Map<number, number>();
    for (const shingle of shingles)
      for (const other of this.#textsOf.get(shingle) ?? []) shared.set(other, (shared.get(other) ?? 0) + 1);
    const most = Math.max(0, ...shared.values());
    if (most > MAX_SHARED * shingles.length) return false;
    const index = this.#numTexts++;
    for (const shingle of shingles) {
      const texts = this.#textsOf.get(shingle);
      if (texts === undefined) this.#textsOf.set(shingle, [index]);
      else texts.push(index);
    }
    return true;
  }
}
