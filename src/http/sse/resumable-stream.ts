import { EngineError, invalidField } from '../../errors.ts';
import { commentFrame } from './sse.ts';
import { packedBytes, packText, unpackText } from '../../held-bytes.ts';

/** A frame's position in a list that grows. */
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

/** Most bytes that a reader gets at once. */
const MAX_WRITE = 65_536;

/** The work behind a stream. */
export interface StreamSource {
  /** Frames to the end of the stream; an error is a frame. They end soon after `cancel`. */
  frames: AsyncIterable<string>;
  /** Stops the work: no reader came back. */
  cancel: () => void;
  /** All frames are there. Called once. */
  onEnd: () => void;
  /** The comment of `SseOptions.readNote`, for each reader. */
  readNote: () => string | undefined;
}

/** What a stream tells its store. */
export interface StreamHost {
  /** Its buffer has grown or shrunk. */
  onSize(stream: ResumableStream, numBytes: number): void;
  /** The last reader has left, or none has come yet. */
  onUnread(stream: ResumableStream): void;
  /** A reader has come. */
  onRead(stream: ResumableStream): void;
  onEnd(stream: ResumableStream): void;
}

/** One reader of a stream, iterated once. */
export interface StreamReader extends AsyncIterable<string> {
  /** The client is gone. */
  leave(): void;
}

interface ReaderState {
  /** The event to be read next. */
  nextId: number;
  hasLeft: boolean;
}

/**
 * A stream of events that outlives its readers. Each event gets an `id`, and the last ones are kept
 * (docs/decisions/0063-streams-can-be-resumed.md).
 *
 * While there is a reader, the next frames are made once it has taken all: a slow reader holds back its own stream and
 * nothing is dropped before it has read it. Without one, frames are made as the work yields them, and the oldest are
 * dropped beyond `maxBytes`. A second reader takes the place of the first.
 */
export class ResumableStream {
  readonly id: string;
  readonly ownerId: string;
  /** Whose share of the memory it takes. */
  readonly clientId: string;
  readonly #maxBytes: number;
  readonly #host: StreamHost;
  readonly #buffer = new FrameBuffer();
  /** Comments that go out with the next event. */
  #comments = '';
  #source: StreamSource | undefined;
  #reader: ReaderState | undefined;
  #isEnded = false;
  #waiting: (() => void)[] = [];

  constructor(
    { id, ownerId, clientId }: Pick<ResumableStream, 'id' | 'ownerId' | 'clientId'>,
    maxBytes: number,
    host: StreamHost,
  ) {
    this.id = id;
    this.ownerId = ownerId;
    this.clientId = clientId;
    this.#maxBytes = maxBytes;
    this.#host = host;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  get hasReader(): boolean {
    return this.#reader !== undefined;
  }

  get numBytes(): number {
    return this.#buffer.numBytes;
  }

  /** Begins to take the frames of the work, with a reader or without. Called once. */
  start(source: StreamSource): void {
    this.#source = source;
    if (this.#reader === undefined) this.#host.onUnread(this);
    void this.#take(source);
  }

  /** Stops the work. The events up to its end stay. */
  cancel(): void {
    this.#source?.cancel();
  }

  readNote(): string | undefined {
    return this.#source?.readNote();
  }

  /**
   * A new reader, which takes the place of the one before.
   *
   * @param numReceived how many events the client has, which is the id of the last of them
   * @throws EngineError `gone` if events after these are kept no longer, `invalid_request` if there are not so many yet
   */
  read(numReceived: number): StreamReader {
    this.#checkKept(numReceived);
    const state = { nextId: numReceived + 1, hasLeft: false };
    this.#reader = state;
    this.#host.onRead(this);
    this.#notify();
    return {
      [Symbol.asyncIterator]: () => this.#read(state),
      leave: () => this.#leave(state),
    };
  }

  /** Drops the oldest event if no reader waits for it; false if there is none. */
  tryDropFirst(): boolean {
    const { firstId, nextId } = this.#buffer;
    if (firstId >= (this.#reader?.nextId ?? nextId)) return false;
    this.#changeBuffer(() => this.#buffer.dropFirst());
    return true;
  }

  #checkKept(numReceived: number): void {
    const { firstId, nextId } = this.#buffer;
    if (numReceived >= nextId) {
      throw invalidField(
        'Last-Event-ID',
        `is ${numReceived}, but the stream has ${nextId - 1} events so far`,
      );
    }
    if (numReceived + 1 < firstId) {
      throw new EngineError(
        'gone',
        `events ${numReceived + 1} to ${firstId - 1} of the stream are kept no longer; it can be read on from Last-Event-ID ${firstId - 1}`,
        { param: 'Last-Event-ID' },
      );
    }
  }

  async #take({ frames, onEnd }: StreamSource): Promise<void> {
    for await (const text of frames) {
      this.#append(text);
      while (this.#reader !== undefined && this.#reader.nextId < this.#buffer.nextId) await this.#change();
    }
    this.#isEnded = true;
    this.#source = undefined;
    this.#notify();
    onEnd();
    this.#host.onEnd(this);
  }

  /** A text of the source may hold several events, and comments. JSON holds no line breaks. */
  #append(text: string): void {
    this.#changeBuffer(() => {
      for (const event of text.split('\n\n')) {
        if (event.startsWith(':')) this.#comments += `${event}\n\n`;
        else if (event !== '') {
          this.#buffer.push(`${this.#comments}id: ${this.#buffer.nextId}\n${event}\n\n`);
          this.#comments = '';
        }
      }
    });
    while (this.#buffer.numBytes > this.#maxBytes && this.tryDropFirst());
    this.#notify();
  }

  #changeBuffer(change: () => void): void {
    const { numBytes } = this.#buffer;
    change();
    this.#host.onSize(this, this.#buffer.numBytes - numBytes);
  }

  async *#read(state: ReaderState): AsyncGenerator<string> {
    while (this.#reader === state) {
      const { text, nextId } = this.#buffer.read(state.nextId, MAX_WRITE);
      state.nextId = nextId;
      if (text !== '') {
        this.#notify();
        yield text;
      } else if (this.#isEnded) return;
      else await this.#change();
    }
    if (!state.hasLeft) yield commentFrame('another reader has taken over this stream');
  }

  #leave(state: ReaderState): void {
    state.hasLeft = true;
    if (this.#reader !== state) return;
    this.#reader = undefined;
    this.#notify();
    if (!this.#isEnded) this.#host.onUnread(this);
  }

  /** Resolves when a frame, a reader or the end has come, a reader has read on or left. */
  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #notify(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
