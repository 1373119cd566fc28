import TinyQueue from 'tinyqueue';
import { groupOf } from '../client-id.ts';
import { FairPlaces } from '../engine/client/fair-places.ts';
import { EngineError } from '../errors.ts';
import { ResumableStream, type StreamHost } from './resumable-stream.ts';

/** What a stream counts as before it has an event: the object itself, and that it does not end up with next to none. */
const STREAM_BYTES = 16_384;
/** Most bytes of one stream; beyond it its oldest events are dropped. */
const MAX_STREAM_BYTES = 2 ** 20;
/** There are never more streams that run than have so many bytes each, on average. */
const BYTES_OF_RUNNING_STREAM = 2 ** 16;
/** Share of the pool that is freed when it is full, so that it is not done for each event. */
const FREED_AT_ONCE = 1 / 16;
/** Streams of one group (src/client-id.ts) that go on without a reader. */
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
  numBytes: number;
  timer: NodeJS.Timeout | undefined;
}

/** The streams of a group, in the order in which they came. */
interface Group {
  numBytes: number;
  readonly ended: Entry[];
  readonly running: Entry[];
}

/**
 * The streams that can be resumed, and the bounds on them. All take their memory from one pool. When it is full, the
 * group that takes most of it loses first: of its streams that have ended the one that came first, else the oldest events
 * of its largest one. So a group alone may have all of the pool, and n groups have at least an n-th of it each.
 */
export class StreamStore {
  readonly #options: StreamStoreOptions;
  /** By owner and id; those that came first stand first. */
  readonly #entries = new Map<string, Entry>();
  readonly #running = new FairPlaces();
  /** Those that go on without a reader; the one that lost its reader first stands first. */
  readonly #unread = new Set<Entry>();
  #numBytes = 0;

  constructor(options: StreamStoreOptions) {
    this.#options = options;
  }

  get numStreams(): number {
    return this.#entries.size;
  }

  /** What all of them count as. */
  get numBytes(): number {
    return this.#numBytes;
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
    const key = keyOf(owner.id, owner.ownerId);
    this.#forget(key);
    this.#running.take(owner.clientId, 1);
    const entry: Entry = {
      stream: new ResumableStream(
        owner,
        Math.min(MAX_STREAM_BYTES, maxBytes),
        this.#hostOf(() => entry),
      ),
      numBytes: 0,
      timer: undefined,
    };
    this.#entries.set(key, entry);
    this.#resize(entry, STREAM_BYTES);
    return entry.stream;
  }

  /** An owner's stream; without an owner the one that came last of all owners'. */
  find(id: string, ownerId?: string): ResumableStream | undefined {
    if (ownerId !== undefined) return this.#entries.get(keyOf(id, ownerId))?.stream;
    return [...this.#entries.values()].findLast(({ stream }) => stream.id === id)?.stream;
  }

  /** Lets go of half of what it keeps. */
  release(): void {
    this.#makeRoom(this.#numBytes / 2);
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
        this.#setTimer(entry, () => this.#forget(keyOf(stream.id, stream.ownerId)));
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

  /** A reader that it has reads on what it has not read. */
  #forget(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    clearTimeout(entry.timer);
    this.#numBytes -= entry.numBytes;
    while (entry.stream.tryDropFirst());
  }

  #resize(entry: Entry, numBytes: number): void {
    const { id, ownerId } = entry.stream;
    if (this.#entries.get(keyOf(id, ownerId)) !== entry) return;
    entry.numBytes += numBytes;
    this.#numBytes += numBytes;
    if (this.#numBytes > this.#options.maxBytes) {
      this.#makeRoom(this.#options.maxBytes * (1 - FREED_AT_ONCE));
    }
  }

  /** What readers have not read stays, however much that is. */
  #makeRoom(numWanted: number): void {
    const groups = new TinyQueue(this.#byGroup(), (one, other) => other.numBytes - one.numBytes);
    while (this.#numBytes > numWanted) {
      const heaviest = groups.pop();
      if (heaviest === undefined) return;
      const numFreed = this.#relieve(heaviest);
      if (numFreed === 0) continue;
      heaviest.numBytes -= numFreed;
      groups.push(heaviest);
    }
  }

  #byGroup(): Group[] {
    const groups = new Map<string, Group>();
    for (const entry of this.#entries.values()) {
      const id = groupOf(entry.stream.clientId);
      const group = groups.get(id) ?? { numBytes: 0, ended: [], running: [] };
      groups.set(id, group);
      group.numBytes += entry.numBytes;
      (entry.stream.isEnded ? group.ended : group.running).push(entry);
    }
    return [...groups.values()];
  }

  /** Bytes that a group gave up: its oldest stream that has ended, else half of its largest one; 0 if it has nothing. */
  #relieve({ ended, running }: Group): number {
    const numBytes = this.#numBytes;
    const oldest = ended.shift();
    if (oldest !== undefined) this.#forget(keyOf(oldest.stream.id, oldest.stream.ownerId));
    else {
      for (const { stream } of running.toSorted((one, other) => other.numBytes - one.numBytes)) {
        const numKept = stream.numBytes / 2;
        while (stream.numBytes > numKept && stream.tryDropFirst());
        if (this.#numBytes < numBytes) break;
      }
    }
    return numBytes - this.#numBytes;
  }
}

/** An id has no space in it. */
const keyOf = (id: string, ownerId: string): string => `${id} ${ownerId}`;
