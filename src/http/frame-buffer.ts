/** What a string takes beside its characters, and its place in a list. */
const FRAME_OVERHEAD_BYTES = 64;
/** V8 stores a string that has one character beyond Latin-1 with two bytes for each. */
const BYTES_PER_CHARACTER = 2;

/** Bytes that a frame counts as: an upper bound of what it takes in memory. */
export const bytesOfFrame = (frame: string): number =>
  BYTES_PER_CHARACTER * frame.length + FRAME_OVERHEAD_BYTES;

/** The last events of a stream, as SSE frames. They are numbered from 1, and the oldest are dropped first. */
export class FrameBuffer {
  readonly #frames: string[] = [];
  #firstId = 1;
  #numBytes = 0;

  /** Id of the oldest event that is kept; `nextId` if there is none. */
  get firstId(): number {
    return this.#firstId;
  }

  /** Id that the next event gets. */
  get nextId(): number {
    return this.#firstId + this.#frames.length;
  }

  /** As `bytesOfFrame` counts. */
  get numBytes(): number {
    return this.#numBytes;
  }

  push(frame: string): void {
    this.#frames.push(frame);
    this.#numBytes += bytesOfFrame(frame);
  }

  /** The oldest event is kept no longer. Without one nothing happens. */
  dropFirst(): void {
    const frame = this.#frames.shift();
    if (frame === undefined) return;
    this.#firstId++;
    this.#numBytes -= bytesOfFrame(frame);
  }

  /**
   * Events from an id on that is kept, joined, up to a number of characters but at least one event; '' if the id is the
   * next one.
   */
  read(fromId: number, maxCharacters: number): { text: string; nextId: number } {
    let text = '';
    let nextId = fromId;
    for (; nextId < this.nextId; nextId++) {
      const frame = this.#frames[nextId - this.#firstId] ?? '';
      if (text !== '' && text.length + frame.length > maxCharacters) break;
      text += frame;
    }
    return { text, nextId };
  }
}
