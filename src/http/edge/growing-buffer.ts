const FIRST_CAPACITY = 2048;
/** Up to here a buffer is made anew and copied when it is full; beyond it, one grows in its place, a page at a time. */
const SMALL_CAPACITY = 2 ** 14;
const PAGE_BYTES = 2 ** 14;

/**
 * Bytes that arrive in pieces, copied into one buffer. It takes at most twice what came, or 2 KiB, however small the
 * pieces are; a large one at most a page more than what came. It keeps none of the pieces.
 *
 * A large one has memory of its own, which `free` gives back to the system at once. What the allocator or the collector
 * gets back from a burst of large bodies, they keep for minutes.
 */
export class GrowingBuffer {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #length = 0;
  readonly #mostBytes: number;

  /** @param mostBytes never more of them come */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Bytes that came. */
  get length(): number {
    return this.#length;
  }

  /** Bytes that the buffer takes. */
  get capacity(): number {
    return this.#bytes.length;
  }

  append(piece: Uint8Array): void {
    const needed = this.#length + piece.length;
    if (needed > this.capacity) this.#grow(needed);
    this.#bytes.set(piece, this.#length);
    this.#length = needed;
  }

  /** What came so far, not copied: gone once it is freed. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** It takes nothing any more. */
  free(): void {
    const { buffer } = this.#bytes;
    if (buffer.resizable) buffer.resize(0);
    this.#bytes = new Uint8Array(0);
    this.#length = 0;
  }

  #grow(needed: number): void {
    if (needed <= SMALL_CAPACITY) {
      const doubled = Math.max(2 * this.capacity, FIRST_CAPACITY);
      this.#moveTo(new Uint8Array(Math.max(Math.min(doubled, this.#mostBytes), needed)));
      return;
    }
    const capacity = Math.min(Math.ceil(needed / PAGE_BYTES) * PAGE_BYTES, this.#mostBytes);
    const { buffer } = this.#bytes;
    // An array over all of a buffer that grows is as long as the buffer is.
    if (buffer.resizable) buffer.resize(capacity);
    else this.#moveTo(new Uint8Array(new ArrayBuffer(capacity, { maxByteLength: this.#mostBytes })));
  }

  #moveTo(grown: Uint8Array<ArrayBuffer>): void {
    grown.set(this.bytes());
    this.#bytes = grown;
  }
}
