/** Tokens that must be alike before it is worth guessing what follows. */
const MIN_MATCH = 2;
/** What went before is compared no further back. */
const MAX_MATCH = 32;
/** Earlier places that are compared, the latest first. */
const MAX_PLACES = 8;
/** Two token ids make a key: exact below 2^53. */
const KEY_BASE = 2 ** 26;

/** An earlier place in a sequence where it read as it does at its end. */
export interface NgramMatch {
  /** Index of the token that followed there. */
  end: number;
  /** Tokens that are alike before it. */
  length: number;
}

/**
 * Finds where a sequence has said before what it says at its end (prompt look-up decoding, Saxena 2023), as LZ77's
 * compressors do: for each pair of tokens the place after its latest occurrence, and from each place that of the one
 * before.
 *
 *   the  fox  ran .. the  fox  sat .. the  fox |          heads[the fox] = c, previous[c] = b, previous[b] = a
 *             a                b               c          what followed at b, "sat ..", is the guess
 *
 * Of the latest places the one with the longest common past is taken, and of these the latest. A token costs one look
 * into a map, a search at most `MAX_PLACES * MAX_MATCH` comparisons.
 */
export class NgramIndex {
  readonly #tokenIds: readonly number[];
  readonly #heads = new Map<number, number>();
  /** By place: the latest place before it behind the same pair; 0: none. */
  readonly #previous: number[] = [];
  #numIndexed = 0;

  /** @param tokenIds of a sequence that may grow, and changes in no other way */
  constructor(tokenIds: readonly number[]) {
    this.#tokenIds = tokenIds;
  }

  /** The best earlier place; `undefined` when the last two tokens are new. */
  find(): NgramMatch | undefined {
    this.#catchUp();
    let best: NgramMatch | undefined;
    let place = this.#previous[this.#tokenIds.length] ?? 0;
    for (let i = 0; i < MAX_PLACES && place > 0; i++) {
      const length = this.#commonPast(place);
      if (best === undefined || length > best.length) best = { end: place, length };
      place = this.#previous[place] ?? 0;
    }
    return best;
  }

  /** What follows if the sequence goes on as it did there. A place near the end repeats itself for ever. */
  guess({ end }: NgramMatch, numTokens: number): number[] {
    const { length } = this.#tokenIds;
    return Array.from({ length: numTokens }, (_, i) => this.#tokenIds[end + (i % (length - end))] ?? 0);
  }

  #catchUp(): void {
    const tokenIds = this.#tokenIds;
    while (this.#numIndexed < tokenIds.length) {
      const place = ++this.#numIndexed;
      if (place < MIN_MATCH) continue;
      const key = (tokenIds[place - 2] ?? 0) * KEY_BASE + (tokenIds[place - 1] ?? 0);
      this.#previous[place] = this.#heads.get(key) ?? 0;
      this.#heads.set(key, place);
    }
  }

  /** How many tokens before this place are those before the end. */
  #commonPast(place: number): number {
    const tokenIds = this.#tokenIds;
    const end = tokenIds.length;
    const limit = Math.min(place, MAX_MATCH);
    let length = MIN_MATCH;
    while (length < limit && tokenIds[place - 1 - length] === tokenIds[end - 1 - length]) length++;
    return length;
  }
}
