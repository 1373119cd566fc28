/** Plain data, which is cheap to hand from one process to another. */
export interface TokenTableData {
  /** The bytes of all tokens, one after the other. */
  readonly bytes: Uint8Array;
  /** By token id, where its bytes end. */
  readonly ends: Uint32Array;
}

/** The bytes that each token stands for: all that turning tokens into text needs of a tokenizer. */
export class TokenTable {
  readonly data: TokenTableData;
  readonly #bytes: Uint8Array;
  readonly #ends: Uint32Array;

  constructor(data: TokenTableData) {
    const { bytes, ends } = data;
    this.data = data;
    this.#bytes = bytes;
    this.#ends = ends;
  }

  static pack(vocabSize: number, idToBytes: (tokenId: number) => Uint8Array): TokenTableData {
    const parts = Array.from({ length: vocabSize }, (_, tokenId) => idToBytes(tokenId));
    let end = 0;
    const ends = Uint32Array.from(parts, ({ length }) => (end += length));
    return { bytes: new Uint8Array(Buffer.concat(parts, end)), ends };
  }

  /** One more than the largest token id. */
  get vocabSize(): number {
    return this.#ends.length;
  }

  /** None for an id outside the vocabulary. */
  idToBytes(tokenId: number): Uint8Array {
    return this.#bytes.subarray(this.#startOf(tokenId), this.#ends[tokenId] ?? 0);
  }

  numBytes(tokenIds: readonly number[]): number {
    const ends = this.#ends;
    let numBytes = 0;
    for (let index = 0; index < tokenIds.length; index++) {
      const tokenId = tokenIds[index] ?? 0;
      if (tokenId < ends.length) numBytes += (ends[tokenId] ?? 0) - (ends[tokenId - 1] ?? 0);
    }
    return numBytes;
  }

  /** The bytes of tokens, one after the other. */
  concat(tokenIds: readonly number[]): Uint8Array {
    const [all, ends] = [this.#bytes, this.#ends];
    const bytes = new Uint8Array(this.numBytes(tokenIds));
    let end = 0;
    for (let index = 0; index < tokenIds.length; index++) {
      const tokenId = tokenIds[index] ?? 0;
      if (tokenId >= ends.length) continue;
      const partEnd = ends[tokenId] ?? 0;
      // Tokens are short: a view of each would take longer than its bytes.
      for (let at = ends[tokenId - 1] ?? 0; at < partEnd; at++) bytes[end++] = all[at] ?? 0;
    }
    return bytes;
  }

  /** The tokens whose bytes, one at least, stand somewhere in a short text. */
  tokensWithin(text: Uint8Array): number[] {
    const found: number[] = [];
    let start = 0;
    for (let tokenId = 0; tokenId < this.#ends.length; tokenId++) {
      const end = this.#ends[tokenId] ?? 0;
      if (end > start && this.#isWithin(start, end, text)) found.push(tokenId);
      start = end;
    }
    return found;
  }

  /** By loops: a view of a token's bytes takes longer to make than they take to look at. */
  #isWithin(start: number, end: number, text: Uint8Array): boolean {
    const lastPosition = text.length - (end - start);
    for (let position = 0; position <= lastPosition; position++) {
      let at = start;
      while (at < end && text[position + at - start] === this.#bytes[at]) at++;
      if (at === end) return true;
    }
    return false;
  }

  /** 0, as its end, for an id outside the vocabulary. */
  #startOf(tokenId: number): number {
    return tokenId in this.#ends ? (this.#ends[tokenId - 1] ?? 0) : 0;
  }
}
