/** So much is kept to be used again; what is more is left to the garbage collector. */
const KEPT_BYTES = 32 * 2 ** 20;

/** Arrays of a page's size, which go to the disk's thread and come back. */
export class PageBuffers {
  readonly pageBytes: number;
  readonly #free: Uint8Array<ArrayBuffer>[] = [];

  constructor(pageBytes: number) {
    this.pageBytes = pageBytes;
  }

  /** One that may hold anything. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#free.pop() ?? new Uint8Array(this.pageBytes);
  }

  give(bytes: Uint8Array<ArrayBuffer>): void {
    if ((this.#free.length + 1) * this.pageBytes <= KEPT_BYTES) this.#free.push(bytes);
  }
}
