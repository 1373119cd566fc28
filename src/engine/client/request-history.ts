import type { RequestRecord } from '../engine.ts';

const MAX_RECORDS = 1000;
const KEPT_MS = 10 * 60_000;

/** Records of ended requests, for a while: usage and cause outlive a client that hung up. */
export class RequestHistory {
  readonly #records = new Map<string, { record: RequestRecord; endedAt: number }>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Oldest first in the map, since what is added again moves to the end. Clients choose ids: each has its own. */
  add(record: RequestRecord): void {
    const key = keyOf(record.id, record.ownerId);
    this.#records.delete(key);
    this.#records.set(key, { record, endedAt: this.#now() });
    for (const [oldest, { endedAt }] of this.#records) {
      if (this.#records.size <= MAX_RECORDS && this.#now() - endedAt < KEPT_MS) break;
      this.#records.delete(oldest);
    }
  }

  /** Without an owner: the one that ended last of all owners'. */
  find(id: string, ownerId?: string): RequestRecord | undefined {
    const entry =
      ownerId === undefined
        ? [...this.#records.values()].findLast(({ record }) => record.id === id)
        : this.#records.get(keyOf(id, ownerId));
    return entry !== undefined && this.#now() - entry.endedAt < KEPT_MS ? entry.record : undefined;
  }
}

/** An id has no space in it. */
const keyOf = (id: string, ownerId: string): string => `${id} ${ownerId}`;
