import { BoundedStore } from '../../bounded-store.ts';
import { groupOf } from '../../fairness/client-id.ts';
import { FairCapacity } from '../../fairness/fair-capacity.ts';
import { EngineError } from '../../errors.ts';
import { ResumableStream, type StreamHost } from './resumable-stream.ts';

/** What a stream takes in memory beside its events. */
const STREAM_BYTES = 1024;
/** Most bytes of one stream; beyond it its oldest events are dropped. */
const MAX_STREAM_BYTES = 2 ** 20;
/** There are never more streams that run than have so many bytes each, on average. */
const BYTES_OF_RUNNING_STREAM = 2 ** 16;
/** Streams of one group (src/fairness/client-id.ts) that go on without a reader. */
const MAX_UNREAD_OF_GROUP = 16;

export interface StreamStoreOptions {
  /** Bytes that all streams may take together; 0: no stream can be resumed. */
  maxBytes: number;
  /** How long a stream that runs goes on without a reader, and how long one that has ended is kept. */
  graceMs: number;
}

/** A stream that the store holds. */
interface Entry {
  readonly stream: ResumableStream;
  timer: NodeJS.Timeout | undefined;
}

/**
 * The streams that can be resumed, and the bounds on them. All take their memory from one pool. When it is full, the
 * owner that takes most of it, of the group that does, loses first: of its streams that have ended the one that came
 * first, else the oldest events of its largest one. So a group alone may have all of the pool, and n groups have at least
 * an n-th of it each. What readers have not read stays.
 */
export class StreamStore {
  readonly #options: StreamStoreOptions;
  readonly #entries: BoundedStore<Entry>;
  readonly #running = new FairCapacity();
  /** Those that go on without a reader; the one that lost its reader first stands first. */
  readonly #unread = new Set<Entry>();

  constructor(options: StreamStoreOptions) {
    this.#options = options;
    this.#entries = new BoundedStore<Entry>({
      maxBytes: options.maxBytes,
      isInUse: ({ stream }) => !stream.isEnded,
      shrink: ({ stream }) => dropHalf(stream),
      onRemove: ({ stream, timer }) => {
        clearTimeout(timer);
        // A reader that it has reads on what it has not read.
        while (stream.tryDropFirst());
      },
    });
  }

  get numStreams(): number {
    return this.#entries.size;
  }

  /** What all of them count as. */
  get numBytes(): number {
    return this.#entries.numBytes;
  }

  /** Those that go on without a reader. */
  get numUnread(): number {
    return this.#unread.size;
  }

  /** Whether streams can be resumed at all. */
  get isOpen(): boolean {
    return this.#options.maxBytes > 0;
  }

  /**
   * A new stream, to be started. It takes the place of one of the same id that has ended.
   *
   * @throws EngineError `queue_full` if there are too many that run, and the client has an equal share of them
   */
  open(owner: Pick<ResumableStream, 'id' | 'ownerId' | 'clientId'>): ResumableStream {
    const { maxBytes } = this.#options;
    const maxRunning = Math.floor(maxBytes / BYTES_OF_RUNNING_STREAM);
    if (!this.#running.canTake(owner.clientId, 1, maxRunning)) {
      throw new EngineError(
        'queue_full',
        `${this.#running.numTaken} streams that can be resumed are running, as many as STREAM_BUFFER_MB ` +
          'has room for; try again later, or without x-stream-resumable',
      );
    }
    this.#running.take(owner.clientId, 1);
    const host = this.#hostOf(() => entry);
    const stream = new ResumableStream(owner, Math.min(MAX_STREAM_BYTES, maxBytes), host);
    const entry: Entry = { stream, timer: undefined };
    this.#entries.add(owner.ownerId, owner.id, entry, STREAM_BYTES);
    return stream;
  }

  /** An owner's stream; without an owner the one that came last of all owners'. */
  find(id: string, ownerId?: string): ResumableStream | undefined {
    if (ownerId !== undefined) return this.#entries.find(ownerId, id)?.stream;
    return [...this.#entries.values()].findLast(({ stream }) => stream.id === id)?.stream;
  }

  /** Lets go of half of what it keeps. */
  release(): void {
    this.#entries.shrinkTo(this.#entries.numBytes / 2);
  }

  #hostOf(entryOf: () => Entry): StreamHost {
    return {
      onSize: (_, numBytes) => this.#resize(entryOf(), numBytes),
      onUnread: () => this.#onUnread(entryOf()),
      onRead: () => this.#onRead(entryOf()),
      onEnd: (stream) => {
        const entry = entryOf();
        this.#onRead(entry);
        this.#running.giveBack(stream.clientId, 1);
        if (this.#holds(entry)) this.#setTimer(entry, () => this.#entries.delete(stream.ownerId, stream.id));
      },
    };
  }

  #onUnread(entry: Entry): void {
    if (this.#unread.has(entry)) return;
    this.#unread.add(entry);
    this.#setTimer(entry, () => this.#giveUp(entry));
    const group = groupOf(entry.stream.clientId);
    const ofGroup = [...this.#unread].filter(({ stream }) => groupOf(stream.clientId) === group);
    const [first] = ofGroup;
    if (first !== undefined && ofGroup.length > MAX_UNREAD_OF_GROUP) this.#giveUp(first);
  }

  #onRead(entry: Entry): void {
    this.#unread.delete(entry);
    // One that has ended is kept for its time, read or not.
    if (!entry.stream.isEnded) clearTimeout(entry.timer);
  }

  /** Its client has not come back. The stream ends by its work. */
  #giveUp(entry: Entry): void {
    this.#unread.delete(entry);
    clearTimeout(entry.timer);
    entry.stream.cancel();
  }

  #setTimer(entry: Entry, onTime: () => void): void {
    clearTimeout(entry.timer);
    entry.timer = setTimeout(onTime, this.#options.graceMs).unref();
  }

  #resize(entry: Entry, numBytes: number): void {
    const { id, ownerId } = entry.stream;
    if (this.#holds(entry)) this.#entries.resize(ownerId, id, numBytes);
  }

  /** False when it is forgotten, or another one of its id has come. */
  #holds(entry: Entry): boolean {
    const { id, ownerId } = entry.stream;
    return this.#entries.find(ownerId, id) === entry;
  }
}

/** Drops the oldest events of a stream until half of its bytes are left; what its reader has not read stays. */
function dropHalf(stream: ResumableStream): void {
  const numKept = stream.numBytes / 2;
  while (stream.numBytes > numKept && stream.tryDropFirst());
}
