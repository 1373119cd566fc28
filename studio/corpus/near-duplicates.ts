import { shinglesOf, wordsOf } from './text-quality.ts';

const SHINGLE_WORDS = 8;
/** A text that shares more than this with one earlier text is too like it. */
const MAX_SHARED = 0.6;
/** Of the sequences, one in so many is compared, chosen by its hash: the same ones of every text. */
const SAMPLED = 4;

/** Finds texts that are much like one before. Each plot's phrasings come again; the same choice of them must not. */
export class NearDuplicates {
  /** By the hash of a sequence. */
  readonly #textsOf = new Map<number, number[]>();
  #numTexts = 0;

  /** @returns whether the text was new; then it is one of those that later texts are compared with */
  add(text: string): boolean {
    const hashes = [...shinglesOf(wordsOf(text), SHINGLE_WORDS)]
      .map(hashOf)
      .filter((hash) => hash % SAMPLED === 0);
    const shared = new Map<number, number>();
    for (const hash of hashes)
      for (const other of this.#textsOf.get(hash) ?? []) shared.set(other, (shared.get(other) ?? 0) + 1);
    const most = Math.max(0, ...shared.values());
    if (most > MAX_SHARED * hashes.length) return false;
    const index = this.#numTexts++;
    for (const hash of hashes) {
      const texts = this.#textsOf.get(hash);
      if (texts === undefined) this.#textsOf.set(hash, [index]);
      else texts.push(index);
    }
    return true;
  }
}

/** FNV-1a over the characters, of 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
