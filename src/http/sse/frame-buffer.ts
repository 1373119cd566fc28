import { packedBytes, packText, unpackText } from '../../held-bytes.ts';

/** A frame's place in a list that grows. */
const PLACE_BYTES = 12;

/** What a frame takes in memory, of the string that `packText` made of it. */
const bytesOfFrame = (packed: string): number => PLACE_BYTES + packedBytes(packed);

/** The last events of a stream, as SSE frames. They are numbered from 1, and the oldest are dropped first. */
export class FrameBuffer {
  /** By `packText`: a frame that was cut from a larger text would hold on to all of that. */
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

  /** What its frames take in memory. */
  get numBytes(): number {
    return this.#numBytes;
  }

  push(frame: string): void {
    const packed = packText(frame);
    this.#frames.push(packed);
    this.#numBytes += bytesOfFrame(packed);
  }

  /** The oldest event is kept no longer. Without one nothing happens. */
  dropFirst(): void {
    const frame = this.#frames.shift();
    if (frame === undefined) return;
    this.#firstId++;
    this.#numBytes -= bytesOfFrame(frame);
  }

  /**
   * Events from an id on that is kept, joined, up to a number of bytes but at least one event; '' if the id is the next
   * one.
   */
  read(fromId: number, maxBytes: number): { text: string; nextId: number } {
    let packed = '';
    let nextId = fromId;
    for (; nextId < this.nextId; nextId++) {
      const frame = this.#frames[nextId - this.#firstId] ?? '';
      if (packed !== '' && packed.length + frame.length > maxBytes) break;
      packed += frame;
    }
    return { text: unpackText(packed), nextId };
  }
}
