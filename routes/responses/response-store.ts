import { fromBodyId } from '../../src/http/request-id.ts';
import type { ResponseBody } from './schemas/response-body.ts';
import type { StoredItem } from './schemas/response-items.ts';
import { requestIdOfItem } from './schemas/stored-items.ts';
import { numBytesOf, type Turn } from './schemas/turn.ts';

/** How much is kept, of all owners together, and for how long. */
export interface ResponseStoreLimits {
  maxResponses: number;
  maxBytes: number;
  /** After the last use. */
  keptMs: number;
}

const DEFAULT_LIMITS: ResponseStoreLimits = {
  maxResponses: 4096,
  maxBytes: 64 * 2 ** 20,
  keptMs: 60 * 60_000,
};

/** A response that is still being made. */
export interface RunningResponse {
  /** The response as it stands. */
  snapshot(): ResponseBody;
  cancel(): void;
}

export interface StoredResponse {
  readonly body: ResponseBody;
  /** The request's own input, after the turns before it. */
  readonly input: Turn;
  /** What the output adds to it. */
  readonly output: Turn;
}

interface Entry {
  readonly response: StoredResponse;
  /** Of what is not in a turn: what the request asked for. */
  readonly numBytes: number;
  usedAt: number;
}

/** What one owner keeps. */
class Shelf {
  /** By the id of the request; the one that was used last is last. */
  readonly entries = new Map<string, Entry>();
  numBytes = 0;
  /** How many entries, and turns that follow it, hold on to a turn. */
  readonly #numHolders = new Map<Turn, number>();

  add(requestId: string, entry: Entry): void {
    this.entries.set(requestId, entry);
    this.numBytes += entry.numBytes;
    for (let turn: Turn | undefined = entry.response.output; turn !== undefined; turn = turn.before) {
      const numHolders = this.#numHolders.get(turn) ?? 0;
      this.#numHolders.set(turn, numHolders + 1);
      if (numHolders > 0) return;
      this.numBytes += turn.numBytes;
    }
  }

  /** Turns that other entries follow stay. */
  remove(requestId: string, entry: Entry): void {
    this.entries.delete(requestId);
    this.numBytes -= entry.numBytes;
    for (let turn: Turn | undefined = entry.response.output; turn !== undefined; turn = turn.before) {
      const numHolders = (this.#numHolders.get(turn) ?? 0) - 1;
      if (numHolders > 0) {
        this.#numHolders.set(turn, numHolders);
        return;
      }
      this.#numHolders.delete(turn);
      this.numBytes -= turn.numBytes;
    }
  }
}

/**
 * The responses that requests asked to be kept, in memory (docs/decisions/0059-responses-are-kept-in-memory.md). Each
 * belongs to an owner, and no other sees it. Where there are too many, the owner that has most loses the one that was not
 * used for the longest: what one client keeps does not push out what others keep.
 */
export class ResponseStore {
  readonly #limits: ResponseStoreLimits;
  readonly #now: () => number;
  readonly #shelves = new Map<string, Shelf>();
  readonly #running = new Map<string, RunningResponse>();

  constructor(limits: ResponseStoreLimits = DEFAULT_LIMITS, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Knows a response while it is made. Returns what ends that. */
  run(ownerId: string, requestId: string, running: RunningResponse): () => void {
    const key = keyOf(ownerId, requestId);
    this.#running.set(key, running);
    return () => {
      if (this.#running.get(key) === running) this.#running.delete(key);
    };
  }

  running(ownerId: string, responseId: string): RunningResponse | undefined {
    return this.#running.get(keyOf(ownerId, fromBodyId(responseId)));
  }

  /** Keeps a response. One that its owner has under the same id, by an `x-request-id` of its own, is replaced. */
  keep(ownerId: string, requestId: string, response: StoredResponse): void {
    this.delete(ownerId, requestId);
    const shelf = this.#shelves.get(ownerId) ?? new Shelf();
    this.#shelves.set(ownerId, shelf);
    // The output is a turn, and counts there.
    const numBytes = numBytesOf({ ...response.body, output: [] });
    shelf.add(requestId, { response, numBytes, usedAt: this.#now() });
    this.#dropOld();
    const { maxResponses, maxBytes } = this.#limits;
    this.#dropBeyond(maxResponses, ({ entries }) => entries.size);
    this.#dropBeyond(maxBytes, (one) => one.numBytes);
  }

  /** An owner's response. Asking for it counts as a use. */
  find(ownerId: string, responseId: string): StoredResponse | undefined {
    this.#dropOld();
    const requestId = fromBodyId(responseId);
    const entries = this.#shelves.get(ownerId)?.entries;
    const entry = entries?.get(requestId);
    if (entries === undefined || entry === undefined) return undefined;
    entry.usedAt = this.#now();
    entries.delete(requestId);
    entries.set(requestId, entry);
    return entry.response;
  }

  /** An item of one of an owner's responses, of its input or its output. */
  findItem(ownerId: string, itemId: string): StoredItem | undefined {
    const requestId = requestIdOfItem(itemId);
    const response = requestId === undefined ? undefined : this.find(ownerId, requestId);
    const items = [...(response?.input.items ?? []), ...(response?.output.items ?? [])];
    return items.find(({ id }) => id === itemId);
  }

  /** False where there was none. The conversations that go on from it stay whole. */
  delete(ownerId: string, responseId: string): boolean {
    const requestId = fromBodyId(responseId);
    const shelf = this.#shelves.get(ownerId);
    const entry = shelf?.entries.get(requestId);
    if (shelf === undefined || entry === undefined) return false;
    shelf.remove(requestId, entry);
    if (shelf.entries.size === 0) this.#shelves.delete(ownerId);
    return true;
  }

  /** Lets go of half of what it keeps, of the owners that have most. */
  release(): void {
    const numBytes = [...this.#shelves.values()].reduce((sum, shelf) => sum + shelf.numBytes, 0);
    this.#dropBeyond(numBytes / 2, (one) => one.numBytes);
  }

  /** The oldest of each owner is its first. */
  #dropOld(): void {
    for (const [ownerId, { entries }] of this.#shelves) {
      for (const [requestId, { usedAt }] of entries) {
        if (this.#now() - usedAt < this.#limits.keptMs) break;
        this.delete(ownerId, requestId);
      }
    }
  }

  #dropBeyond(limit: number, sizeOf: (shelf: Shelf) => number): void {
    let total = [...this.#shelves.values()].reduce((sum, shelf) => sum + sizeOf(shelf), 0);
    while (total > limit) {
      const [ownerId, largest] = [...this.#shelves].reduce((most, one) =>
        sizeOf(one[1]) > sizeOf(most[1]) ? one : most,
      );
      const before = sizeOf(largest);
      const [oldest = ''] = largest.entries.keys();
      this.delete(ownerId, oldest);
      total -= before - sizeOf(largest);
    }
  }
}

/** An id has no space in it. */
const keyOf = (ownerId: string, requestId: string): string => `${requestId} ${ownerId}`;
