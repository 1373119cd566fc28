/** Tokens that must be alike before it is worth guessing what follows. */
const MIN_MATCH = 2;
/** What went before is compared no further back. */
const MAX_MATCH = 32;
/** Earlier positions that are compared, the latest first. */
const MAX_POSITIONS = 8;
/** Two token ids make a key: exact below 2^53. */
const KEY_BASE = 2 ** 26;

/** An earlier position in a sequence where it read as it does at its end. */
export interface NgramMatch {
  /** Index of the token that followed there. */
  end: number;
  /** Tokens that are alike before it. */
  length: number;
}

/**
 * Finds where a sequence has said before what it says at its end (prompt look-up decoding, Saxena 2023), as LZ77's
 * compressors do: for each pair of tokens the position after its latest occurrence, and from each position that of the one
 * before.
 *
 *   the  fox  ran .. the  fox  sat .. the  fox |          heads[the fox] = c, previous[c] = b, previous[b] = a
 *             a                b               c          what followed at b, "sat ..", is the guess
 *
 * Of the latest positions the one with the longest common past is taken, and of these the latest. A token costs one look
 * into a map, a search at most `MAX_POSITIONS * MAX_MATCH` comparisons.
 */
export class NgramIndex {
  readonly #tokenIds: readonly number[];
  readonly #heads = new Map<number, number>();
  /** By position: the latest position before it behind the same pair; 0: none. */
  readonly #previous: number[] = [];
  #numIndexed = 0;

  /** @param tokenIds of a sequence that may grow, and changes in no other way */
  constructor(tokenIds: readonly number[]) {
    this.#tokenIds = tokenIds;
  }

  /** The best earlier position; `undefined` when the last two tokens are new. */
  find(): NgramMatch | undefined {
    this.#catchUp();
    let best: NgramMatch | undefined;
    let position = this.#previous[this.#tokenIds.length] ?? 0;
    for (let i = 0; i < MAX_POSITIONS && position > 0; i++) {
      const length = this.#commonPast(position);
      if (best === undefined || length > best.length) best = { end: position, length };
      if (length === MAX_MATCH) break;
      position = this.#previous[position] ?? 0;
    }
    return best;
  }

  /** What follows if the sequence goes on as it did there. A position near the end repeats itself for ever. */
  guess({ end }: NgramMatch, numTokens: number): number[] {
    const { length } = this.#tokenIds;
    const guessed: number[] = [];
    for (let i = 0; i < numTokens; i++) guessed.push(this.#tokenIds[end + (i % (length - end))] ?? 0);
    return guessed;
  }

  #catchUp(): void {
    const tokenIds = this.#tokenIds;
    while (this.#numIndexed < tokenIds.length) {
      const position = ++this.#numIndexed;
      if (position < MIN_MATCH) continue;
      const key = (tokenIds[position - 2] ?? 0) * KEY_BASE + (tokenIds[position - 1] ?? 0);
      this.#previous[position] = this.#heads.get(key) ?? 0;
      this.#heads.set(key, position);
    }
  }

  /** How many tokens before this position are those before the end. */
  #commonPast(position: number): number {
    const tokenIds = this.#tokenIds;
    const end = tokenIds.length;
    const limit = Math.min(position, MAX_MATCH);
    let length = MIN_MATCH;
    while (length < limit && tokenIds[position - 1 - length] === tokenIds[end - 1 - length]) length++;
    return length;
  }
}
