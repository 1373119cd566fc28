import { groupOf } from '../../../fairness/client-id.ts';
import { PAGE_TOKENS } from '../../../pages.ts';
import type { RunQueue } from '../../../scheduler/admission/run-queue.ts';
import type { PageNode } from '../../../scheduler/pages/prefix-tree.ts';
import type { Sequence } from '../../../scheduler/sequence.ts';
import type { DiskCounts } from '../../disk-counts.ts';
import type { ToDisk } from './disk-protocol.ts';
import type { PageBuffers } from './page-buffers.ts';
import { LEAST_PAGES } from './page-saves.ts';
import type { StoredFile, StoredKeys } from './stored-keys.ts';

/** Of pages that are read and not in the cache yet, all sequences together. */
const MAX_READING_BYTES = 64 * 2 ** 20;
/** Clients whose pages are read at once: the sequences of others are computed. */
const MAX_LOADS = 8;
/** Sequences that wait for pages, of a client and of all: more are computed. */
const MAX_HELD_OF_CLIENT = 64;
const MAX_HELD = 256;
/** Longest that one waits behind others of its client. */
const MAX_HELD_MS = 2000;
/** By how much longer a load may take than to compute what it has brought, and a page more. */
const GRACE_MS = 500;
/** A disk that was too slow is not asked for so long. */
const PAUSE_MS = 30_000;

/** Whether pages come so slowly that they had better be computed. */
export const isTooSlow = (elapsedMs: number, numPages: number, msToComputePage: number): boolean =>
  elapsedMs > GRACE_MS + (numPages + 1) * msToComputePage;

/** A sequence that waits for its pages, and what happens then. */
interface Held {
  readonly sequence: Sequence;
  readonly release: () => void;
  readonly heldAtMs: number;
}

/** The pages of the first held sequence of a client, as they are read. */
interface Load extends Held {
  readonly files: readonly StoredFile[];
  readonly startedAtMs: number;
  /** Of the text's pages, how many the cache had. */
  readonly numBefore: number;
  /** The page that the next one follows. */
  parent: PageNode | undefined;
  numAsked: number;
  numArrived: number;
  numAdopted: number;
  /** Read, and not in the cache yet. */
  readonly arrived: Uint8Array<ArrayBuffer>[];
  /** No further page is there, or has room. */
  isCut: boolean;
}

export interface PageLoadsOptions {
  readonly keys: StoredKeys;
  readonly buffers: PageBuffers;
  readonly counts: DiskCounts;
  readonly queue: RunQueue;
  readonly send: (message: ToDisk) => void;
  /** Fills a page of the cache. */
  readonly writePage: (page: number, bytes: Uint8Array) => void;
  /** What a page of a prompt takes to be computed. */
  readonly msToComputePage: () => number;
  readonly onSlow: () => void;
  /** Milliseconds. */
  readonly now: () => number;
}

/**
 * Sequences whose beginning is on the disk and not in the cache. They are held until its pages are there, or until reading
 * them takes longer than computing them would. Of a client one is loaded at a time, and those behind it often find its
 * pages.
 */
export class PageLoads {
  readonly #options: PageLoadsOptions;
  /** By client. */
  readonly #held = new Map<string, Held[]>();
  readonly #loads = new Map<number, Load>();
  #numHeld = 0;
  #numReading = 0;
  #askAgainAt = 0;
  /** It was too slow, and owes pages still. */
  #isStuck = false;

  constructor(options: PageLoadsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#numHeld;
  }

  /** Whether pages can be put into the cache now. */
  get hasArrived(): boolean {
    return [...this.#loads.values()].some(({ arrived }) => arrived.length > 0);
  }

  /** Takes a sequence that had better wait for pages; false where it had better not. `release` is called once. */
  hold(sequence: Sequence, release: () => void): boolean {
    const { counts, now } = this.#options;
    const found = this.#filesFor(sequence);
    counts.numMissedPages += found.numLacking - found.files.length;
    if (found.files.length === 0) return false;
    const client = groupOf(sequence.clientId);
    const ofClient = this.#held.get(client) ?? [];
    const isFull =
      this.#numHeld >= MAX_HELD ||
      ofClient.length >= MAX_HELD_OF_CLIENT ||
      (ofClient.length === 0 && this.#held.size >= MAX_LOADS);
    if (isFull || this.#isPaused()) {
      counts.numMissedPages += found.files.length;
      return false;
    }
    ofClient.push({ sequence, release, heldAtMs: now() });
    this.#held.set(client, ofClient);
    this.#numHeld++;
    if (ofClient.length === 1) this.#startNext(client);
    return true;
  }

  #isPaused(): boolean {
    return this.#isStuck || this.#options.now() < this.#askAgainAt;
  }

  /** A sequence is cancelled; false where it is not here. Its `release` is not called. */
  drop(sequenceId: number): boolean {
    for (const [client, ofClient] of this.#held) {
      const index = ofClient.findIndex(({ sequence }) => sequence.id === sequenceId);
      if (index === -1) continue;
      this.#take(client, index);
      if (index === 0) this.#startNext(client);
      return true;
    }
    return false;
  }

  /** Of a sequence's whole pages those that the disk has, behind those that the cache has. */
  #filesFor({ readsCache, tokenIds, cacheSalt }: Sequence): {
    files: StoredFile[];
    parent: PageNode | undefined;
    numBefore: number;
    numLacking: number;
  } {
    // The last token is always computed.
    const numWhole = Math.floor((tokenIds.length - 1) / PAGE_TOKENS);
    const { cache } = this.#options.queue;
    const match =
      readsCache && numWhole >= LEAST_PAGES
        ? cache.find(tokenIds, tokenIds.length - 1, cacheSalt)
        : undefined;
    if (match === undefined) return { files: [], parent: undefined, numBefore: 0, numLacking: 0 };
    const numBefore = match.nodes.length;
    const parent = match.nodes.at(-1);
    const files = [
      ...this.#options.keys.following(parent, cacheSalt, wholePages(tokenIds, numBefore, numWhole)),
    ];
    return { files, parent, numBefore, numLacking: numWhole - numBefore };
  }

  /** Loads the first of a client's sequences; those that need nothing any more go on at once. */
  #startNext(client: string): void {
    for (;;) {
      const first = this.#held.get(client)?.[0];
      if (first === undefined) return;
      const { files, parent, numBefore } = this.#filesFor(first.sequence);
      if (files.length > 0 && !this.#isPaused()) {
        const counters = { numAsked: 0, numArrived: 0, numAdopted: 0, isCut: false };
        const startedAtMs = this.#options.now();
        this.#loads.set(first.sequence.id, {
          ...counters,
          ...first,
          files,
          startedAtMs,
          parent,
          numBefore,
          arrived: [],
        });
        this.#ask();
        return;
      }
      this.#take(client, 0)?.release();
    }
  }

  /** Takes a held sequence out, and its load. */
  #take(client: string, index: number): Held | undefined {
    const ofClient = this.#held.get(client);
    const [held] = ofClient?.splice(index, 1) ?? [];
    if (ofClient === undefined || held === undefined) return undefined;
    if (ofClient.length === 0) this.#held.delete(client);
    this.#numHeld--;
    const load = this.#loads.get(held.sequence.id);
    if (load === undefined) return held;
    this.#loads.delete(held.sequence.id);
    this.#options.counts.numMissedPages += load.files.length - load.numAdopted;
    for (const bytes of load.arrived) this.#recycle(bytes);
    return held;
  }

  #recycle(bytes: Uint8Array<ArrayBuffer>): void {
    if (--this.#numReading === 0) this.#isStuck = false;
    this.#options.buffers.give(bytes);
  }

  /** Asks the disk for pages, the loads in turns, as far as there is room for them. */
  #ask(): void {
    const { buffers, send } = this.#options;
    const most = Math.max(Math.floor(MAX_READING_BYTES / buffers.pageBytes), 1);
    for (let hasAsked = true; hasAsked;) {
      hasAsked = false;
      for (const [id, load] of this.#loads) {
        const file = load.files[load.numAsked];
        if (load.isCut || file === undefined || this.#numReading >= most) continue;
        load.numAsked++;
        this.#numReading++;
        send({ type: 'read', load: id, name: file.name, bytes: buffers.take() });
        hasAsked = true;
      }
    }
  }

  /** The disk has read a page, or has it not. */
  read(id: number, isThere: boolean, bytes: Uint8Array<ArrayBuffer>): void {
    const load = this.#loads.get(id);
    if (load === undefined || load.isCut || !isThere) {
      this.#recycle(bytes);
      if (load !== undefined) load.isCut = true;
      return;
    }
    load.numArrived++;
    load.arrived.push(bytes);
  }

  /** Puts pages that were read into the cache until the time is up, a page at least, and lets go who has waited enough. */
  tend(untilMs: number): void {
    const { now } = this.#options;
    do {
      if (!this.#adoptOne()) break;
    } while (now() < untilMs);
    for (const load of [...this.#loads.values()]) {
      const isDone = load.numAdopted === load.files.length || (load.isCut && load.arrived.length === 0);
      if (isDone || this.#isLate(load)) this.#end(load);
    }
    this.#releaseLate();
    this.#ask();
  }

  /** Those that have stood behind others of their client for too long. */
  #releaseLate(): void {
    const { now } = this.#options;
    for (const [client, ofClient] of this.#held) {
      const late = ofClient.filter(
        ({ sequence, heldAtMs }) => !this.#loads.has(sequence.id) && now() - heldAtMs > MAX_HELD_MS,
      );
      for (const held of late) this.#take(client, ofClient.indexOf(held))?.release();
    }
  }

  #adoptOne(): boolean {
    const { queue, writePage, counts } = this.#options;
    const load = [...this.#loads.values()].find(({ arrived }) => arrived.length > 0);
    const bytes = load?.arrived.shift();
    if (load === undefined || bytes === undefined) return false;
    // The next turn is another's.
    this.#loads.delete(load.sequence.id);
    this.#loads.set(load.sequence.id, load);
    const { sequence, parent, numBefore, numAdopted } = load;
    const start = (numBefore + numAdopted) * PAGE_TOKENS;
    const tokenIds = sequence.tokenIds.slice(start, start + PAGE_TOKENS);
    const adopted = queue.cache.adopt(parent, tokenIds, sequence.cacheSalt);
    if (adopted === undefined) {
      // There is no room for more, or what went before had to go.
      for (const further of load.arrived.splice(0)) this.#recycle(further);
      load.isCut = true;
    } else {
      if (adopted.isNew) {
        queue.changes.filled([adopted.node.page]);
        writePage(adopted.node.page, bytes);
      }
      counts.numHitPages++;
      load.parent = adopted.node;
      load.numAdopted++;
    }
    this.#recycle(bytes);
    return true;
  }

  #isLate(load: Load): boolean {
    const { now, msToComputePage, onSlow } = this.#options;
    if (!isTooSlow(now() - load.startedAtMs, load.numAdopted, msToComputePage())) return false;
    // What has not come is the disk's fault.
    if (load.numArrived < load.numAsked && !this.#isPaused()) {
      this.#askAgainAt = now() + PAUSE_MS;
      this.#isStuck = true;
      onSlow();
    }
    return true;
  }

  #end({ sequence }: Load): void {
    // It is the first of its client.
    const client = groupOf(sequence.clientId);
    this.#take(client, 0)?.release();
    this.#startNext(client);
  }

  /** The disk is gone: all go on without it. */
  clear(): void {
    this.#askAgainAt = Infinity;
    for (const load of [...this.#loads.values()]) this.#end(load);
  }
}

function* wholePages(tokenIds: readonly number[], first: number, end: number): Generator<readonly number[]> {
  for (let page = first; page < end; page++)
    yield tokenIds.slice(page * PAGE_TOKENS, (page + 1) * PAGE_TOKENS);
}
