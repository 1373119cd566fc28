const FIRST_CAPACITY = 2048;

/**
 * Bytes that arrive in pieces, copied into one buffer that doubles where it is full: it takes at most twice what came,
 * or 2 KiB, however small the pieces are, and keeps none of them.
 */
export class GrowingBuffer {
  #buffer = Buffer.alloc(0);
  #length = 0;
  readonly #expectedBytes: number;

  /** @param expectedBytes how many will come, where that is known; room beyond that is made only if more do come */
  constructor(expectedBytes = Infinity) {
    this.#expectedBytes = expectedBytes;
  }

  /** Bytes that came. */
  get length(): number {
    return this.#length;
  }

  /** Bytes that the buffer takes. */
  get capacity(): number {
    return this.#buffer.length;
  }

  append(piece: Uint8Array): void {
    const needed = this.#length + piece.length;
    if (needed > this.capacity) this.#grow(needed);
    this.#buffer.set(piece, this.#length);
    this.#length = needed;
  }

  /** What came so far, not copied. */
  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #grow(needed: number): void {
    const doubled = Math.max(2 * this.capacity, FIRST_CAPACITY);
    const grown = Buffer.allocUnsafe(Math.max(Math.min(doubled, this.#expectedBytes), needed));
    grown.set(this.bytes());
    this.#buffer = grown;
  }
}
